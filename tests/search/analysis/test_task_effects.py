"""Effects of tasks on transfer, from results of searches that were never run."""

import numpy as np
import pytest

from search.analysis import estimate_task_effects
from tests.search.analysis import simulated

QUIET = simulated.Noise(**dict.fromkeys(("seed", "shared", "family", "language", "rest"), 0.0))
SINGLES = [(), ("facts",), ("dates",), ("names",)]
TASKS = {"facts": 0.1, "dates": -0.05, "names": 0.02}


def results(curricula: list[simulated.Curriculum], seeds: int, noise: simulated.Noise = QUIET) -> dict:
    def planted(curriculum: simulated.Curriculum) -> float:
        return sum(TASKS.get(task, 0.0) for stage in curriculum for task in stage.split("+"))

    return simulated.search(np.random.default_rng(0), curricula, seeds, planted, noise)


@pytest.mark.parametrize(("seeds", "basis"), [(0, "4 trials, dev, 1 seed"), (3, "4 trials, test, 3 seeds")])
def test_of_single_tasks_it_is_the_difference_from_the_baseline(seeds: int, basis: str):
    effects, told = estimate_task_effects(results(SINGLES, seeds))
    assert effects == pytest.approx(TASKS)
    assert told == basis


def test_of_longer_curricula_it_is_what_a_task_adds():
    curricula = [*SINGLES, ("facts", "dates"), ("dates", "names"), ("names", "facts")]
    assert estimate_task_effects(results(curricula, 2))[0] == pytest.approx(TASKS)


def test_what_no_two_trials_tell_apart_is_left_out():
    effects, _ = estimate_task_effects(results([(), ("names",), ("facts", "dates"), ("facts", "dates", "names")], 0))
    assert effects == pytest.approx({"names": 0.02})


def test_repeats_of_few_finalists_give_way_to_all_trials_on_one_seed():
    document = results(SINGLES, 2)
    for trial in document["trials"][2:]:
        trial["seeds"] = []
    effects, told = estimate_task_effects(document)
    assert effects == pytest.approx(TASKS)
    assert told == "4 trials, dev, 1 seed"


def test_without_trials_there_are_none():
    assert estimate_task_effects(results([], 0)) == ({}, "no complete trial")
