"""Few-shot continuations in whole trials of a tiny encoder."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from trainables.few_shot import FewShot
from trainables.outcome import Outcome
from trainables.tasks import get_task_kind
from trainables.trial import run_trial

BOTH = FewShot(settings=((("de", 4), ("sw", 4)), (("de", 8), ("sw", 8))), apart=False, epochs=2)
NAMED = FewShot(settings=((("sw", 8),),), apart=True, epochs=2)


@pytest.fixture
def choice(trial):
    """The trial with its trained target alone."""
    return replace(trial, targets=tuple(stage for stage in trial.targets if stage.steps)[:1])


def ways(outcome: Outcome) -> list[bool]:
    return [run.trained for run in outcome.all_stages]


def test_numbers_of_rows_leave_zero_shot_transfer_as_it_is(choice, store):
    plain = run_trial(choice, None)
    outcome = run_trial(replace(choice, few_shot=BOTH), store)
    assert outcome.transfer.scores == plain.transfer.scores
    assert outcome.stages[-1].key == run_trial(choice, store).stages[-1].key
    (target,) = outcome.transfer.few_shot
    assert list(outcome.transfer.few_shot[target]) == ["0", "4", "8"]
    assert set(outcome.transfer.few_shot[target]["8"]["dev"]) == {"de", "sw"}
    assert [run.shots for run in outcome.few_shot_stages] == [{"de": 4, "sw": 4}, {"de": 8, "sw": 8}]
    zero = outcome.transfer.few_shot[target]["0"]["dev"]
    assert zero == {code: outcome.transfer.scores[target]["dev"][code] for code in ("de", "sw")}


def test_named_languages_are_in_no_zero_shot_mean(choice, store):
    plain, outcome = run_trial(choice, store), run_trial(replace(choice, few_shot=NAMED), store)
    (target,) = outcome.transfer.scores
    assert "sw" not in outcome.transfer.scores[target]["dev"]
    assert "Niger-Congo" not in outcome.transfer.families(target)
    assert outcome.transfer.few_shot[target]["0"]["dev"]["sw"] == plain.transfer.scores[target]["dev"]["sw"]
    assert outcome.transfer.mean() == pytest.approx(outcome.transfer.families(target)["Indo-European"])


def test_the_source_stage_is_shared_and_nothing_is_trained_twice(choice, store):
    run_trial(choice, store)
    asked = replace(choice, few_shot=BOTH)
    count = len(choice.stages)
    assert ways(run_trial(asked, store)) == [False] * count + [True, True]
    assert ways(run_trial(asked, store)) == [False] * (count + 2)


def test_a_continuation_needs_the_source_weights_again_if_they_were_removed(choice, store):
    first = run_trial(choice, store)
    store.remove_weights(first.stages[-1].key)
    asked = run_trial(replace(choice, few_shot=NAMED), store)
    assert asked.transfer.few_shot == run_trial(replace(choice, few_shot=NAMED), None).transfer.few_shot


def test_an_outcome_reads_back_and_writes_nothing_where_nothing_is_used(choice):
    outcome = run_trial(replace(choice, few_shot=NAMED), None)
    assert Outcome.from_json(outcome.to_json()) == outcome
    plain = run_trial(choice, None).to_json()
    assert "few_shot_stages" not in plain
    assert "few_shot" not in plain["transfer"]


def test_test_rows_are_scored_as_well(choice):
    outcome = run_trial(replace(choice, few_shot=NAMED), None, splits=("dev", "test"))
    (target,) = outcome.transfer.few_shot
    assert set(outcome.transfer.few_shot[target]["8"]) == {"dev", "test"}


def test_a_pruned_trial_trains_no_continuation(choice):
    class StoppedError(Exception):
        pass

    def stop(task, part, outcome):
        assert not outcome.few_shot_stages
        raise StoppedError

    with pytest.raises(StoppedError):
        run_trial(replace(choice, few_shot=BOTH), None, on_partial=stop)


def test_regression_goes_on_from_standardised_outputs(encoder):
    kind = get_task_kind("regression").fit_labels([{"label": 10.0}, {"label": 30.0}])
    model = kind.build_model(deepcopy(encoder.config), ())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    after = kind.resume_training(kind.finish_training(model)).state_dict()
    assert all(torch.allclose(after[name], value) for name, value in before.items())
