"""Failed runs of jobs as files, and where they are named."""

import io
import json
import os
import subprocess
import sys

import pytest
from rich.console import Console

from search.analysis import analyse_results, list_failures
from search.home import mask_failure, read_failures
from search.launcher._progress import ProgressReporter
from search.launcher._worker_death import WORKER_DIED, explain_worker_death
from search.report import make_path_formatter, render_report, render_status
from search.report.page._sections import build_sections
from search.results import build_results
from search.tracking import DatasetDigests, build_trial_run
from trainables.failure import Failure

BOOM = Failure(
    error="RuntimeError: boom",
    traceback='Traceback (most recent call last):\n  File "stage.py", line 1\nRuntimeError: boom\n',
    stage="dates (0.001) > choice (0.001)",
    host="node-3, process 12",
    environment={"torch": "2.6"},
)


def text(rendered, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    for line in rendered:
        console.print(line)
    return console.file.getvalue()


def read(home, name: str) -> str:
    return (home.get_search_folder("sums").path / name).read_text(encoding="utf-8")


@pytest.fixture
def one_failed(config, reopen, make_scheduler, worker, home):
    """A search whose second trial failed."""
    study = reopen(config())
    scheduler, normal = make_scheduler(study), worker.do
    worker.do = lambda scheduler, job: scheduler.handle_failed(job, BOOM) if job.number == 1 else normal(scheduler, job)
    worker.drive(scheduler)
    return study


def test_a_failure_is_kept_with_all_that_is_known_of_it(one_failed, home):
    told = read(home, "failures/trial-1-attempt-1.txt")
    assert told.startswith("trial 1, attempt 1: RuntimeError: boom\n")
    assert "curriculum: " in told
    assert "at stage:   dates (0.001) > choice (0.001)\n" in told
    assert "on:         node-3, process 12\n" in told
    assert "with:       torch 2.6\n" in told
    assert told.endswith(BOOM.traceback)


def test_results_name_the_file_beside_the_error(one_failed):
    trial = build_results(one_failed)["trials"][1]
    assert (trial["error"], trial["failure"]) == ("RuntimeError: boom", "failures/trial-1-attempt-1.txt")
    assert all("failure" not in trial for trial in build_results(one_failed)["trials"] if trial["state"] == "complete")


def test_status_names_the_whole_path_where_it_fits_and_else_from_the_home_on(one_failed, home):
    document, folder = build_results(one_failed), home.get_search_folder("sums")
    whole = folder.path / "failures/trial-1-attempt-1.txt"
    assert f"traceback: {whole}" in text(render_status(document, make_path_formatter(folder, 500)), 500)
    narrow = text(render_status(document, make_path_formatter(folder, 100)), 100)
    assert "searches/sums/failures/trial-1-attempt-1.txt" in narrow
    assert str(whole) not in narrow


def test_report_and_page_name_the_file(one_failed):
    assert "failures/trial-1-attempt-1.txt" in text(render_report(one_failed))
    (table,) = next(
        each for each in build_sections(analyse_results(build_results(one_failed))) if each.name == "failed"
    ).blocks
    assert [cell.text for cell in table.rows[0]] == [
        "trial 1",
        "RuntimeError: boom",
        "searches/sums/failures/trial-1-attempt-1.txt",
    ]


def test_a_search_without_failures_has_no_such_section(finished):
    assert "traceback" not in text(render_report(finished))
    assert "failed" not in {section.name for section in build_sections(analyse_results(build_results(finished)))}


def test_mlflow_gets_the_traceback_as_an_artifact(one_failed, config):
    record = one_failed.get_trial_records()[1]
    kept = read_failures(one_failed.failures, 1)
    sheet = build_trial_run(record, {}, config(), DatasetDigests(config(), None), kept)
    assert sheet.texts["failures/trial-1-attempt-1.txt"].endswith(BOOM.traceback)
    assert sheet.tags["xlt.failures"] == "failures/trial-1-attempt-1.txt"
    assert "`failures/trial-1-attempt-1.txt`" in sheet.tags["mlflow.note.content"]
    assert read_failures(one_failed.failures, 11) == {}


def test_no_failure_is_written_over_by_later_launches(one_failed, config, reopen, make_scheduler, worker, home):
    again = reopen(config())
    worker.do = lambda scheduler, job: scheduler.handle_failed(job, "another cause")
    worker.drive(make_scheduler(again))
    files = sorted(path.name for path in (home.get_search_folder("sums").path / "failures").iterdir())
    assert len(files) == 2
    assert read(home, "failures/trial-1-attempt-1.txt").endswith(BOOM.traceback)


def test_a_job_that_is_run_again_keeps_a_file_of_each_attempt(config, reopen, make_scheduler, home):
    scheduler = make_scheduler(reopen(config()))
    for _ in range(3):
        scheduler.handle_lost(scheduler.next_job(), "killed")
    assert sorted(path.name for path in (home.get_search_folder("sums").path / "failures").iterdir()) == [
        f"trial-0-attempt-{attempt}.txt" for attempt in (1, 2, 3)
    ]
    assert scheduler.study.get_trial_records()[0].failure == "failures/trial-0-attempt-3.txt"


@pytest.fixture
def repeat_failed(config, reopen, make_scheduler, worker):
    """A search of which one repeat of a finalist failed."""
    study = reopen(config({"finalists": {"top": 1, "seeds": 2}}))
    scheduler, normal, told = make_scheduler(study), worker.do, []
    worker.do = lambda scheduler, job: (
        scheduler.handle_failed(job, BOOM)
        if job.seed == 2 and not told and not told.append(job)
        else normal(scheduler, job)
    )
    worker.drive(scheduler)
    return study, told[0].number


def test_a_finalists_repeat_that_failed_is_told_with_its_seed(repeat_failed, home):
    study, number = repeat_failed
    file = f"failures/trial-{number}-seed-2-attempt-1.txt"
    document = build_results(study)
    trial = next(trial for trial in document["trials"] if trial["number"] == number)
    assert trial["state"] == "complete"
    assert trial["failed_seeds"] == [{"seed": 2, "error": "RuntimeError: boom", "failure": file}]
    assert "seed:       2, a finalist's repeat" in read(home, file)
    assert "seed 2: RuntimeError: boom" in text(render_status(document))
    assert [told["run"] for told in list_failures(document["trials"])] == [f"trial {number}, seed 2"]


def test_a_repeat_that_was_done_after_all_is_no_failure_any_more(
    repeat_failed, config, reopen, make_scheduler, failing_worker
):
    study, _ = repeat_failed
    again = reopen(study.config)
    failing_worker().drive(make_scheduler(again))
    assert list_failures(build_results(again)["trials"]) == []


def test_a_failure_of_an_older_version_is_shown_without_a_file(config, reopen):
    study = reopen(config())
    number, _ = study.ask()
    study.tell_failed(number, "RuntimeError: as before")
    document = build_results(study)
    assert "failure" not in document["trials"][0]
    assert "RuntimeError: as before" in text(render_status(document))
    assert "traceback" not in text(render_status(document))
    assert "RuntimeError: as before" in text(render_report(study))


def test_a_folder_that_takes_no_file_is_told_and_ends_no_search(config, reopen, make_scheduler, failing_worker, home):
    study = reopen(config())
    study.failures.write_text("in the way")
    console = Console(file=io.StringIO(), width=60)
    scheduler = make_scheduler(study)
    with ProgressReporter(study, console) as progress:
        progress.follow(scheduler)
        failing_worker(lambda job: job.number == 1).drive(scheduler)
    assert console.file.getvalue().count("tracebacks of failures cannot be written (") == 1
    assert len(study.get_complete_trials()) == 5
    assert study.get_trial_records()[1].failure is None
    assert study.get_trial_records()[1].error.startswith("the loss is nan")


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002], ids=oct)
def test_files_have_the_modes_that_the_user_asks_for(config, reopen, make_scheduler, home, mask):
    before = os.umask(mask)
    try:
        scheduler = make_scheduler(reopen(config()))
        scheduler.handle_failed(scheduler.next_job(), BOOM)
    finally:
        os.umask(before)
    folder = home.get_search_folder("sums").path
    assert (folder / "failures/trial-0-attempt-1.txt").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (folder / "failures").stat().st_mode & 0o777 == 0o777 & ~mask


def test_what_is_no_text_and_what_has_no_end_is_kept_in_bounds(config, reopen, make_scheduler, home):
    study = reopen(config())
    scheduler = make_scheduler(study)
    scheduler.handle_failed(scheduler.next_job(), Failure(error="x" * 10**6, traceback="\udcff" + "y" * 10**6))
    told = read(home, "failures/trial-0-attempt-1.txt")
    assert "\\udcff" in told
    assert "characters left out" in told
    assert len(told) < 300_000
    assert len(study.get_trial_records()[0].error) < 11_000


def test_a_line_of_progress_holds_one_line_of_an_error(config, reopen, make_scheduler):
    study, console = reopen(config()), Console(file=io.StringIO(), width=60)
    scheduler = make_scheduler(study)
    progress = ProgressReporter(study, console)
    progress.follow(scheduler)
    scheduler.handle_failed(scheduler.next_job(), "RuntimeError: first\nsecond " + "third " * 1000)
    (line,) = console.file.getvalue().splitlines()
    assert "FAILED: RuntimeError: first second third" in line
    assert "traceback: searches/sums/failures/trial-0-attempt-1.txt" in line
    assert len(line) < 600


class Told:
    """Ray Tune's trial, as far as a death is concerned."""

    def __init__(self, trial_id: str, file) -> None:
        self.trial_id, self.error_file = trial_id, file


RAY = """Failure # 1 (occurred at 2026-01-01_00-00-00)
an earlier one
Failure # 2 (occurred at 2026-01-01_00-00-10)
The actor died unexpectedly before finishing this task.
	pid: 15464
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: Worker unexpectedly exits. \
Some common causes include: (1) the process was killed by the OOM killer due to high memory usage
"""


def test_what_ray_knows_of_a_death_is_kept_and_no_cause_is_guessed(tmp_path):
    (tmp_path / "error.txt").write_text(RAY)
    told = explain_worker_death([Told("other", None), Told("mine", str(tmp_path / "error.txt"))], "mine")
    assert told.error == WORKER_DIED
    assert "Worker exit type: SYSTEM_ERROR" in told.traceback
    assert "an earlier one" not in told.traceback


def test_a_worker_that_ray_killed_for_memory_says_so_and_tells_no_command_lines(tmp_path):
    users = "Top 2 memory users: PID\tMEM(GB)\tCOMMAND\n17099\t0.65\t/bin/server --password secret\n18312\t0.58\tray::IDLE\n"
    (tmp_path / "error.txt").write_text(
        f"Failure # 1 (occurred at x)\n1 worker(s) were killed due to the node running low on memory.\n{users}"
    )
    told = explain_worker_death([Told("mine", str(tmp_path / "error.txt"))], "mine")
    assert told.error.endswith("its node ran low on memory")
    assert "17099\t0.65\t/bin/server ...\n18312\t0.58\tray::IDLE" in told.traceback
    assert "secret" not in told.traceback


def test_an_exception_outside_of_the_job_is_its_own_cause(tmp_path):
    (tmp_path / "error.txt").write_text(
        'Failure # 1 (occurred at x)\nray::ImplicitFunc.train() (pid=1)\n  File "x.py", line 3\n'
        "ModuleNotFoundError: No module named 'trainables'\n"
    )
    told = explain_worker_death([Told("mine", str(tmp_path / "error.txt"))], "mine")
    assert told.error == "the worker could not run it: ModuleNotFoundError: No module named 'trainables'"


@pytest.mark.parametrize("file", [None, "/nowhere/error.txt"])
def test_of_a_death_that_nobody_wrote_down_nothing_is_known(file):
    assert explain_worker_death([Told("mine", file)], "mine") == Failure(error=WORKER_DIED)
    assert explain_worker_death([], "mine") == Failure(error=WORKER_DIED)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["status"]])
def test_python_m_search_is_the_command_line(tmp_path, words):
    told = subprocess.run(
        [sys.executable, "-m", "search", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"XLT_HOME": str(tmp_path)},
    )
    assert told.returncode == 0, told.stderr
    if words != ["status"]:
        assert told.stdout.startswith(("Usage: xlt [OPTIONS] COMMAND", "xlt, version "))


def test_python_m_search_exits_as_the_command_line_does(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "search", "--home", str(tmp_path), "status", "nowhere"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 2
    assert told.stderr.startswith("xlt: no search named 'nowhere'")


def test_results_with_failures_go_through_json(repeat_failed):
    document = build_results(repeat_failed[0])
    assert json.loads(json.dumps(document)) == document


def test_secrets_are_taken_out_of_a_failure_before_anybody_hears_it():
    told = mask_failure(
        Failure(error="OSError: s3://me:hunter2secret@host/b", traceback="at postgresql://me:hun/ter2@host/db\n")
    )
    assert told.error == "OSError: s3://me:***@host/b"
    assert told.traceback == "at postgresql://me:***@host/db\n"
