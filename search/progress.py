"""A launch's progress on the terminal: a line a job, which reads as well in a log file, and a live line below on a terminal."""

import re
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from search.agenda import Agenda, Event
from search.remaining import Remaining
from search.study import Study
from search.terminal import progress
from trainables.store.records import Entry

LONGEST = 300
"""Letters of an error in a line."""


_KEY = re.compile(r"\b[0-9a-f]{32}\b")


class _Eta(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("eta", "")))


class ProgressLines:
    """Prints what the agenda announces to a console (standard error)."""

    def __init__(self, study: Study, console: Console) -> None:
        self.study = study
        self.folder = f"{study.failures.parents[1].name}/{study.failures.parent.name}"
        """The search's, from the home on."""
        self.console = console
        self.started = time.monotonic()
        self.agenda: Agenda | None = None
        self.best: tuple[float, int] | None = None
        self.done = self.failed = 0
        self.noted: set[str] = set()
        self.bar = progress(console, _Eta())
        self.task = self.bar.add_task("starting workers", total=None)
        for record in study.complete()[:1]:
            assert record.value is not None
            self.best = record.value, record.number

    def __enter__(self) -> "ProgressLines":
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def watch(self, agenda: Agenda, entries: Sequence[Entry] = ()) -> None:
        """Follow this agenda from now on; stages of the store tell from the first job on when the launch will be done."""
        self.agenda = agenda
        ended = [record for record in self.study.recorded() if record.ended]
        self.before = len(ended) + sum(len(seeds) for seeds in self.study.repeats().values())
        agenda.listeners.append(self)
        self.remaining = Remaining(agenda, self.study, entries)

    def __call__(self, event: Event) -> None:
        """One job ended: a line about it."""
        assert self.agenda is not None
        for note in event.notes:
            self.note(note)
        self.done += event.outcome is not None
        if event.again:
            self.note(f"{self._about(event)}; it is run again with what stages it had")
            return
        self.failed += event.outcome is None
        left = self.remaining.ended(event)
        ended = self.before + self.done + self.failed
        total = ended + self.agenda.ahead
        eta = self._eta(self.agenda, left)
        self.console.print(
            f"[{ended:>{len(str(total))}}/{total}] {_clock(time.monotonic() - self.started)}  {self._about(event)}  ({eta})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        best = f", best {self.best[0]:.3f} (trial {self.best[1]})" if self.best else ""
        self.bar.update(
            self.task,
            description=f"{ended} of {total}, {len(self.agenda.running)} running, {self.failed} failed{best}",
            completed=ended,
            total=total,
            eta=eta,
        )

    def note(self, text: str) -> None:
        """Tell something that the user should know, once: of many stages with the same trouble, of the first."""
        if (trouble := _KEY.sub("", text)) not in self.noted:
            self.noted.add(trouble)
            self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _about(self, event: Event) -> str:
        job = event.job
        what = f"trial {job.number}" if job.seed is None else f"trial {job.number} again, seed {job.seed}"
        if event.outcome is None:
            where = f"; traceback: {self.folder}/{event.failure}" if event.failure else ""
            return f"{what}: {job.trial}  {'LOST' if event.again else 'FAILED'}: {_brief(event.error or '')}{where}"
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

    def _eta(self, agenda: Agenda, left: float | None) -> str:
        if not agenda.ahead:
            return "done"
        eta = "" if left is None else f", ETA {_clock(left)}"
        return f"{len(agenda.running)} running, {self.failed} failed{eta}"


def _brief(error: str) -> str:
    """An error in one line of bearable length: the file has it whole."""
    line = " ".join(error.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
