"""Evicts weights until a store fits a size, and removes what dead processes left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trainables.store._leases import (
    CLAIMS_FOLDER,
    LeaseMonitor,
    is_claimed,
    list_leases,
    read_lease,
    read_token,
    remove_stale_leases,
)
from trainables.store._location import Location
from trainables.store._record_schema import ASIDE_FOLDER, RECORD_FILE, RECORD_FORMAT, is_weights_file
from trainables.store._records import StageEntry, StageRecords


@dataclass(frozen=True, slots=True)
class EvictionResult:
    """What an eviction removed, or would remove."""

    evicted: tuple[StageEntry, ...]
    """Stages whose weights were removed, least valuable first; their records and scores stay."""
    before: int
    """Bytes of all weights before the eviction."""
    after: int
    """Bytes of all weights after it."""
    largest: int
    """Bytes of the largest stage."""


def select_least_valuable(entries: Iterable[StageEntry], size: int, kept: Collection[str]) -> list[StageEntry]:
    """The stages to evict so that the weights of the others fit into `size` bytes, as far as `kept` allows.

    Stages of earlier versions of the program, which are never used, come first. The value of a stage is its seconds of training per
    byte; the least valuable comes first, among equals the older.

    Args:
        entries: all stages of the store.
        size: bytes.
        kept: keys of stages that must stay.
    """
    held = [entry for entry in entries if entry.bytes]
    total = sum(entry.bytes for entry in held)
    chosen: list[StageEntry] = []
    for entry in sorted(held, key=lambda entry: (entry.is_current, entry.seconds / entry.bytes, entry.made)):
        if total <= size:
            break
        if entry.key not in kept:
            chosen.append(entry)
            total -= entry.bytes
    return chosen


def shrink_store(
    records: StageRecords, size: int, monitor: LeaseMonitor | None = None, *, dry_run: bool = False
) -> EvictionResult:
    """Remove weights until the rest fit into `size` bytes; weights that a running trial needs are never removed.

    Args:
        records: of the store.
        size: bytes.
        monitor: recognises leases of dead processes, once it has watched them for `STALE_SECONDS`.
        dry_run: remove nothing.
    """
    entries = list(records.iterate_entries())
    before = sum(entry.bytes for entry in entries)
    taken: list[StageEntry] = []
    for entry in select_least_valuable(entries, size, list_stages_in_use(records, monitor)):
        if not dry_run:
            if entry.key in list_stages_in_use(records, monitor):
                continue
            for name in entry.files:
                records.location.remove(f"{entry.key}/{name}")
        taken.append(entry)
    return EvictionResult(
        tuple(taken), before, before - sum(entry.bytes for entry in taken), max((e.bytes for e in entries), default=0)
    )


def list_stages_in_use(records: StageRecords, monitor: LeaseMonitor | None = None) -> set[str]:
    """The keys of the stages that running trials need or train. Those of a dead trial are among them until its leases are known to be
    stale, by `monitor` or by `remove_leftovers`."""
    location, needed = records.location, set[str]()
    for path in list_leases(location):
        if monitor is not None and monitor.is_stale(path):
            continue
        folder, _, name = path.partition("/")
        if folder == CLAIMS_FOLDER:
            needed.add(name.partition(".")[0])
            continue
        content = read_lease(location, path)
        if content is None:
            continue
        words = content.decode(errors="replace").split()
        # A lease that is being written at this moment may still come to name any stage.
        needed.update(words[2:] if len(words) > 2 else records.list_stages())
    return needed


def remove_launch_leases(location: Location, owner: str) -> None:
    """Remove the leases and unfinished stages of a launch whose processes have all ended.

    Args:
        location: of the store.
        owner: the launch's value of `OWNER_VARIABLE`.
    """
    for path in list_leases(location):
        if read_token(location, path).startswith(owner):
            location.remove(path)
    for name in location.list_names(ASIDE_FOLDER):
        if name.startswith(owner):
            location.remove(f"{ASIDE_FOLDER}/{name}")


def remove_leftovers(records: StageRecords) -> None:
    """Remove the leases and the unfinished stages of dead processes.

    Raises:
        OSError: when the store cannot be changed; nothing is removed if one of its service folders is a link.
    """
    location = records.location
    unfinished = location.list_names(ASIDE_FOLDER)
    remove_stale_leases(location)
    alive = {read_token(location, path) for path in list_leases(location)}
    for name in unfinished:
        if name not in alive:
            try:
                location.remove(f"{ASIDE_FOLDER}/{name}")
            except OSError as error:
                records.warn_once("", f"{ASIDE_FOLDER}/{name} could not be removed ({error.strerror or error})")
    for key in [] if location.is_local else records.list_stages():
        names = location.list_names(key)
        if is_claimed(location, key):
            continue
        # Uploads that were listed before the claim was found free, and that no record names: their writer is dead.
        record = records.read_document(key, RECORD_FILE)
        if (record is None and location.exists(f"{key}/{RECORD_FILE}")) or (
            record is not None and record["format"] > RECORD_FORMAT
        ):
            continue
        known = {file["at"] for file in record["files"].values()} if record else set()
        for name in names:
            if is_weights_file(name) and name not in known:
                location.remove(f"{key}/{name}")
