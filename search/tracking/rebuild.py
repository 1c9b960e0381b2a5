"""The view from nothing: ``xlt track``."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, TimeRemainingColumn

from search.failures import texts
from search.home import Home
from search.recorded import Recorded
from search.study import Study
from search.terminal import progress
from search.tracking.address import Address
from search.tracking.database import reason
from search.tracking.datasets import Digests
from search.tracking.launches import Ended
from search.tracking.tracker import PATIENT, hasty
from search.tracking.trials import trial_sheet
from search.tracking.view import View

_TOLD_EVERY = 10.0
"""Seconds between lines of progress where there is no terminal."""


@dataclass(slots=True)
class Rebuilt:
    """What became of the trials' runs."""

    written: int = 0
    kept: int = 0
    """They were there as they should be."""
    missed: int = 0
    why: Exception | None = None
    """Of the last one that was missed; or what kept MLflow from being written at all."""

    def __str__(self) -> str:
        missed = f", {self.missed} missed" * (self.missed > 0)
        return f"trials' runs: {self.written} written, {self.kept} as they should be{missed}"


def rebuild(
    study: Study,
    home: Home,
    results: Path,
    console: Console,
    files: Mapping[str, Path] | None = None,
    answer: Sequence[str] = (),
) -> Rebuilt:
    """Write every run of a search that MLflow lacks or has differently.

    Args:
        study: the search's.
        home: where it lies.
        results: its ``results.json``, just written.
        console: for progress, and for what went wrong.
        files: further artifacts of the launch's run, by name.
        answer: what was found, in words; by default what ``xlt best`` says.
    """
    config, address = study.config, Address.of(study.config, home)
    records = [record for record in study.recorded() if record.state in ("complete", "pruned", "failed")]
    found = Rebuilt()
    with hasty(address.uri, PATIENT), progress(console, MofNCompleteColumn(), TimeRemainingColumn()) as shown:
        task = shown.add_task("reading what MLflow has", total=len(records))
        try:
            view = View(
                config, home, address, lambda what: console.print(what, highlight=False, markup=False, soft_wrap=True)
            )
            digests = Digests(config, home.stage_store(config.store))
            view.read_all()
            shown.update(task, description="runs")
            _write(view, digests, study, records, found, lambda: shown.advance(task), console)
            view.explain()
            shown.update(task, description="report and pictures")
            Ended.of(study, results, files or {}, answer).write(view, digests)
        except Exception as error:
            found.why = error
            found.missed = len(records) - found.written - found.kept
    if found.why is not None:
        console.print(
            f"MLflow at {address.told} missed some of this ({reason(found.why)})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    return found


def _write(
    view: View,
    digests: Digests,
    study: Study,
    records: list[Recorded],
    found: Rebuilt,
    advance: Callable[[], None],
    console: Console,
) -> None:
    """The trials' runs, begun in the order of their numbers."""
    longest = max((record.outcome.seconds for record in records if record.outcome), default=0.0)
    first, repeats, told = time.time() - longest - len(records) / 1000, study.repeats(), time.monotonic()
    for place, record in enumerate(records):
        failures = texts(study.failures, record.number)
        sheet = trial_sheet(record, repeats.get(record.number, {}), study.config, digests, failures)
        try:
            fresh = view.write(sheet, first + place / 1000 + sheet.seconds)
        except Exception as error:
            if not view.answers():
                raise
            found.missed, found.why = found.missed + 1, error
            continue
        found.written, found.kept = found.written + fresh, found.kept + (not fresh)
        advance()
        if not console.is_terminal and time.monotonic() - told > _TOLD_EVERY:
            told = time.monotonic()
            console.print(f"{place + 1} of {len(records)} runs", highlight=False)
