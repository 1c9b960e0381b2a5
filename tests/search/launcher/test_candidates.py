import math

import pytest
from optuna.trial import FixedTrial

from search.launcher._candidates import build_candidate
from search.space import CurriculumSpace, compute_path_signature, iterate_stage_paths


@pytest.fixture
def space(config) -> CurriculumSpace:
    noise = {"methods": ["none", "random_perturbation"], "magnitude": {"low": 0.1, "high": 0.2, "points": 2}}
    return CurriculumSpace(config({"space.noise": noise, "curriculum.joint": True}))


BOTH = {"length": 2, "joint": False, "task.0": 1, "task.1": 0, "noise.0": "none", "noise.1": "random_perturbation"}


def test_a_stage_is_seen_with_its_tasks_and_its_settings_on_even_scales(space):
    first, second = build_candidate(space.suggest(FixedTrial(BOTH | {"magnitude.1": 1}))).stages
    assert (first.tasks, second.tasks) == (("dates",), ("facts",))
    assert first.settings == {"rate": math.log(1e-3), "noise": "none"}
    assert second.settings == {"rate": math.log(1e-3), "noise": "random_perturbation", "magnitude": math.log(0.2)}


def test_a_joint_stage_is_one_stage_of_several_tasks(space):
    fixed = {"length": 2, "joint": True, "mixed.2": 0, "noise.0": "none"}
    (stage,) = build_candidate(space.suggest(FixedTrial(fixed))).stages
    assert set(stage.tasks) == {"facts", "dates"}


def test_what_a_trial_costs_is_told_by_what_decides_its_stages(space):
    fixed = BOTH | {"magnitude.1": 0}
    trial = space.suggest(FixedTrial(fixed))
    seen = build_candidate(space.suggest(FixedTrial(fixed)))
    assert [part for part, _ in seen.costs] == [
        compute_path_signature(path, path[-1] in trial.targets) for path in iterate_stage_paths(trial)
    ]
    # Two intermediate stages of 100 steps, two targets of 50.
    sizes = [cost for _, cost in seen.costs]
    assert sizes == [2 * sizes[-1], 2 * sizes[-1], sizes[-1], sizes[-1]]


def test_trials_that_begin_alike_share_what_they_cost(space):
    one = build_candidate(space.suggest(FixedTrial(BOTH | {"magnitude.1": 0})))
    other = build_candidate(space.suggest(FixedTrial(BOTH | {"magnitude.1": 1})))
    shared = {part for part, _ in one.costs} & {part for part, _ in other.costs}
    assert shared == {one.costs[0][0]}


def test_stages_that_the_store_has_cost_a_search_nothing(config, reopen):
    study = reopen(config({"sampler": "curriculum"}))
    sampler = study.proposer.build_study([]).sampler
    assert set(sampler.trained_parts()) == set()
    study.list_stored_paths = lambda: {("a stage",)}
    assert set(sampler.trained_parts()) == {("a stage",)}
