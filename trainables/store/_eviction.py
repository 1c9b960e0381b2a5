"""Keeps a store within a size, and clean."""

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
from trainables.store._record_schema import RECORD_FILE
from trainables.store._records import ASIDE_FOLDER, RECORD_FORMAT, StageEntry, StageRecords, is_weights_file


@dataclass(frozen=True, slots=True)
class EvictionResult:
    """What was taken, or would be."""

    evicted: tuple[StageEntry, ...]
    """Stages whose weights went, least valuable first; their records and scores stay."""
    before: int
    """Bytes of all weights."""
    after: int
    largest: int
    """Bytes of the largest stage."""


def select_least_valuable(entries: Iterable[StageEntry], size: int, kept: Collection[str]) -> list[StageEntry]:
    """The stages whose weights have to go for the rest to fit into `size` bytes, if those kept allow.

    Stages of an earlier version of the program, which nobody asks for, go first. Worth is what a stage costs to train again per byte;
    among equals the older goes first.
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
    records: StageRecords, size: int, watch: LeaseMonitor | None = None, *, dry_run: bool = False
) -> EvictionResult:
    """Take weights until those that are left fit into `size` bytes; never those that a running trial needs.

    Args:
        records: of the store.
        size: bytes.
        watch: tells the leases of the dead, if it has looked at them for long enough.
        dry_run: only say what would go.
    """
    entries = list(records.iterate_entries())
    before = sum(entry.bytes for entry in entries)
    taken: list[StageEntry] = []
    for entry in select_least_valuable(entries, size, list_stages_in_use(records, watch)):
        if not dry_run:
            if entry.key in list_stages_in_use(records, watch):
                continue
            for name in entry.files:
                records.location.remove(f"{entry.key}/{name}")
        taken.append(entry)
    return EvictionResult(
        tuple(taken), before, before - sum(entry.bytes for entry in taken), max((e.bytes for e in entries), default=0)
    )


def list_stages_in_use(records: StageRecords, watch: LeaseMonitor | None = None) -> set[str]:
    """The stages that running trials need or train; of trials that died too, until `follow` or `remove_leftovers` has found that out."""
    place, needed = records.location, set[str]()
    for path in list_leases(place):
        if watch is not None and watch.is_stale(path):
            continue
        folder, _, name = path.partition("/")
        if folder == CLAIMS_FOLDER:
            needed.add(name.partition(".")[0])
            continue
        content = read_lease(place, path)
        if content is None:
            continue
        words = content.decode(errors="replace").split()
        # One that is being written this moment may come to name anything.
        needed.update(words[2:] if len(words) > 2 else records.list_stages())
    return needed


def remove_launch_leases(place: Location, owner: str) -> None:
    """Remove what the processes of a launch left that were ended in the middle; none of them lives any more.

    Args:
        place: the store's.
        owner: of the launch (`OWNER`).
    """
    for path in list_leases(place):
        if read_token(place, path).startswith(owner):
            place.remove(path)
    for name in place.list_names(ASIDE_FOLDER):
        if name.startswith(owner):
            place.remove(f"{ASIDE_FOLDER}/{name}")


def remove_leftovers(records: StageRecords) -> None:
    """Remove what dead processes left: leases, and stages that they were writing.

    Raises:
        OSError: when it cannot; nothing was removed if a folder of the store's own is a link.
    """
    place = records.location
    aside = place.list_names(ASIDE_FOLDER)
    remove_stale_leases(place)
    alive = {read_token(place, path) for path in list_leases(place)}
    for name in aside:
        if name not in alive:
            try:
                place.remove(f"{ASIDE_FOLDER}/{name}")
            except OSError as error:
                records.warn_once("", f"{ASIDE_FOLDER}/{name} could not be removed ({error.strerror or error})")
    for key in [] if place.is_local else records.list_stages():
        names = place.list_names(key)
        if is_claimed(place, key):
            continue
        # Uploads seen before nobody held the claim, that no record tells of now: their holder is dead.
        record = records.read_document(key, RECORD_FILE)
        if (record is None and place.exists(f"{key}/{RECORD_FILE}")) or (
            record is not None and record["format"] > RECORD_FORMAT
        ):
            continue
        known = {file["at"] for file in record["files"].values()} if record else set()
        for name in names:
            if is_weights_file(name) and name not in known:
                place.remove(f"{key}/{name}")
