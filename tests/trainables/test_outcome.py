import json

import pytest

from trainables.outcome import MAX_LOSS_POINTS, Outcome, StageRun, summarise_losses
from trainables.transfer import Transfer

OUTCOME = Outcome(
    transfer=Transfer({"choice": {"dev": {"de": {"accuracy": 0.5}}}}, {"choice": "accuracy"}),
    stages=(
        StageRun(
            key="a",
            task="facts",
            target=False,
            trained=False,
            seconds=8.0,
            losses=[[5, 0.75], [10, 0.5]],
            retained={"facts": {"accuracy": 0.75}},
        ),
        StageRun(key="b", task="choice", target=True, trained=True, seconds=2.0),
    ),
    seconds=3.5,
    scoring_seconds=1.0,
)


def test_an_outcome_comes_back_from_json_as_it_was():
    assert Outcome.from_json(json.loads(json.dumps(OUTCOME.to_json()))) == OUTCOME


def test_trained_seconds_leave_out_what_the_store_had():
    assert OUTCOME.trained_seconds == 2.0


def test_asked_seconds_count_every_stage():
    assert OUTCOME.asked_seconds == 10.0


def test_an_outcome_from_before_losses_and_retention_were_told_is_read():
    document = OUTCOME.to_json()
    for stage in document["stages"]:
        del stage["losses"], stage["retained"]
    assert [(stage.losses, stage.retained) for stage in Outcome.from_json(document).stages] == [([], {}), ([], {})]


def test_losses_are_told_as_means_over_equal_runs_of_steps():
    assert summarise_losses([4.0, 2.0, 1.0, 0.0] * 10) == [[step, 3.0 if step % 4 else 0.5] for step in range(2, 41, 2)]


def test_few_losses_are_told_one_by_one_and_none_not_at_all():
    assert summarise_losses([0.5, 0.25]) == [[1, 0.5], [2, 0.25]]
    assert summarise_losses([]) == []


@pytest.mark.parametrize("steps", [19, 20, 21, 39, 110, 1_000])
def test_runs_of_steps_cover_all_and_differ_by_one_step_at_most(steps):
    ends = [int(step) for step, _ in summarise_losses([1.0] * steps)]
    assert len(ends) == min(MAX_LOSS_POINTS, steps) and ends[-1] == steps
    lengths = {end - start for start, end in zip([0, *ends], ends, strict=False)}
    assert max(lengths) - min(lengths) <= 1
