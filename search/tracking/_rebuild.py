"""Rebuild the MLflow view of a search from its study: ``xlt track``."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, TimeRemainingColumn

from search.home import Home, read_failures
from search.study import Study, TrialRecord
from search.terminal import make_progress_bar, print_plain
from search.tracking._address import TrackingAddress
from search.tracking._database import explain_mlflow_error
from search.tracking._datasets import DatasetDigests
from search.tracking._launch_result import LaunchResult
from search.tracking._timeouts import LONG_TIMEOUTS, set_mlflow_timeouts
from search.tracking._trial_run import build_trial_run
from search.tracking._view import TrackingView

_PROGRESS_SECONDS = 10.0
"""Seconds between lines of progress where there is no terminal."""


@dataclass(slots=True)
class RebuildResult:
    """How many runs of trials were written, up to date, or missed."""

    written: int = 0
    up_to_date: int = 0
    """Runs that needed no change."""
    missed: int = 0
    error: Exception | None = None
    """The error of the last missed run, or the one that stopped the rebuild."""

    def __str__(self) -> str:
        missed = f", {self.missed} missed" * (self.missed > 0)
        return f"trials' runs: {self.written} written, {self.up_to_date} up to date{missed}"


def rebuild_tracking(
    study: Study,
    home: Home,
    results: Path,
    console: Console,
    files: Mapping[str, Path] | None = None,
    answer: Sequence[str] = (),
) -> RebuildResult:
    """Write every run of a search that is missing or out of date in MLflow.

    Args:
        study: the search's.
        home: with the search.
        results: its ``results.json``, just written.
        console: for progress and errors.
        files: further artifacts of the launch's run, by name.
        answer: the answer, a paragraph each; by default that of ``xlt best``.
    """
    config, address = study.config, TrackingAddress.from_config(study.config, home)
    records = [record for record in study.get_trial_records() if record.state in ("complete", "pruned", "failed")]
    found = RebuildResult()
    with (
        set_mlflow_timeouts(address.uri, LONG_TIMEOUTS),
        make_progress_bar(console, MofNCompleteColumn(), TimeRemainingColumn()) as shown,
    ):
        task = shown.add_task("reading what MLflow has", total=len(records))
        try:
            view = TrackingView(config, home, address, lambda what: print_plain(console, what))
            digests = DatasetDigests(config, home.resolve_stage_store(config.store))
            view.read_runs()
            shown.update(task, description="runs")
            _write_trial_runs(view, digests, study, records, found, lambda: shown.advance(task), console)
            view.write_description()
            shown.update(task, description="report and pictures")
            LaunchResult.from_study(study, results, files or {}, answer).write(view, digests)
        except Exception as error:
            found.error = error
            found.missed = len(records) - found.written - found.up_to_date
    if found.error is not None:
        print_plain(
            console,
            f"MLflow at {address.display} is incomplete ({explain_mlflow_error(found.error)})",
        )
    return found


def _write_trial_runs(
    view: TrackingView,
    digests: DatasetDigests,
    study: Study,
    records: list[TrialRecord],
    result: RebuildResult,
    advance: Callable[[], None],
    console: Console,
) -> None:
    """Write the runs of trials, with start times in the order of their numbers."""
    longest = max((record.outcome.seconds for record in records if record.outcome), default=0.0)
    first, repeats, printed = time.time() - longest - len(records) / 1000, study.get_repeat_outcomes(), time.monotonic()
    for index, record in enumerate(records):
        failures = read_failures(study.failures, record.number)
        sheet = build_trial_run(record, repeats.get(record.number, {}), study.config, digests, failures)
        try:
            fresh = view.write(sheet, first + index / 1000 + sheet.seconds)
        except Exception as error:
            if not view.is_reachable():
                raise
            result.missed, result.error = result.missed + 1, error
            continue
        result.written, result.up_to_date = result.written + fresh, result.up_to_date + (not fresh)
        advance()
        if not console.is_terminal and time.monotonic() - printed > _PROGRESS_SECONDS:
            printed = time.monotonic()
            console.print(f"{index + 1} of {len(records)} runs", highlight=False)
