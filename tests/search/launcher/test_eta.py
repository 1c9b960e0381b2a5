"""What is left of a launch, on the stand-in: every stage takes two seconds, scoring a trial's two targets takes one."""

from datetime import UTC, datetime

import pytest

from search.launcher._eta import EtaEstimator
from search.space import iterate_stage_paths
from trainables.store import CPU_ARITHMETIC, StageEntry, build_stage_identity

DESIGN = {
    "sampler": "orders",
    "trials": 10,
    "resources.workers": 1,
    "finalists": {"top": 0},
    "training.target.steps": 100,
}
"""A step takes as long in every stage, so that one tells what others take."""


def estimate(study, scheduler, worker, entries=()) -> list[tuple[float | None, list]]:
    """What was left in seconds after each job, and the trials that were done by then."""
    estimator, estimates = EtaEstimator(scheduler, study, entries), []
    scheduler.listeners.append(lambda event: estimates.append((estimator.update(event), list(worker.trials))))
    worker.drive(scheduler)
    return estimates


def distinct(trials) -> set:
    return {path for trial in trials for path in iterate_stage_paths(trial)}


def test_stages_that_trials_share_are_counted_once(config, reopen, make_scheduler, worker):
    study = reopen(config(DESIGN))
    estimates = estimate(study, make_scheduler(study), worker)
    every = worker.trials
    for left, done in estimates:
        stages = len(distinct(every) - distinct(done))
        assert left == pytest.approx(2 * stages + 1 * (len(every) - len(done)))
    assert estimates[-1][0] == 0


def test_two_workers_take_half_the_time(config, reopen, make_scheduler, worker):
    study = reopen(config(DESIGN | {"name": "one"}))
    (alone, _), *_ = estimate(study, make_scheduler(study), worker)[1:]
    worker.jobs.clear()
    both = reopen(config(DESIGN | {"resources.workers": 2}))
    (together, _), *_ = estimate(both, make_scheduler(both), worker)[1:]
    assert alone / 2 <= together <= 0.7 * alone


def test_without_a_store_nothing_is_shared(config, reopen, make_scheduler, worker):
    study = reopen(config(DESIGN | {"store.enabled": False}))
    estimates = estimate(study, make_scheduler(study), worker)
    for left, done in estimates:
        trials = worker.trials[len(done) :]
        assert left == pytest.approx(sum(2 * len(list(iterate_stage_paths(trial))) + 1 for trial in trials))


def test_repeats_are_counted_with_both_splits(config, reopen, make_scheduler, worker):
    study = reopen(config({"trials": 2, "finalists": {"top": 1, "seeds": 2}, "resources.workers": 1}))
    estimates = estimate(study, make_scheduler(study), worker)
    assert len(estimates) == 2 + 2 * 2
    lefts = [left for left, _ in estimates]
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == 0
    assert lefts[1] >= 4 * (2 * 2 + 2)


def test_there_is_no_estimate_before_anything_was_trained(config, reopen, make_scheduler, failing_worker):
    study = reopen(config({"trials": 3, "finalists.top": 0}))
    worker = failing_worker(lambda job: job.number < 2)
    lefts = [left for left, _ in estimate(study, make_scheduler(study), worker)]
    assert lefts[:2] == [None, None]
    assert lefts[2] == 0


def entry(trial, seconds: float, encoder: str = "miniature") -> StageEntry:
    """The first target of a trial without intermediate stages as a store has it."""
    stage = trial.targets[0]
    return StageEntry(
        key="key",
        identity=build_stage_identity(stage, "root", "data", target=True, arithmetic=CPU_ARITHMETIC),
        path=(encoder, str(stage)),
        seconds=seconds,
        steps=stage.steps,
        made=datetime.now(UTC),
        bytes=7,
        files=(),
    )


def test_the_store_tells_what_stages_take_before_any_was_trained_here(config, reopen, make_scheduler, failing_worker):
    study = reopen(config(DESIGN))
    _, baseline = reopen(config(DESIGN | {"name": "other"})).ask()
    first = estimate(
        study, make_scheduler(study), failing_worker(lambda job: job.number == 0), [entry(baseline, 20.0)]
    )[0][0]
    assert first is not None and first > 20 * 9
    again = reopen(config(DESIGN | {"name": "third"}))
    worker = failing_worker(lambda job: job.number == 0)
    assert estimate(again, make_scheduler(again), worker, [entry(baseline, 20.0, "another")])[0][0] is None


def test_what_stages_take_here_counts_for_more_than_the_store(config, reopen, make_scheduler, worker):
    study = reopen(config(DESIGN))
    _, baseline = reopen(config(DESIGN | {"name": "other"})).ask()
    estimates = estimate(study, make_scheduler(study), worker, [entry(baseline, 2000.0)])
    assert estimates[1][0] is not None and estimates[1][0] < 100


def test_a_search_that_goes_on_counts_what_it_has(config, reopen, make_scheduler, worker):
    first = reopen(config(DESIGN))
    worker.drive(make_scheduler(first), most=6)
    done = list(worker.trials)
    study = reopen(config(DESIGN))
    estimates = estimate(study, make_scheduler(study), worker)
    assert len(estimates) == 4
    for left, trials in estimates[1:]:
        assert left == pytest.approx(
            2 * len(distinct(worker.trials) - distinct(trials)) + len(worker.trials) - len(trials)
        )
    assert set(done) <= set(worker.trials)
