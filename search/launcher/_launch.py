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

from search.cluster import SharedPaths, check_cluster_address, check_machine, get_code_digest, set_ray_environment
from search.config import Config, dump_config
from search.data import prepare_data
from search.errors import UserError
from search.home import Home, SearchFolder, write_atomically
from search.launcher._inputs import copy_synonyms, resolve_inputs
from search.launcher._progress import ProgressReporter
from search.launcher._scheduler import JobEvent, Scheduler
from search.launcher._writable_study import WritableStudy
from search.planner import get_synonyms_file
from search.process import ensure_cleanup
from search.report import list_racing_warnings, write_report_files
from search.results import analyse_racing
from search.space import collect_trained_paths, explain_incomplete_design, select_stages_on_encoder
from search.study import Study, check_space, repair_journal, select_finalists
from search.tracking import Tracker
from trainables.cards import MIRROR_VARIABLE
from trainables.store import (
    STAGE_VERSION,
    LeaseMonitor,
    StageRecords,
    remove_launch_leases,
    remove_leftovers,
    shrink_store,
)
from trainables.validation import open_regular_file

LOCK_ATTEMPTS = 5
"""Attempts at the lock of a search: somebody who looks whether it is live holds it for an instant."""


def launch(config: Config, home: Home, console: Console, address: str | None = None) -> WritableStudy:
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
        check_cluster_address(address)
    folder = home.get_search_folder(config.name)
    config, synonyms = resolve_inputs(config, folder)
    stages = home.resolve_stage_store(config.store)
    check_space(folder, config, stages)
    earlier = Study.open(home.find_search(config.prior.search)) if config.prior.search else None
    with _hold_search_lock(folder):
        if mended := repair_journal(folder.journal):
            console.print(mended, highlight=False, markup=False, soft_wrap=True)
        if synonyms is not None:
            copy_synonyms(synonyms, folder)
        with write_atomically(folder.config) as file:
            file.write_text(dump_config(config), encoding="utf-8")
        study = WritableStudy(folder.journal, config)
        if earlier is not None:
            study.learn_from(earlier)
            if study.earlier is None:
                console.print(
                    f"prior.search: {earlier.config.name} has too few complete trials to learn from", highlight=False
                )
        if short := explain_incomplete_design(config):
            console.print(short, highlight=False, markup=False)
        again = study.recover()
        if again:
            console.print(f"taking up {again} interrupted or failed trials again", highlight=False)
        _run_jobs(study, folder, home, stages, console, address)
    return study


def _run_jobs(
    study: WritableStudy, folder: SearchFolder, home: Home, stages: str | None, console: Console, address: str | None
) -> None:
    config = study.config
    with Tracker(config, home, console) as tracker, ProgressReporter(study, console) as progress:
        agenda = Scheduler(config, study, listeners=[])
        records = StageRecords(stages, progress.note) if stages else None
        entries = list(records.iterate_entries()) if records is not None and agenda.pending_jobs else []
        progress.follow(agenda, entries)
        agenda.listeners.append(_AugmentationMonitor(progress.note))
        agenda.listeners.append(lambda event: None if event.again else tracker.record_trial(study, event.job.number))
        if records is not None:
            if old := sum(not entry.is_current and entry.bytes > 0 for entry in entries):
                progress.note(
                    f"stage store: {old} of {len(entries)} stages have another stage version than {STAGE_VERSION}, that of this xlt-search, whose "
                    "training or scoring differs: they are not used; xlt store gc takes their weights first, and this note goes with them"
                )
            study.held = cache(
                lambda: collect_trained_paths(
                    select_stages_on_encoder(config.encoder, study.select_stages_before_start(entries)),
                    config.resources.arithmetic,
                )
            )
            agenda.listeners.append(_StoreCleaner(records, study))
        if agenda.pending_jobs:
            set_ray_environment(address)
            check_machine(config, address)
            get_code_digest()  # of what this process imported, whatever is on the disk when the data are read
            prepare_data(config, home, console)
            from search.cluster.connection import collect_store_credentials, open_cluster
            from search.launcher._workers import run_jobs_on_workers

            owner, keys = secrets.token_hex(4), collect_store_credentials(stages)
            with (
                ensure_cleanup(lambda: _release_claims(records, owner)),
                open_cluster(
                    config, address, _collect_shared_paths(config, home, stages), keys, progress.note, owner
                ) as room,
            ):
                run_jobs_on_workers(
                    agenda, config, stages, home.data, folder.scratch if address else room / "tune", keys
                )
        if records is not None:
            with suppress(OSError):  # told already
                remove_leftovers(records)
        written = write_report_files(study, folder, console)
        tracker.record_launch(study, folder.results, written.files, written.answer)
        if agenda.left and agenda.stop_reason:
            console.print(f"no further trials: {agenda.stop_reason}", highlight=False, markup=False, soft_wrap=True)
        if agenda.exhausted:
            of = "design" if config.sampler == "orders" else "space"
            console.print(f"the {of} holds no further trial: every curriculum was tried", highlight=False)
        for warning in list_racing_warnings(analyse_racing(study.get_trial_records(), config)):
            console.print(warning, highlight=False, markup=False, soft_wrap=True)


def _release_claims(records: StageRecords | None, owner: str) -> None:
    """Leave no claim of a worker behind that was ended in the middle."""
    if records is not None:
        with suppress(OSError):
            remove_launch_leases(records.location, owner)


def _collect_shared_paths(config: Config, home: Home, stages: str | None) -> SharedPaths:
    """What workers on other nodes need of this one's disks."""
    named = (config.encoder, get_synonyms_file(config), os.environ.get(MIRROR_VARIABLE))
    written = [str(home.data), *([stages] if stages else [])]
    return SharedPaths(tuple(written), tuple(str(path) for path in named if path and Path(path).exists()))


@contextmanager
def _hold_search_lock(folder: SearchFolder) -> Iterator[None]:
    """Keeps a second launch of the same search out; the lock dies with its holder.

    Raises:
        UserError: when another process runs it, or a link or a pipe stands where a file of it belongs.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    with _open_lock_file(folder.lock) as handle:
        for attempts_left in reversed(range(LOCK_ATTEMPTS)):
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


def _open_lock_file(file: Path) -> BinaryIO:
    try:
        return open_regular_file(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)
    except PermissionError:
        raise
    except OSError as error:
        raise UserError(f"{file} cannot be opened: {error.strerror}: remove it, if no launch is running") from error


class _StoreCleaner:
    """Keeps weights of targets only where they may be exported, and the store within its size."""

    def __init__(self, records: StageRecords, study: Study) -> None:
        self.records, self.study = records, study
        self._removed_keys: set[str] = set()
        self._lease_monitor = LeaseMonitor(records.location)
        self._bytes, self._trained, self._largest = 0, 0, math.inf

    def __call__(self, event: JobEvent) -> None:
        """A job ended."""
        try:
            for key in self._list_removable_targets(event) - self._removed_keys:
                self.records.remove_weights(key)
                self._removed_keys.add(key)
            self._shrink_if_full(event)
        except OSError as error:
            self.records.warn_once("", f"weights could not be removed ({error})")

    def _shrink_if_full(self, event: JobEvent) -> None:
        """Look at the whole store only when what was trained since may have filled it."""
        size = self.study.config.store.max_size
        self._trained += sum(stage.trained for stage in event.outcome.stages) if event.outcome else 1
        if size is not None and self._bytes + self._trained * self._largest > size:
            shrunk = shrink_store(self.records, size, self._lease_monitor)
            self._bytes, self._trained, self._largest = shrunk.after, 0, shrunk.largest

    def _list_removable_targets(self, event: JobEvent) -> set[str]:
        """Targets of trials that are neither the best so far, nor the baseline, nor finalists."""
        ranked = self.study.get_complete_trials()
        kept = {record.number for record in [*ranked[:1], *select_finalists(ranked, self.study.config)]}
        needed: set[str] = set()
        spare: set[str] = set()
        for record in ranked:
            keys = {stage.key for stage in record.outcome.stages if stage.target} if record.outcome else set()
            (needed if record.number in kept else spare).update(keys)
        if (event.job.seed is not None or event.pruned) and event.outcome is not None:
            spare.update(stage.key for stage in event.outcome.stages if stage.target)
        self._removed_keys -= needed
        return spare - needed


class _AugmentationMonitor:
    """Tells where synonyms move a task's words less than they were asked to."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell

    def __call__(self, event: JobEvent) -> None:
        """A job ended."""
        for stage, run in zip(event.job.trial.stages, event.outcome.stages if event.outcome else (), strict=False):
            asked, reached = stage.noise.magnitude, run.native.get("reached")
            if reached is not None and reached < 0.99 * asked:
                why = (
                    "no word of it is among the synonyms" if reached == 0 else "every word is drawn as often as can be"
                )
                self.tell(f"augmentation {asked:g} of {stage.task} reaches {reached:.3g}: {why}")
