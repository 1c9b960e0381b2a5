import itertools

import pytest

from search.study import select_finalists
from tests.search.conftest import worth


def test_a_launch_runs_its_trials_and_then_its_finalists(config, reopen, make_scheduler, worker):
    study = reopen(config())
    worker.drive(make_scheduler(study))
    assert [job.seed for job in worker.jobs[:6]] == [None] * 6
    assert len(worker.jobs) == 6 + 3 * len(select_finalists(study.get_complete_trials(), study.config))
    assert len(study.get_complete_trials()) == 6


def test_trials_are_scored_on_dev_and_finalists_on_test_too(config, reopen, make_scheduler, worker):
    worker.drive(make_scheduler(reopen(config())))
    assert {job.splits for job in worker.jobs if job.seed is None} == {("dev",)}
    assert {job.splits for job in worker.jobs if job.seed is not None} == {("dev", "test")}


@pytest.mark.parametrize("sampler", ["curriculum", "tpe", "gp", "random"])
def test_a_search_of_the_whole_space_finds_the_optimum(
    config, reopen, make_scheduler, worker, optimum, curriculum_of, sampler
):
    study = reopen(config({"trials": 10, "sampler": sampler}))
    worker.drive(make_scheduler(study))
    assert curriculum_of(study.get_complete_trials()[0].trial) == optimum


def test_no_trial_runs_twice(config, reopen, make_scheduler, worker):
    worker.drive(make_scheduler(reopen(config({"trials": 9}))))
    assert len(set(worker.trials)) == len(worker.trials) == 9


def test_finalists_run_seed_by_seed_on_seeds_the_search_did_not_use(config, reopen, make_scheduler, worker):
    study = reopen(config({"seed": 10}))
    worker.drive(make_scheduler(study))
    repeats = [job for job in worker.jobs if job.seed is not None]
    chosen = [record.number for record in select_finalists(study.get_complete_trials(), study.config)]
    assert [(job.seed, job.number) for job in repeats] == list(itertools.product([11, 12, 13], chosen))
    assert all({stage.seed for stage in (*job.trial.curriculum, *job.trial.targets)} == {job.seed} for job in repeats)


def test_finalists_wait_for_the_last_trial(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config({"trials": 2})))
    first, second = scheduler.next_job(), scheduler.next_job()
    assert scheduler.next_job() is None
    worker.do(scheduler, first)
    assert scheduler.next_job() is None
    assert not scheduler.is_done
    worker.do(scheduler, second)
    assert scheduler.next_job().seed == 1


def test_without_finalists_a_launch_ends_with_its_trials(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config({"finalists.top": 0})))
    worker.drive(scheduler)
    assert len(worker.jobs) == 6
    assert scheduler.is_done


def test_without_seeds_nothing_is_repeated(config, reopen, make_scheduler, worker):
    worker.drive(make_scheduler(reopen(config({"finalists.seeds": 0}))))
    assert len(worker.jobs) == 6


def test_a_space_that_is_used_up_ends_the_search_with_every_trial_tried_once(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config({"curriculum.max_length": 1, "trials": 50})))
    worker.drive(scheduler)
    assert scheduler.exhausted
    assert len(set(worker.trials)) == len(worker.trials) == 4
    assert len(worker.jobs) == 4 + 3 * 3
    assert scheduler.is_done
    assert scheduler.pending_jobs == 0


def test_as_many_trials_as_the_space_holds_are_all_tried(config, reopen, make_scheduler, worker):
    for seed in range(5):
        study = reopen(config({"name": f"s{seed}", "seed": seed, "trials": 10, "finalists.top": 0}))
        worker.drive(make_scheduler(study))
        assert len(study.get_complete_trials()) == 10


def test_a_killed_launch_goes_on_where_it_stopped(config, reopen, make_scheduler, worker, failing_worker):
    study = reopen(config())
    first = make_scheduler(study)
    worker.drive(first, most=3)
    left = [first.next_job(), first.next_job()]
    done = {record.number: record for record in study.get_complete_trials()}

    study = reopen(config())
    again = failing_worker()
    again.drive(make_scheduler(study))
    assert again.trials[:2] == [job.trial for job in left]
    assert not set(again.trials) & set(worker.trials)
    assert len(again.trials) == 3
    after = {record.number: record for record in study.get_complete_trials()}
    assert len(after) == 6
    assert done.items() <= after.items()


def test_a_launch_killed_at_every_job_in_turn_ends_as_one_that_was_not(config, reopen, make_scheduler, failing_worker):
    worker = failing_worker()
    for _ in range(100):
        study = reopen(config())
        scheduler = make_scheduler(study)
        if not scheduler.pending_jobs:
            break
        worker.drive(scheduler, most=1)
        scheduler.next_job()
    assert len(study.get_complete_trials()) == 6
    assert len(set(worker.trials)) == len(worker.trials) == 6
    repeated = [(job.number, job.seed) for job in worker.jobs if job.seed is not None]
    assert sorted(repeated) == sorted(
        {
            (record.number, seed)
            for record in select_finalists(study.get_complete_trials(), study.config)
            for seed in (1, 2, 3)
        }
    )


def test_a_launch_killed_among_finalists_runs_those_that_are_missing(
    config, reopen, make_scheduler, worker, failing_worker
):
    worker.drive(make_scheduler(reopen(config())), most=6 + 4)
    again = failing_worker()
    again.drive(make_scheduler(reopen(config())))
    assert again.trials == []
    repeated = [(job.number, job.seed) for job in worker.jobs + again.jobs if job.seed is not None]
    assert len(set(repeated)) == len(repeated) == 9


def test_a_search_whose_trials_grew_is_extended(config, reopen, make_scheduler, finished, failing_worker):
    again = failing_worker()
    study = reopen(config({"trials": 9}))
    before = {record.trial for record in study.get_complete_trials()}
    again.drive(make_scheduler(study))
    assert len(again.trials) == 3
    assert not before & set(again.trials)
    assert len(study.get_complete_trials()) == 9


def test_a_search_with_more_trials_than_asked_for_runs_none(config, reopen, make_scheduler, finished, failing_worker):
    again = failing_worker()
    again.drive(make_scheduler(reopen(config({"trials": 4}))))
    assert again.trials == []


def test_a_finished_search_has_nothing_ahead(config, reopen, make_scheduler, finished):
    scheduler = make_scheduler(reopen(config()))
    assert scheduler.pending_jobs == 0
    assert scheduler.next_job() is None
    assert scheduler.is_done


def test_a_finished_search_whose_baseline_is_among_the_best_has_nothing_ahead(config, reopen, make_scheduler, worker):
    only_harm = {"intermediate": {"facts_sw": {"resource": "low"}}, "curriculum.max_length": 1}
    settings = config(only_harm | {"trials": 2, "finalists.top": 1})
    scheduler = make_scheduler(reopen(settings))
    worker.drive(scheduler)
    assert len(worker.jobs) == 2 + 2 * 3
    assert scheduler.pending_jobs == 0
    assert make_scheduler(reopen(settings)).pending_jobs == 0


def test_new_finalists_are_ahead_although_earlier_ones_were_repeated(config, reopen, make_scheduler, outcome):
    grown = config({"trials": 3, "finalists.top": 1})
    study = reopen(grown)
    for value in (0.4, 0.5, 0.9):
        number, trial = study.ask()
        study.tell(number, outcome(trial, value))
        for seed in (1, 2, 3):
            if number < 2:
                study.tell_repeat(number, seed, outcome(trial, value, ("dev", "test")))
    scheduler = make_scheduler(reopen(grown))
    assert scheduler.pending_jobs == 3
    assert scheduler.next_job().number == 2


def test_a_failed_trial_is_recorded_and_the_search_goes_on(config, reopen, make_scheduler, failing_worker):
    worker = failing_worker(lambda job: job.number == 2)
    study = reopen(config())
    worker.drive(make_scheduler(study))
    states = [record.state for record in study.get_trial_records() if record.state != "duplicate"]
    assert states.count("complete") == 5
    assert states.count("failed") == 1
    (failed,) = [record for record in study.get_trial_records() if record.state == "failed"]
    assert (failed.number, failed.error) == (2, "the loss is nan at step 3 with learning rate 1e+20: lower it")


def test_a_failed_trial_is_tried_once_more_on_the_next_launch(config, reopen, make_scheduler, failing_worker):
    first, second = failing_worker(lambda job: job.number == 2), failing_worker()
    study = reopen(config())
    first.drive(make_scheduler(study))
    study = reopen(config())
    second.drive(make_scheduler(study))
    assert second.trials == [first.trials[2]]
    assert len(study.get_complete_trials()) == 6


def test_a_search_in_which_everything_fails_ends(config, reopen, make_scheduler, failing_worker):
    worker = failing_worker(lambda job: True)
    study = reopen(config())
    scheduler = make_scheduler(study)
    worker.drive(scheduler)
    assert scheduler.is_done
    assert study.get_complete_trials() == []
    assert len(worker.jobs) == 6
    assert len(set(worker.trials)) == 6


def test_a_repeat_that_failed_is_run_on_the_next_launch(config, reopen, make_scheduler, failing_worker):
    first, second = failing_worker(lambda job: job.seed == 2), failing_worker()
    first.drive(make_scheduler(reopen(config())))
    study = reopen(config())
    second.drive(make_scheduler(study))
    assert {job.seed for job in second.jobs} == {2}
    assert {tuple(sorted(seeds)) for seeds in study.get_repeat_outcomes().values()} == {(1, 2, 3)}


def test_a_budget_that_is_spent_asks_for_no_further_trial_but_confirms(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config({"budget.hours": 1})))
    worker.drive(scheduler, most=2)
    scheduler.stop_criteria.started -= 3601
    worker.drive(scheduler)
    assert len(worker.trials) == 2
    assert {job.seed for job in worker.jobs} == {None, 1, 2, 3}
    assert scheduler.is_done
    assert scheduler.pending_jobs == 0


def test_a_trial_that_runs_when_the_budget_ends_is_finished(config, reopen, make_scheduler, worker):
    study = reopen(config({"budget.hours": 1, "finalists.top": 0}))
    scheduler = make_scheduler(study)
    job = scheduler.next_job()
    scheduler.stop_criteria.started -= 3601
    assert scheduler.next_job() is None
    assert not scheduler.is_done
    worker.do(scheduler, job)
    assert scheduler.next_job() is None
    assert scheduler.is_done
    assert len(study.get_complete_trials()) == 1


def test_every_job_that_ends_is_announced_after_it_was_recorded(config, reopen, make_scheduler, failing_worker):
    study = reopen(config())
    events = []

    def listen(event):
        states = {record.number: record.state for record in study.get_trial_records()}
        events.append(
            (
                event.job.number,
                event.job.seed,
                event.value is not None,
                event.error is not None,
                states[event.job.number],
            )
        )

    failing_worker(lambda job: job.number == 1 and job.seed is None).drive(make_scheduler(study, listen))
    assert events[0] == (0, None, True, False, "complete")
    assert events[1] == (1, None, False, True, "failed")
    assert events[-1][1:4] == (3, False, False)


def test_jobs_ahead_fall_by_one_with_each_that_ends(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config()))
    ahead = [scheduler.pending_jobs]
    while not scheduler.is_done:
        worker.drive(scheduler, most=1)
        ahead.append(scheduler.pending_jobs)
    assert ahead[0] > 0
    assert ahead[-1] == 0
    assert ahead == sorted(ahead, reverse=True)


def test_a_job_whose_worker_died_is_run_again(config, reopen, make_scheduler, worker):
    events = []
    study = reopen(config())
    scheduler = make_scheduler(study, events.append)
    first = scheduler.next_job()
    scheduler.handle_lost(first, "killed")
    assert scheduler.next_job() == first
    assert not scheduler.is_done
    worker.do(scheduler, first)
    assert [(event.will_retry, event.error) for event in events] == [(True, "killed"), (False, None)]
    assert study.get_complete_trials()[0].number == first.number
    worker.drive(scheduler)
    assert len(study.get_complete_trials()) == 6


def test_a_job_that_keeps_killing_its_worker_fails(config, reopen, make_scheduler):
    events = []
    study = reopen(config())
    scheduler = make_scheduler(study, events.append)
    for _ in range(3):
        scheduler.handle_lost(scheduler.next_job(), "out of memory")
    assert [event.will_retry for event in events] == [True, True, False]
    assert study.get_trial_records()[0].state == "failed"
    assert study.get_trial_records()[0].error == "out of memory"


def test_a_lost_job_counts_as_one_that_is_ahead(config, reopen, make_scheduler):
    scheduler = make_scheduler(reopen(config()))
    before = scheduler.pending_jobs
    scheduler.handle_lost(scheduler.next_job(), "killed")
    assert scheduler.pending_jobs == before


def test_a_search_stops_when_its_seconds_of_training_are_spent(config, reopen, make_scheduler, worker):
    # Each trial of the stand-in trains two seconds a stage: two targets, and one stage or two.
    scheduler = make_scheduler(reopen(config({"trials": 10, "budget.stage_seconds": 15, "finalists.top": 0})))
    worker.drive(scheduler)
    spent = [2.0 * len(job.trial.stages) for job in worker.jobs]
    assert sum(spent[:-1]) < 15 <= sum(spent)
    assert scheduler.stop_reason == f"budget.stage_seconds: stages trained for {sum(spent):.0f} s"


def test_a_search_stops_when_nothing_better_comes_and_repeats_its_finalists(config, reopen, make_scheduler, worker):
    scheduler = make_scheduler(reopen(config({"trials": 10, "stop.patience": 2})))
    worker.drive(scheduler)
    values = [worth(trial) for trial in worker.trials]
    best = values.index(max(values))
    assert len(values) == best + 3 < 10
    assert scheduler.stop_reason == "stop.patience: none of the last 2 trials improved on the best one before them"
    assert {job.seed for job in worker.jobs if job.seed is not None} == {1, 2, 3}
