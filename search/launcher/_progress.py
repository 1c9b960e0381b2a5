"""Progress of a launch: one line a job, and a live status line on a terminal."""

import re
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from search.launcher._eta import EtaEstimator
from search.launcher._job import Job, JobEvent
from search.launcher._scheduler import Scheduler
from search.study import Study
from search.terminal import make_progress_bar, print_plain
from trainables.outcome import Outcome
from trainables.store import StageEntry

MAX_ERROR_LENGTH = 300
"""Characters of an error in a line."""


_STAGE_KEY_PATTERN = re.compile(r"\b[0-9a-f]{32}\b")


class _EtaColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("eta", "")))


class ProgressReporter:
    """Job listener that prints the progress of a launch to a console (standard error)."""

    def __init__(self, study: Study, console: Console) -> None:
        self.study = study
        self.folder = f"{study.failures.parents[1].name}/{study.failures.parent.name}"
        """The search's folder, relative to the home."""
        self.console = console
        self.started = time.monotonic()
        self.scheduler: Scheduler | None = None
        self.best: tuple[float, int] | None = None
        """Value and number of the best trial so far."""
        self.jobs_before = 0
        """Jobs of earlier launches."""
        self.jobs_done = self.jobs_failed = 0
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

    def follow(self, scheduler: Scheduler, entries: Sequence[StageEntry] = ()) -> None:
        """Print the jobs of this scheduler from now on.

        Args:
            scheduler: scheduler of the launch.
            entries: stages of the store, whose measured times allow an ETA from the first job on.
        """
        self.scheduler = scheduler
        finished = [record for record in self.study.get_trial_records() if record.is_finished]
        self.jobs_before = len(finished) + sum(len(seeds) for seeds in self.study.get_repeat_outcomes().values())
        scheduler.listeners.append(self)
        self.eta_estimator = EtaEstimator(scheduler, self.study, entries)

    def describe_work(self) -> None:
        """Say what is there of a search that goes on, and what is left to run."""
        assert self.scheduler is not None
        name, left = self.study.config.name, self.scheduler.pending_jobs
        if not self.jobs_before:
            return
        if left:
            self.note(f"{name}: {self.jobs_before} trials and repeats are done, {left} to run")
        else:
            self.note(
                f"{name}: nothing to run, all trials and repeats are done; to add trials, raise trials or give --trials"
            )

    def __call__(self, event: JobEvent) -> None:
        """Print a line about a job that ended."""
        assert self.scheduler is not None
        for note in event.notes:
            self.note(note)
        if event.will_retry:
            self.note(f"{self._describe_event(event)}; it runs again and reuses the stages that it finished")
            return
        self.jobs_done += event.outcome is not None
        self.jobs_failed += event.outcome is None
        seconds_left = self.eta_estimator.update(event)
        ended = self.jobs_before + self.jobs_done + self.jobs_failed
        total = ended + self.scheduler.pending_jobs
        eta = self._format_eta(self.scheduler, seconds_left)
        counter = f"[{ended:>{len(str(total))}}/{total}] {_format_duration(time.monotonic() - self.started)}"
        print_plain(self.console, f"{counter}  {self._describe_event(event)}  ({eta})")
        best = f", best {self.best[0]:.3f} (trial {self.best[1]})" if self.best else ""
        running = len(self.scheduler.running_jobs)
        self.bar.update(
            self.task,
            description=f"{ended} of {total}, {running} running, {self.jobs_failed} failed{best}",
            completed=ended,
            total=total,
            eta=eta,
        )

    def note(self, text: str) -> None:
        """Print a note once. Notes that differ in a stage key alone count as the same."""
        if (pattern := _STAGE_KEY_PATTERN.sub("", text)) not in self.printed_notes:
            self.printed_notes.add(pattern)
            print_plain(self.console, text)

    def _describe_event(self, event: JobEvent) -> str:
        job = event.job
        name = f"trial {job.number}" if job.seed is None else f"trial {job.number} again, seed {job.seed}"
        if event.outcome is None:
            where = f"; traceback: {self.folder}/{event.failure}" if event.failure else ""
            state = "LOST" if event.will_retry else "FAILED"
            return f"{name}: {job.trial}  {state}: {_shorten_error(event.error or '')}{where}"
        value = event.outcome.transfer.objective(self.study.config.objective)
        rank = f", ended early by {event.pruned}" if event.pruned else self._compare_with_best(job, value)
        return f"{name}: {job.trial}  {value:.3f}{rank}; {_describe_cost(event.outcome)}"

    def _compare_with_best(self, job: Job, value: float) -> str:
        """Compare a trial with the best so far. Repeats are not compared: they are on another seed."""
        if job.seed is not None:
            return ""
        if self.best is None or value > self.best[0]:
            self.best = value, job.number
        return ", the best so far" if self.best[1] == job.number else f", best {self.best[0]:.3f}"

    def _format_eta(self, scheduler: Scheduler, seconds_left: float | None) -> str:
        if not scheduler.pending_jobs:
            return "done"
        eta = "" if seconds_left is None else f", ETA {_format_duration(seconds_left)}"
        return f"{len(scheduler.running_jobs)} running, {self.jobs_failed} failed{eta}"


def _describe_cost(outcome: Outcome) -> str:
    shared = sum(not stage.trained for stage in outcome.all_stages)
    reuse = f", {shared} of {len(outcome.all_stages)} stages from the store" if shared else ""
    return f"{outcome.seconds:.0f} s{reuse}"


def _shorten_error(error: str) -> str:
    """The beginning of an error in one line; the traceback's file has all of it."""
    line = " ".join(error.split())
    return line if len(line) <= MAX_ERROR_LENGTH else f"{line[:MAX_ERROR_LENGTH]}..."


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
