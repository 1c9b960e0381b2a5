"""Run a search: start, resume, extend. One command, one truth: the study."""

import fcntl
import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from rich.console import Console

from search import racing
from search.agenda import Agenda, Event
from search.config import Config, dump, validate
from search.data import make_ready
from search.design import cut_short
from search.documents import read
from search.encoder import same_encoder
from search.environment import set_up_ray
from search.errors import SpaceChangedError, UserError
from search.home import Home, SearchFolder, written_aside
from search.progress import ProgressLines
from search.readiness import keep_synonyms, ready
from search.recorded import finalists
from search.review import review
from search.stored import stored
from search.study import Study, began, stage_versions
from search.tracking import Tracker
from trainables.benchmarks.cards import SAMPLED
from trainables.store.identity import STAGE_VERSION
from trainables.store.leases import Watch
from trainables.store.records import Records
from trainables.store.size import shrink, tidy

FREE = {
    "curriculum.retention",
    "name",
    "trials",
    "budget",
    "stop",
    "racing",
    "finalists",
    "store",
    "resources",
    "tracking",
    "sampler",
    "orders",
    "prior",
}
"""Fields that may change between launches of a search: they do not change what a trial is or is worth."""

_SYNONYMS = "space.noise.synonyms"
"""Compared by what it holds (`search.readiness`), not by where it lies."""


def launch(config: Config, home: Home, console: Console, address: str | None = None) -> Study:
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
    folder = home.folder(config.name)
    config, synonyms = ready(config, folder)
    stages = home.stage_store(config.store)
    check_space(folder, config, stages)
    earlier = Study.open(home.find(config.prior.search)) if config.prior.search else None
    with _only_one(folder):
        if synonyms is not None:
            keep_synonyms(synonyms, folder)
        with written_aside(folder.config) as file:
            file.write_text(dump(config), encoding="utf-8")
        study = Study(folder.journal, config)
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
    study: Study, folder: SearchFolder, home: Home, stages: str | None, console: Console, address: str | None
) -> None:
    config = study.config
    with Tracker(config, home, console) as tracker, ProgressLines(study, console) as progress:
        agenda = Agenda(config, study, listeners=[])
        progress.watch(agenda)
        agenda.listeners.append(_Reach(progress.note))
        agenda.listeners.append(lambda event: None if event.again else tracker.trial_ended(study, event.job.number))
        records = Records(stages, progress.note) if stages else None
        if records is not None:
            entries = list(records.entries()) if agenda.ahead else []
            if old := sum(not entry.current and entry.bytes > 0 for entry in entries):
                progress.note(
                    f"stage store: {old} of {len(entries)} stages have another stage version than {STAGE_VERSION}, that of this xlt-search, whose "
                    "training or scoring differs: they are not used; xlt store gc takes their weights first, and this note goes with them"
                )
            study.held = cache(lambda: stored(entries, config.encoder, config.resources.arithmetic))
            agenda.listeners.append(_Room(records, study))
        if agenda.ahead:
            set_up_ray(address)
            from search.workers import cluster, work

            make_ready(config, home, console)
            with cluster(config, address):
                work(agenda, config, stages, home.data, folder.scratch)
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


def check_space(folder: SearchFolder, config: Config, stages: str | None = None) -> None:
    """Refuse a config whose trials could not be compared with those that are there.

    Args:
        folder: of the search.
        config: to be launched.
        stages: the store, whose records know an encoder that lies elsewhere now.

    Raises:
        SpaceChangedError: listing each difference.
    """
    if not folder.config.exists() or not folder.journal.exists():
        return
    if not began(folder):
        return  # it was refused before its first trial
    began_with = validate(read(folder.config), str(folder.config), looking=True)
    if began_with.encoder != config.encoder and same_encoder(folder, began_with.encoder, config.encoder, stages):
        began_with = began_with.model_copy(update={"encoder": config.encoder})
    own = began_with.training.tasks.keys() | config.training.tasks.keys()
    before, now = _settings(began_with, own), _settings(config, own)
    differences = [
        f"{key}: was {before.get(key, 'absent')!r}, is {now.get(key, 'absent')!r}"
        for key in sorted(before.keys() | now.keys())
        if FREE.isdisjoint((key, key.split(".")[0])) and _told(key, before) != _told(key, now)
    ]
    if older := stage_versions(folder) - {str(STAGE_VERSION)}:
        differences.append(
            f"stage version: was {', '.join(sorted(older))}, is {STAGE_VERSION}: stages are trained or scored otherwise since"
        )
    if differences:
        raise SpaceChangedError(config.name, differences)


def _settings(config: Config, own: Collection[str]) -> dict[str, Any]:
    """Every setting by its dotted path; of the tasks that have a length of their own, in either config, the whole of it."""
    document = config.model_dump(mode="json")
    document["training"]["tasks"] = {
        task: config.length(task).model_dump(mode="json")
        for task in (*config.targets, *config.intermediate)
        if {task, task.partition(SAMPLED)[0]} & set(own)
    }
    return _flat(document)


def _told(key: str, settings: dict[str, Any]) -> Any:
    return settings.get(key) is None if key == _SYNONYMS else settings.get(key)


def _flat(document: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(document, dict) or not document:
        return {prefix.removesuffix("."): document}
    return {key: value for name, part in document.items() for key, value in _flat(part, f"{prefix}{name}.").items()}


@contextmanager
def _only_one(folder: SearchFolder) -> Iterator[None]:
    """Keeps a second launch of the same search out; the lock dies with its holder."""
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"search {folder.name!r} is being run by another process: wait for it, or stop it first"
            ) from error
        yield


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
