from itertools import pairwise

import pytest

from tests.trainables.outcomes import keys, trained
from trainables.trial import run_trial


@pytest.fixture
def heard():
    return []


def listener(heard):
    return lambda target, part, outcome: heard.append((target, part, outcome))


def test_a_trial_reports_after_every_target_in_the_trials_order(trial, store, heard):
    outcome = run_trial(trial, store, on_partial=listener(heard))
    targets = [stage.task for stage in trial.targets]
    assert [(target, part) for target, part, _ in heard] == [(target, 1.0) for target in targets]
    partials = [partial for _, _, partial in heard]
    assert [list(each.transfer.scores) for each in partials] == [targets[: n + 1] for n, _ in enumerate(targets)]
    assert partials[-1].transfer == outcome.transfer
    for before, after in pairwise(partials):
        assert after.transfer.restrict_to(before.transfer.scores) == before.transfer
        assert keys(after)[: len(keys(before))] == keys(before)


def test_reports_within_a_target_change_no_bit(trial, store, heard):
    plain = run_trial(trial, None)
    looked = run_trial(trial, None, on_partial=listener(heard), parts=3)
    assert looked.transfer == plain.transfer
    trained_targets = [stage.task for stage in trial.targets if stage.steps]
    told = [(target, part) for target, part, _ in heard if part < 1]
    assert told == [(target, pytest.approx(part / 3)) for target in trained_targets for part in (1, 2)]
    _, _, first = heard[0]
    assert list(first.transfer.scores) == trained_targets[:1]
    assert first.transfer.scores[trained_targets[0]]["dev"]
    (running,) = [stage for stage in first.stages if stage.target]
    assert running.trained and not running.whole and running.seconds > 0
    assert running.environment == looked.stages[-1].environment != {}
    assert all(stage.whole for stage in looked.stages)


def test_a_target_that_the_store_has_makes_one_report(trial, store, heard):
    run_trial(trial, store, on_partial=listener(heard), parts=2)
    again = []
    run_trial(trial, store, on_partial=listener(again), parts=2)
    assert [told[:2] for told in again] == [told[:2] for told in heard if told[1] == 1]
    assert not any(trained(again[-1][2]))


def test_a_trial_that_is_ended_by_its_listener_leaves_what_it_trained_and_no_claim(trial, store):
    def stop(target, part, outcome):
        raise SystemExit

    with pytest.raises(SystemExit):
        run_trial(trial, store, on_partial=stop, parts=2)
    outcome = run_trial(trial, store)
    assert trained(outcome)[: len(trial.curriculum)] == [False] * len(trial.curriculum)
    assert outcome.transfer == run_trial(trial, None).transfer
