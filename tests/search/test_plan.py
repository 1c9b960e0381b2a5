import json

import pytest

from search.plan import plan


def test_a_plan_of_the_whole_space_shares_what_can_be_shared(config):
    """Ten trials: 1 empty, 3 of one stage, 6 of two; two targets each."""
    foreseen = plan(config({"trials": 10}), None)
    assert (foreseen.space, foreseen.trials) == (10, 10)
    assert foreseen.stages_asked == 10 * 2 + 3 * 1 + 6 * 2
    assert foreseen.stages_distinct == 10 * 2 + 3 + 6
    assert foreseen.steps_asked == 10 * 2 * 50 + (3 + 12) * 100
    assert foreseen.steps_distinct == 10 * 2 * 50 + (3 + 6) * 100


def test_a_plan_runs_no_more_trials_than_the_space_holds(config):
    foreseen = plan(config({"trials": 10_000}), None)
    assert foreseen.trials == foreseen.space == 10


def test_a_plan_of_one_trial_is_the_baseline(config):
    foreseen = plan(config({"trials": 1}), None)
    assert (foreseen.stages_asked, foreseen.stages_distinct, foreseen.steps_asked) == (2, 2, 100)


@pytest.mark.parametrize(
    ("top", "seeds", "trials", "repeats"), [(2, 3, 6, 9), (0, 3, 6, 0), (2, 0, 6, 0), (5, 3, 2, 6), (1, 1, 1, 1)]
)
def test_finalists_and_the_baseline_are_repeated_on_each_seed(config, top, seeds, trials, repeats):
    assert plan(config({"finalists": {"top": top, "seeds": seeds}, "trials": trials}), None).repeats == repeats


def test_without_a_trained_stage_the_cost_is_unknown(config, tmp_path):
    assert plan(config(), None).seconds is None
    assert plan(config(), tmp_path / "stages").seconds is None


def test_the_cost_is_what_steps_cost_before_repeats_included(config, tmp_path):
    for key, seconds, steps in (("a", 10.0, 100), ("b", 30.0, 100), ("scored", 0.0, 0)):
        (tmp_path / key).mkdir()
        (tmp_path / key / "stage.json").write_text(json.dumps({"seconds": seconds, "losses": [1.0] * steps}))
    (tmp_path / "unfinished").mkdir()
    foreseen = plan(config({"trials": 1, "finalists": {"top": 1, "seeds": 2}}), tmp_path)
    assert foreseen.seconds == pytest.approx(3 * 100 * 0.2)


def test_the_languages_are_those_that_are_scored(config):
    assert plan(config(), None).languages == 5
    assert plan(config({"languages": None}), None).languages == 49


def test_a_plan_is_the_same_each_time(config):
    settings = config({"curriculum.joint": True, "space.learning_rate": {"low": 1e-4, "high": 1e-3}})
    assert plan(settings, None) == plan(settings, None)


def test_a_plan_speaks_json(config):
    foreseen = plan(config(), None)
    assert json.loads(json.dumps(foreseen.to_json()))["stages_distinct"] == foreseen.stages_distinct
