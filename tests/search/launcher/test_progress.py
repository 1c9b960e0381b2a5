import io

import pytest
from rich.console import Console

from search.launcher._progress import ProgressReporter


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=60)


def lines(console: Console) -> list[str]:
    return console.file.getvalue().splitlines()


@pytest.fixture
def study_of_one(config, reopen, make_scheduler, console):
    """A study of one trial, its scheduler, and the lines that follow it."""
    study = reopen(config({"trials": 1}))
    scheduler, progress = make_scheduler(study), ProgressReporter(study, console)
    progress.follow(scheduler)
    return study, scheduler, progress


def run(study, scheduler, worker, console) -> None:
    with ProgressReporter(study, console) as progress:
        progress.follow(scheduler)
        worker.drive(scheduler)


def test_every_job_is_a_line_that_counts(config, reopen, make_scheduler, worker, console):
    study = reopen(config())
    run(study, make_scheduler(study), worker, console)
    found = lines(console)
    assert len(found) == len(worker.jobs) == 15
    assert [line.partition("]")[0].lstrip("[ ") for line in found] == [f"{count}/15" for count in range(1, 16)]


def test_a_line_tells_the_trial_its_value_and_the_best(config, reopen, make_scheduler, worker, console):
    study = reopen(config())
    run(study, make_scheduler(study), worker, console)
    assert "trial 0: no intermediate stage  0.400, the best so far; 3 s" in lines(console)[0]
    assert all("best" in line for line in lines(console)[:6])
    assert "again, seed 1: " in lines(console)[6]
    assert lines(console)[-1].endswith("(done)")


def test_a_line_tells_how_many_run_how_many_failed_and_when_it_ends(config, reopen, make_scheduler, worker, console):
    study = reopen(config())
    scheduler = make_scheduler(study)
    with ProgressReporter(study, console) as progress:
        progress.follow(scheduler)
        first = scheduler.next_job()
        scheduler.next_job()
        worker.do(scheduler, first)
    assert "1 running, 0 failed, ETA " in lines(console)[0]


def test_a_failure_is_told_with_its_cause(config, reopen, make_scheduler, failing_worker, console):
    study = reopen(config())
    run(study, make_scheduler(study), failing_worker(lambda job: job.number == 1), console)
    assert "FAILED: the loss is nan at step 3" in lines(console)[1]
    assert "1 failed" in lines(console)[1]


def test_a_trial_that_ended_early_is_told_with_the_reason_and_is_never_the_best(
    config, reopen, make_scheduler, worker, console
):
    worker.among_best = lambda job: False
    study = reopen(config({"trials": 5, "racing.rules": ["asha"], "finalists.top": 0, "sampler": "random"}))
    progress = ProgressReporter(study, console)
    scheduler = make_scheduler(study)
    progress.follow(scheduler)
    worker.drive(scheduler)
    told = [line for line in console.file.getvalue().splitlines() if "ended early" in line]
    assert len(told) == sum(record.state == "pruned" for record in study.get_trial_records()) > 0
    assert all("ended early by asha after choice, target 1 of 2" in line for line in told)
    assert not any("best" in line.replace("among the best", "") for line in told)


def test_stages_from_the_store_are_told(config, reopen, make_scheduler, outcome, console):
    study = reopen(config())
    scheduler = make_scheduler(study)
    with ProgressReporter(study, console) as progress:
        progress.follow(scheduler)
        job = scheduler.next_job()
        scheduler.handle_done(job, outcome(job.trial, 0.5, trained=False))
    assert "2 of 2 stages from the store" in lines(console)[0]


def test_a_later_launch_counts_on_from_the_one_before(config, reopen, make_scheduler, worker, failing_worker, console):
    study = reopen(config())
    worker.drive(make_scheduler(study), most=4)
    study = reopen(config())
    run(study, make_scheduler(study), failing_worker(), console)
    assert lines(console)[0].startswith("[ 5/15]")
    assert lines(console)[-1].startswith("[15/15]")


def test_the_best_of_an_earlier_launch_stands(config, reopen, make_scheduler, outcome, console):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.9))
    with ProgressReporter(study, console) as progress:
        scheduler = make_scheduler(study)
        progress.follow(scheduler)
        job = scheduler.next_job()
        scheduler.handle_done(job, outcome(job.trial, 0.5))
    assert "0.500, best 0.900" in lines(console)[0]


def test_a_terminal_gets_a_live_line_as_well(config, reopen, make_scheduler, worker):
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    study = reopen(config())
    run(study, make_scheduler(study), worker, console)
    assert "15 of 15, 0 running, 0 failed, best " in console.file.getvalue()


def test_a_worker_that_died_is_told_and_not_counted(study_of_one, console):
    _study, scheduler, progress = study_of_one
    scheduler.handle_lost(scheduler.next_job(), "the worker died")
    assert "LOST: the worker died; traceback: searches/sums/failures/trial-0-attempt-1.txt;" in lines(console)[0]
    assert lines(console)[0].endswith("it runs again and reuses the stages that it finished")
    assert progress.jobs_failed == 0


def test_a_note_is_told_once(study_of_one, console):
    _, _, progress = study_of_one
    progress.note("the disk is full")
    progress.note("the disk is full")
    assert lines(console) == ["the disk is full"]
