"""A launch's progress on the terminal: a line a job, which reads as well in a log file, and a live line below on a terminal."""

import re
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from search.launcher._eta import EtaEstimator
from search.launcher._scheduler import JobEvent, Scheduler
from search.study import Study
from search.terminal import make_progress_bar
from trainables.store import StageEntry

MAX_ERROR_LENGTH = 300
"""Letters of an error in a line."""


_STAGE_KEY_PATTERN = re.compile(r"\b[0-9a-f]{32}\b")


class _EtaColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("eta", "")))


class ProgressReporter:
    """Prints what the agenda announces to a console (standard error)."""

    def __init__(self, study: Study, console: Console) -> None:
        self.study = study
        self.folder = f"{study.failures.parents[1].name}/{study.failures.parent.name}"
        """The search's, from the home on."""
        self.console = console
        self.started = time.monotonic()
        self.scheduler: Scheduler | None = None
        self.best: tuple[float, int] | None = None
        self.done = self.failed = 0
        self.printed_notes: set[str] = set()
        self.bar = make_progress_bar(console, _EtaColumn())
        self.task = self.bar.add_task("starting workers", total=None)
        for record in study.get_complete_trials()[:1]:
            assert record.value is not None
            self.best = record.value, record.number

    def __enter__(self) -> "ProgressReporter":
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def follow(self, agenda: Scheduler, entries: Sequence[StageEntry] = ()) -> None:
        """Follow this agenda from now on; stages of the store tell from the first job on when the launch will be done."""
        self.scheduler = agenda
        ended = [record for record in self.study.get_trial_records() if record.is_finished]
        self.before = len(ended) + sum(len(seeds) for seeds in self.study.get_repeat_outcomes().values())
        agenda.listeners.append(self)
        self.eta_estimator = EtaEstimator(agenda, self.study, entries)

    def __call__(self, event: JobEvent) -> None:
        """One job ended: a line about it."""
        assert self.scheduler is not None
        for note in event.notes:
            self.note(note)
        self.done += event.outcome is not None
        if event.again:
            self.note(f"{self._about(event)}; it is run again with what stages it had")
            return
        self.failed += event.outcome is None
        left = self.eta_estimator.ended(event)
        ended = self.before + self.done + self.failed
        total = ended + self.scheduler.pending_jobs
        eta = self._format_eta(self.scheduler, left)
        self.console.print(
            f"[{ended:>{len(str(total))}}/{total}] {_format_duration(time.monotonic() - self.started)}  {self._about(event)}  ({eta})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        best = f", best {self.best[0]:.3f} (trial {self.best[1]})" if self.best else ""
        self.bar.update(
            self.task,
            description=f"{ended} of {total}, {len(self.scheduler.running)} running, {self.failed} failed{best}",
            completed=ended,
            total=total,
            eta=eta,
        )

    def note(self, text: str) -> None:
        """Tell something that the user should know, once: of many stages with the same trouble, of the first."""
        if (trouble := _STAGE_KEY_PATTERN.sub("", text)) not in self.printed_notes:
            self.printed_notes.add(trouble)
            self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _about(self, event: JobEvent) -> str:
        job = event.job
        what = f"trial {job.number}" if job.seed is None else f"trial {job.number} again, seed {job.seed}"
        if event.outcome is None:
            where = f"; traceback: {self.folder}/{event.failure}" if event.failure else ""
            return f"{what}: {job.trial}  {'LOST' if event.again else 'FAILED'}: {_shorten_error(event.error or '')}{where}"
        value = event.outcome.transfer.objective(self.study.config.objective)
        best = f", ended early by {event.pruned}" if event.pruned else ""
        if job.seed is None and not event.pruned:
            if self.best is None or value > self.best[0]:
                self.best = value, job.number
            best = ", the best so far" if self.best[1] == job.number else f", best {self.best[0]:.3f}"
        trained = sum(stage.trained for stage in event.outcome.stages)
        shared = len(event.outcome.stages) - trained
        reuse = f", {shared} of {len(event.outcome.stages)} stages from the store" if shared else ""
        return f"{what}: {job.trial}  {value:.3f}{best}; {event.outcome.seconds:.0f} s{reuse}"

    def _format_eta(self, agenda: Scheduler, left: float | None) -> str:
        if not agenda.pending_jobs:
            return "done"
        eta = "" if left is None else f", ETA {_format_duration(left)}"
        return f"{len(agenda.running)} running, {self.failed} failed{eta}"


def _shorten_error(error: str) -> str:
    """An error in one line of bearable length: the file has it whole."""
    line = " ".join(error.split())
    return line if len(line) <= MAX_ERROR_LENGTH else f"{line[:MAX_ERROR_LENGTH]}..."


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
