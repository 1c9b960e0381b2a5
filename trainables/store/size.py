"""Keeps a store within a size, and clean."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trainables.store.leases import CLAIMS, Watch, busy, content_of, leases, sweep, token_of
from trainables.store.place import Place
from trainables.store.records import ASIDE, FORMAT, RECORD, Entry, Records, is_weights


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was taken, or would be."""

    taken: tuple[Entry, ...]
    """Stages whose weights went, least valuable first; their records and scores stay."""
    before: int
    """Bytes of all weights."""
    after: int
    largest: int
    """Bytes of the largest stage."""


def least_valuable(entries: Iterable[Entry], size: int, kept: Collection[str]) -> list[Entry]:
    """The stages whose weights have to go for the rest to fit into `size` bytes, if those kept allow.

    Stages of an earlier version of the program, which nobody asks for, go first. Worth is what a stage costs to train again per byte;
    among equals the older goes first.
    """
    held = [entry for entry in entries if entry.bytes]
    total = sum(entry.bytes for entry in held)
    chosen: list[Entry] = []
    for entry in sorted(held, key=lambda entry: (entry.current, entry.seconds / entry.bytes, entry.made)):
        if total <= size:
            break
        if entry.key not in kept:
            chosen.append(entry)
            total -= entry.bytes
    return chosen


def shrink(records: Records, size: int, watch: Watch | None = None, *, dry_run: bool = False) -> Shrunk:
    """Take weights until those that are left fit into `size` bytes; never those that a running trial needs.

    Args:
        records: of the store.
        size: bytes.
        watch: tells the leases of the dead, if it has looked at them for long enough.
        dry_run: only say what would go.
    """
    entries = list(records.entries())
    before = sum(entry.bytes for entry in entries)
    taken: list[Entry] = []
    for entry in least_valuable(entries, size, in_use(records, watch)):
        if not dry_run:
            if entry.key in in_use(records, watch):
                continue
            for name in entry.files:
                records.place.remove(f"{entry.key}/{name}")
        taken.append(entry)
    return Shrunk(
        tuple(taken), before, before - sum(entry.bytes for entry in taken), max((e.bytes for e in entries), default=0)
    )


def in_use(records: Records, watch: Watch | None = None) -> set[str]:
    """The stages that running trials need or train; of trials that died too, until `watch` or `tidy` has found that out."""
    place, needed = records.place, set[str]()
    for path in leases(place):
        if watch is not None and watch.stale(path):
            continue
        folder, _, name = path.partition("/")
        if folder == CLAIMS:
            needed.add(name.partition(".")[0])
            continue
        content = content_of(place, path)
        if content is None:
            continue
        words = content.decode(errors="replace").split()
        # One that is being written this moment may come to name anything.
        needed.update(words[2:] if len(words) > 2 else records.stages())
    return needed


def release(place: Place, owner: str) -> None:
    """Remove what the processes of a launch left that were ended in the middle; none of them lives any more.

    Args:
        place: the store's.
        owner: of the launch (`OWNER`).
    """
    for path in leases(place):
        if token_of(place, path).startswith(owner):
            place.remove(path)
    for name in place.names(ASIDE):
        if name.startswith(owner):
            place.remove(f"{ASIDE}/{name}")


def tidy(records: Records) -> None:
    """Remove what dead processes left: leases, and stages that they were writing.

    Raises:
        OSError: when it cannot; nothing was removed if a folder of the store's own is a link.
    """
    place = records.place
    aside = place.names(ASIDE)
    sweep(place)
    alive = {token_of(place, path) for path in leases(place)}
    for name in aside:
        if name not in alive:
            try:
                place.remove(f"{ASIDE}/{name}")
            except OSError as error:
                records.note("", f"{ASIDE}/{name} could not be removed ({error.strerror or error})")
    for key in [] if place.local else records.stages():
        names = place.names(key)
        if busy(place, key):
            continue
        # Uploads seen before nobody held the claim, that no record tells of now: their holder is dead.
        record = records.document(key, RECORD)
        if (record is None and place.exists(f"{key}/{RECORD}")) or (record is not None and record["format"] > FORMAT):
            continue
        known = {file["at"] for file in record["files"].values()} if record else set()
        for name in names:
            if is_weights(name) and name not in known:
                place.remove(f"{key}/{name}")
