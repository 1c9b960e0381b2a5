from collections import Counter
from itertools import pairwise

import pytest
from optuna.trial import FixedTrial

from search.space import (
    CurriculumSpace,
    count_design_trials,
    explain_incomplete_design,
    find_nearest_parameters,
    iterate_design,
)
from search.space._order_design import build_williams_square
from tests.search.space.test_space import SPACES, every_trial


@pytest.mark.parametrize("count", range(2, 8))
def test_every_task_is_as_often_at_each_place_and_after_each_other(count):
    tasks = [chr(ord("a") + n) for n in range(count)]
    rows = build_williams_square(tasks)
    assert len(rows) == count * (1 + count % 2)
    places = Counter((place, task) for row in rows for place, task in enumerate(row))
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert all(sorted(row) == tasks for row in rows)
    assert set(places.values()) == {1 + count % 2}
    assert len(neighbours) == count * (count - 1) and set(neighbours.values()) == {1 + count % 2}


def test_one_task_has_one_order():
    assert build_williams_square(["a"]) == [["a"]]


def curricula(config):
    space = CurriculumSpace(config)
    return [
        " > ".join(stage.task for stage in space.suggest(FixedTrial(row)).curriculum) or "none"
        for row in iterate_design(space)
    ]


def test_the_full_design_is_the_whole_space(config):
    settings = config({"sampler": "orders", "curriculum.joint": True})
    space = CurriculumSpace(settings)
    trials = {space.suggest(FixedTrial(row)) for row in iterate_design(space)}
    assert trials == every_trial(space)
    assert space.count_trials() == len(trials) == len(list(iterate_design(space))) == count_design_trials(space)


def test_a_latin_design_has_none_singles_orders_and_the_mixed_tasks(config):
    settings = config({"sampler": "orders", "orders.design": "latin", "curriculum": {"max_length": 3, "joint": True}})
    found = curricula(settings)
    assert found[:4] == ["none", "facts", "dates", "facts_sw"]
    orders = [row.split(" > ") for row in found if row.count(" > ") == 2]
    assert sorted(orders) == sorted(build_williams_square(["facts", "dates", "facts_sw"]))
    assert found[-1] == "facts+dates+facts_sw"
    assert len(found) == len(set(found)) == 11


@pytest.mark.parametrize(("count", "longest"), [(4, 2), (5, 2), (5, 3), (6, 3)])
def test_a_latin_design_of_shorter_orders_has_every_pair_both_ways_round(config, count, longest):
    tasks = ["facts", "dates", "facts_sw", "initials", "names", "facts@100"][:count]
    changes = {"sampler": "orders", "orders.design": "latin", "intermediate": {task: {} for task in tasks}}
    found = curricula(config({**changes, "curriculum": {"max_length": longest, "joint": False}}))
    orders = [row.split(" > ") for row in found if row.count(" > ") == longest - 1]
    assert len(orders) == len({tuple(row) for row in orders})
    places = Counter((place, task) for row in orders for place, task in enumerate(row))
    assert len(places) == count * longest and len(set(places.values())) == 1
    neighbours = Counter(pair for row in orders for pair in pairwise(row))
    assert neighbours == Counter({(after, before): times for (before, after), times in neighbours.items()})


def test_a_search_may_go_on_with_another_sampler_than_orders_and_back(
    config, reopen, make_scheduler, failing_worker, curriculum_of
):
    def run(changes):
        worker = failing_worker()
        scheduler = make_scheduler(reopen(config({"finalists.top": 0, **changes})))
        worker.drive(scheduler)
        return [curriculum_of(trial) or "none" for trial in worker.trials], scheduler

    latin = {"sampler": "orders", "orders.design": "latin"}
    first, _ = run({"sampler": "random", "trials": 5})
    then, scheduler = run({**latin, "trials": 50})
    wanted = curricula(config(latin))
    assert set(wanted) <= {*first, *then} and not set(first) & set(then)
    assert scheduler.exhausted
    few, _ = run({"name": "few", **latin, "trials": 3})
    assert few == wanted[:3]
    more, _ = run({"name": "few", "sampler": "random", "trials": 6})
    assert len(more) == 3 and more != wanted[3:6]  # nothing of the design was left in the queue


def test_a_design_that_does_not_fit_is_told(config):
    assert explain_incomplete_design(config({"sampler": "orders", "trials": 9})) == (
        "trials: 9 of the 10 trials of the design; the design is balanced only when all are done"
    )
    assert (
        explain_incomplete_design(config({"sampler": "orders", "trials": 10}))
        == explain_incomplete_design(config({"trials": 9}))
        == ""
    )
    latin = config({"sampler": "orders", "orders.design": "latin", "trials": 5})
    assert count_design_trials(CurriculumSpace(latin)) == len(list(iterate_design(CurriculumSpace(latin))))


def test_orders_run_as_designed_and_all_of_them_are_repeated(config, reopen, make_scheduler, worker, curriculum_of):
    settings = config({"sampler": "orders", "trials": 50, "finalists": {"top": "all", "seeds": 2}})
    scheduler = make_scheduler(reopen(settings))
    worker.drive(scheduler)
    assert [curriculum_of(trial) or "none" for trial in worker.trials] == curricula(settings)
    assert scheduler.exhausted
    repeated = Counter(curriculum_of(job.trial) for job in worker.jobs if job.seed is not None)
    assert len(repeated) == 10 and set(repeated.values()) == {2}
    assert [job.seed for job in worker.jobs if job.seed is not None] == [1] * 10 + [2] * 10


def test_a_design_that_was_killed_goes_on_where_it_stopped(
    config, reopen, make_scheduler, worker, failing_worker, curriculum_of
):
    settings = config({"sampler": "orders", "trials": 50, "finalists.top": 0})
    first = failing_worker()
    scheduler = make_scheduler(reopen(settings))
    first.drive(scheduler, 4)
    scheduler.next_job()
    worker.drive(make_scheduler(reopen(settings)))
    names = [curriculum_of(trial) or "none" for trial in [*first.trials, *worker.trials]]
    assert Counter(names) == Counter(curricula(settings))


@pytest.mark.parametrize("changes", SPACES)
def test_every_trial_of_a_space_is_like_itself(config, changes):
    space = CurriculumSpace(config(changes))
    for trial in every_trial(space):
        parameters = find_nearest_parameters(space, trial)
        assert space.suggest(FixedTrial(parameters)) == trial


def test_a_trial_of_another_space_has_the_nearest_rates_or_none_is_like_it(config):
    there = CurriculumSpace(config({"space.learning_rate": {"low": 1e-5, "high": 1e-3, "points": 5}}))
    here = CurriculumSpace(config({"space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 2}}))
    trial = there.suggest(FixedTrial({"length": 1, "task.0": 1, "rate.0": 3}))
    assert [
        stage.learning_rate for stage in here.suggest(FixedTrial(find_nearest_parameters(here, trial))).curriculum
    ] == [1e-4]
    fewer = CurriculumSpace(config({"intermediate": {"facts": {}}, "curriculum.max_length": 1}))
    assert find_nearest_parameters(fewer, trial) is None
    shorter = CurriculumSpace(config({"curriculum.max_length": 1}))
    two = here.suggest(FixedTrial({"length": 2, "task.0": 0, "task.1": 0, "rate.0": 0, "rate.1": 0}))
    assert find_nearest_parameters(shorter, two) is None


def test_noise_of_another_space_is_the_nearest_there_is(config):
    noisy = {"methods": ["none", "random_perturbation", "r3f"], "magnitude": {"low": 0.1, "high": 0.4, "points": 3}}
    there = CurriculumSpace(config({"space.noise": noisy}))
    here = CurriculumSpace(
        config(
            {
                "space.noise": {
                    "methods": ["none", "random_perturbation"],
                    "magnitude": {"low": 0.2, "high": 0.8, "points": 2},
                }
            }
        )
    )
    asked = {"length": 1, "task.0": 0, "noise.0": "random_perturbation", "magnitude.0": 0}
    found = here.suggest(FixedTrial(find_nearest_parameters(here, there.suggest(FixedTrial(asked)))))
    assert str(found.curriculum[0].noise) == "random_perturbation 0.2"
    lost = here.suggest(
        FixedTrial(find_nearest_parameters(here, there.suggest(FixedTrial(asked | {"noise.0": "r3f"}))))
    )
    assert lost.curriculum[0].noise.method == "none"
