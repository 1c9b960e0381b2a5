"""Launch a search: start, resume or extend it."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from rich.console import Console

from search.cluster import SharedPaths, check_cluster_address, check_machine, get_code_digest, set_ray_environment
from search.config import Config, dump_config
from search.data import prepare_data
from search.home import Home, SearchFolder, write_atomically
from search.launcher._augmentation_monitor import AugmentationMonitor
from search.launcher._inputs import copy_synonyms, resolve_inputs
from search.launcher._lock import hold_search_lock
from search.launcher._progress import ProgressReporter
from search.launcher._scheduler import Scheduler
from search.launcher._store_cleaner import StoreCleaner
from search.launcher._writable_study import WritableStudy
from search.planner import get_synonyms_file
from search.process import ensure_cleanup
from search.report import list_racing_warnings, write_report_files
from search.results import analyse_racing
from search.space import collect_trained_paths, explain_incomplete_design, select_stages_on_encoder
from search.study import Study, check_space, keep_encoder_languages, repair_journal
from search.terminal import print_plain
from search.tracking import Tracker
from trainables.cards import MIRROR_VARIABLE
from trainables.store import (
    STAGE_VERSION,
    Location,
    StageEntry,
    StageRecords,
    remove_launch_leases,
    remove_leftovers,
)


def launch(config: Config, home: Home, console: Console, address: str | None = None) -> WritableStudy:
    """Run a search to its end.

    A killed search continues where it stopped. A search whose ``trials`` grew is extended. Failed trials run once more.

    Args:
        config: config of the search.
        home: the home folder.
        console: shows the progress.
        address: address of a running Ray cluster; by default Ray is started for this launch alone.

    Returns:
        The study with all trials.

    Raises:
        SpaceChangedError: if a search of this name has another space.
        UserError: if another process runs the search, synonyms or data sets are missing, or the cluster lacks what a trial needs.
        ClusterLostError: if Ray does not start, or its nodes are lost.
    """
    if address is not None:
        check_cluster_address(address)
    folder = home.get_search_folder(config.name)
    config, synonyms = resolve_inputs(config, folder)
    config = keep_encoder_languages(folder, config)
    stages = home.resolve_stage_store(config.store)
    check_space(folder, config, stages)
    earlier = Study.open(home.find_search(config.prior.search)) if config.prior.search else None
    with hold_search_lock(folder):
        if repair := repair_journal(folder.journal):
            print_plain(console, repair)
        if synonyms is not None:
            copy_synonyms(synonyms, folder)
        with write_atomically(folder.config) as file:
            file.write_text(dump_config(config), encoding="utf-8")
        study = _open_study(config, folder, earlier, console)
        _run_jobs(study, folder, home, stages, console, address)
    return study


def _open_study(config: Config, folder: SearchFolder, earlier: Study | None, console: Console) -> WritableStudy:
    """Open the study, and enqueue the trials that run first."""
    study = WritableStudy(folder.journal, config)
    if earlier is not None:
        study.learn_from(earlier)
        if study.earlier is None:
            print_plain(console, f"prior.search: {earlier.config.name} has too few complete trials to learn from")
    if reason := explain_incomplete_design(config):
        print_plain(console, reason)
    if count := study.recover():
        print_plain(console, f"running {count} interrupted or failed trial{'s' * (count != 1)} again")
    return study


def _run_jobs(
    study: WritableStudy, folder: SearchFolder, home: Home, stages: str | None, console: Console, address: str | None
) -> None:
    with Tracker(study.config, home, console) as tracker, ProgressReporter(study, console) as progress:
        records = StageRecords(stages, progress.note) if stages else None
        scheduler = _make_scheduler(study, records, tracker, progress)
        progress.describe_work()
        if scheduler.pending_jobs:
            _run_on_cluster(scheduler, folder, home, stages, progress, address)
        if records is not None:
            with suppress(OSError):  # `records` has noted it
                remove_leftovers(records)
        written = write_report_files(study, folder, console)
        tracker.record_launch(study, folder.results, written.files, written.answer)
        for note in _list_final_notes(scheduler):
            print_plain(console, note)


def _make_scheduler(
    study: WritableStudy, records: StageRecords | None, tracker: Tracker, progress: ProgressReporter
) -> Scheduler:
    """Make the scheduler with its listeners: progress, notes, MLflow, and the removal of weights."""
    scheduler = Scheduler(study.config, study, listeners=[])
    entries = list(records.iterate_entries()) if records is not None and scheduler.pending_jobs else []
    progress.follow(scheduler, entries)
    scheduler.listeners.append(AugmentationMonitor(progress.note))
    scheduler.listeners.append(
        lambda event: None if event.will_retry else tracker.record_trial(study, event.job.number)
    )
    if records is not None:
        _note_other_stage_versions(entries, progress)
        study.list_stored_paths = cache(
            lambda: collect_trained_paths(
                select_stages_on_encoder(study.config.encoder, study.select_stages_before_start(entries)),
                study.config.resources.arithmetic,
            )
        )
        scheduler.listeners.append(StoreCleaner(records, study))
    return scheduler


def _note_other_stage_versions(entries: Sequence[StageEntry], progress: ProgressReporter) -> None:
    if other := sum(not entry.is_current and entry.bytes > 0 for entry in entries):
        progress.note(
            f"stage store: {other} of {len(entries)} stages have another stage version than {STAGE_VERSION}, the version of this "
            "xlt-search. They are not used, since their training or scoring differs. xlt store gc removes their weights first"
        )


def _run_on_cluster(
    scheduler: Scheduler,
    folder: SearchFolder,
    home: Home,
    stages: str | None,
    progress: ProgressReporter,
    address: str | None,
) -> None:
    """Check everything that can be checked before training, start or join Ray, and run the jobs."""
    config = scheduler.config
    set_ray_environment(address)
    check_machine(config, address)
    get_code_digest()  # before the data are read, which takes long: the code on disk may change meanwhile
    prepare_data(config, home, progress.console)
    from search.cluster.connection import collect_store_credentials, open_cluster
    from search.launcher._workers import run_jobs_on_workers

    owner, keys = secrets.token_hex(4), collect_store_credentials(stages)
    paths = _collect_shared_paths(config, home, stages)
    with (
        ensure_cleanup(lambda: _release_claims(stages, owner)),
        open_cluster(config, address, paths, keys, progress.note, owner) as session_folder,
    ):
        scratch = folder.scratch if address else session_folder / "tune"
        run_jobs_on_workers(scheduler, config, stages, home.data, scratch, keys)


def _release_claims(stages: str | None, owner: str) -> None:
    """Remove the claims of this launch's workers from the store, if a worker was killed while it trained."""
    if stages is not None:
        with suppress(OSError):
            remove_launch_leases(Location(stages), owner)


def _collect_shared_paths(config: Config, home: Home, stages: str | None) -> SharedPaths:
    """The paths of this machine that workers on other nodes need."""
    inputs = (config.encoder, get_synonyms_file(config), os.environ.get(MIRROR_VARIABLE))
    return SharedPaths(
        writable=(str(home.data), *([stages] if stages else [])),
        readable=tuple(str(path) for path in inputs if path and Path(path).exists()),
    )


def _list_final_notes(scheduler: Scheduler) -> Iterator[str]:
    config, study = scheduler.config, scheduler.study
    if scheduler.trials_left and scheduler.stop_reason:
        yield f"no further trials: {scheduler.stop_reason}"
    if scheduler.exhausted:
        yield f"the {'design' if config.sampler == 'orders' else 'space'} has no untried trial left"
    yield from list_racing_warnings(analyse_racing(study.get_trial_records(), config))
