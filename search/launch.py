"""Run a search: start, resume, extend. One command, one truth: the study."""

import fcntl
import math
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from rich.console import Console

from search import racing
from search.agenda import Agenda, Event
from search.cluster import code
from search.cluster.before import check, check_address
from search.cluster.paths import Paths
from search.comparable import check_space
from search.config import Config, dump
from search.data import make_ready
from search.design import cut_short
from search.endings import in_any_case
from search.environment import set_up_ray
from search.errors import UserError
from search.home import Home, SearchFolder, written_aside
from search.journal import mend
from search.launched import LaunchedStudy
from search.progress import ProgressLines
from search.readiness import keep_synonyms, ready, synonyms_of
from search.recorded import finalists
from search.review import review
from search.stored import on_top_of, stored
from search.study import Study
from search.tracking import Tracker
from trainables.benchmarks.mirrors import MIRROR
from trainables.documents import plain_file
from trainables.store.identity import STAGE_VERSION
from trainables.store.leases import Watch
from trainables.store.records import Records
from trainables.store.size import release, shrink, tidy

LOOKS = 5
"""Attempts at the lock of a search: somebody who looks whether it is live holds it for an instant."""


def launch(config: Config, home: Home, console: Console, address: str | None = None) -> LaunchedStudy:
    """Run what is missing of a search and return its study.

    A search that was killed goes on, one whose ``trials`` grew is extended, trials that failed are tried once more.

    Args:
        config: the search.
        home: where it lies.
        console: for progress.
        address: of a running Ray cluster; by default Ray is started for this launch alone.

    Raises:
        SpaceChangedError: when a search of this name was made with another space.
        UserError: when the search is being run by another process, synonyms or data sets are missing, or the cluster lacks what a
            trial asks for.
    """
    if address is not None:
        check_address(address)
    folder = home.folder(config.name)
    config, synonyms = ready(config, folder)
    stages = home.stage_store(config.store)
    check_space(folder, config, stages)
    earlier = Study.open(home.find(config.prior.search)) if config.prior.search else None
    with _only_one(folder):
        if mended := mend(folder.journal):
            console.print(mended, highlight=False, markup=False, soft_wrap=True)
        if synonyms is not None:
            keep_synonyms(synonyms, folder)
        with written_aside(folder.config) as file:
            file.write_text(dump(config), encoding="utf-8")
        study = LaunchedStudy(folder.journal, config)
        if earlier is not None:
            study.learn_from(earlier)
            if study.earlier is None:
                console.print(
                    f"prior.search: {earlier.config.name} has too few complete trials to learn from", highlight=False
                )
        if short := cut_short(config):
            console.print(short, highlight=False, markup=False)
        again = study.recover()
        if again:
            console.print(f"taking up {again} interrupted or failed trials again", highlight=False)
        _run(study, folder, home, stages, console, address)
    return study


def _run(
    study: LaunchedStudy, folder: SearchFolder, home: Home, stages: str | None, console: Console, address: str | None
) -> None:
    config = study.config
    with Tracker(config, home, console) as tracker, ProgressLines(study, console) as progress:
        agenda = Agenda(config, study, listeners=[])
        records = Records(stages, progress.note) if stages else None
        entries = list(records.entries()) if records is not None and agenda.ahead else []
        progress.watch(agenda, entries)
        agenda.listeners.append(_Reach(progress.note))
        agenda.listeners.append(lambda event: None if event.again else tracker.trial_ended(study, event.job.number))
        if records is not None:
            if old := sum(not entry.current and entry.bytes > 0 for entry in entries):
                progress.note(
                    f"stage store: {old} of {len(entries)} stages have another stage version than {STAGE_VERSION}, that of this xlt-search, whose "
                    "training or scoring differs: they are not used; xlt store gc takes their weights first, and this note goes with them"
                )
            study.held = cache(
                lambda: stored(on_top_of(config.encoder, study.before(entries)), config.resources.arithmetic)
            )
            agenda.listeners.append(_Room(records, study))
        if agenda.ahead:
            set_up_ray(address)
            check(config, address)
            code.digest()  # of what this process imported, whatever is on the disk when the data are read
            make_ready(config, home, console)
            from search.cluster.keys import carried
            from search.cluster.start import cluster
            from search.workers import work

            owner, keys = secrets.token_hex(4), carried(stages)
            with (
                in_any_case(lambda: _release(records, owner)),
                cluster(config, address, _paths(config, home, stages), keys, progress.note, owner) as room,
            ):
                work(agenda, config, stages, home.data, folder.scratch if address else room / "tune", keys)
        if records is not None:
            with suppress(OSError):  # told already
                tidy(records)
        written = review(study, folder, console)
        tracker.launch_ended(study, folder.results, written.files, written.answer)
        if agenda.left and agenda.stopped:
            console.print(f"no further trials: {agenda.stopped}", highlight=False, markup=False, soft_wrap=True)
        if agenda.exhausted:
            of = "design" if config.sampler == "orders" else "space"
            console.print(f"the {of} holds no further trial: every curriculum was tried", highlight=False)
        for warning in racing.warnings(racing.document(study.recorded(), config)):
            console.print(warning, highlight=False, markup=False, soft_wrap=True)


def _release(records: Records | None, owner: str) -> None:
    """Leave no claim of a worker behind that was ended in the middle."""
    if records is not None:
        with suppress(OSError):
            release(records.place, owner)


def _paths(config: Config, home: Home, stages: str | None) -> Paths:
    """What workers on other nodes need of this one's disks."""
    named = (config.encoder, synonyms_of(config), os.environ.get(MIRROR))
    written = [str(home.data), *([stages] if stages else [])]
    return Paths(tuple(written), tuple(str(path) for path in named if path and Path(path).exists()))


@contextmanager
def _only_one(folder: SearchFolder) -> Iterator[None]:
    """Keeps a second launch of the same search out; the lock dies with its holder.

    Raises:
        UserError: when another process runs it, or a link or a pipe stands where a file of it belongs.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    with _lock(folder.lock) as handle:
        for attempts_left in reversed(range(LOOKS)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if not attempts_left:
                    raise UserError(
                        f"search {folder.name!r} is being run by another process: wait for it, or stop it first"
                    ) from error
                time.sleep(0.1)
        yield


def _lock(file: Path) -> BinaryIO:
    try:
        return plain_file(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)
    except PermissionError:
        raise
    except OSError as error:
        raise UserError(f"{file} cannot be opened: {error.strerror}: remove it, if no launch is running") from error


class _Room:
    """Keeps weights of targets only where they may be exported, and the store within its size."""

    def __init__(self, records: Records, study: Study) -> None:
        self.records, self.study = records, study
        self._forgotten: set[str] = set()
        self._watch = Watch(records.place)
        self._bytes, self._trained, self._largest = 0, 0, math.inf

    def __call__(self, event: Event) -> None:
        """A job ended."""
        try:
            for key in self._spare(event) - self._forgotten:
                self.records.forget(key)
                self._forgotten.add(key)
            self._shrink(event)
        except OSError as error:
            self.records.note("", f"weights could not be removed ({error})")

    def _shrink(self, event: Event) -> None:
        """Look at the whole store only when what was trained since may have filled it."""
        size = self.study.config.store.max_size
        self._trained += sum(stage.trained for stage in event.outcome.stages) if event.outcome else 1
        if size is not None and self._bytes + self._trained * self._largest > size:
            shrunk = shrink(self.records, size, self._watch)
            self._bytes, self._trained, self._largest = shrunk.after, 0, shrunk.largest

    def _spare(self, event: Event) -> set[str]:
        """Targets of trials that are neither the best so far, nor the baseline, nor finalists."""
        ranked = self.study.complete()
        kept = {record.number for record in [*ranked[:1], *finalists(ranked, self.study.config)]}
        needed: set[str] = set()
        spare: set[str] = set()
        for record in ranked:
            keys = {stage.key for stage in record.outcome.stages if stage.target} if record.outcome else set()
            (needed if record.number in kept else spare).update(keys)
        if (event.job.seed is not None or event.pruned) and event.outcome is not None:
            spare.update(stage.key for stage in event.outcome.stages if stage.target)
        self._forgotten -= needed
        return spare - needed


class _Reach:
    """Tells where synonyms move a task's words less than they were asked to."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell

    def __call__(self, event: Event) -> None:
        """A job ended."""
        for stage, run in zip(event.job.trial.stages, event.outcome.stages if event.outcome else (), strict=False):
            asked, reached = stage.noise.magnitude, run.native.get("reached")
            if reached is not None and reached < 0.99 * asked:
                why = (
                    "no word of it is among the synonyms" if reached == 0 else "every word is drawn as often as can be"
                )
                self.tell(f"augmentation {asked:g} of {stage.task} reaches {reached:.3g}: {why}")
