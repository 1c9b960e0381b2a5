"""Keeps a store within a size, and clean."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trainables.store.leases import CLAIMS, USES, leases, sweep
from trainables.store.records import ASIDE, RECORD, Entry, Records


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was taken, or would be."""

    taken: tuple[Entry, ...]
    """Stages whose weights went, least valuable first; their records and scores stay."""
    before: int
    """Bytes of all weights."""
    after: int


def least_valuable(entries: Iterable[Entry], size: int, kept: Collection[str]) -> list[Entry]:
    """The stages whose weights have to go for the rest to fit into `size` bytes, if those kept allow.

    Worth is what a stage costs to train again per byte; among equals the older goes first.
    """
    held = [entry for entry in entries if entry.bytes]
    total = sum(entry.bytes for entry in held)
    chosen: list[Entry] = []
    for entry in sorted(held, key=lambda entry: (entry.seconds / entry.bytes, entry.made)):
        if total <= size:
            break
        if entry.key not in kept:
            chosen.append(entry)
            total -= entry.bytes
    return chosen


def shrink(records: Records, size: int, *, dry_run: bool = False) -> Shrunk:
    """Take weights until those that are left fit into `size` bytes; never those that a running trial needs."""
    entries = list(records.entries())
    chosen = least_valuable(entries, size, in_use(records))
    before = sum(entry.bytes for entry in entries)
    if not dry_run:
        for entry in chosen:
            for name in entry.files:
                records.place.remove(f"{entry.key}/{name}")
    return Shrunk(tuple(chosen), before, before - sum(entry.bytes for entry in chosen))


def in_use(records: Records) -> set[str]:
    """The stages that running trials need or train, and those of trials that died a moment ago."""
    needed = set()
    for path in leases(records.place):
        folder, _, name = path.partition("/")
        if folder == CLAIMS:
            needed.add(name.partition(".")[0])
        elif folder == USES:
            try:
                needed.update(records.place.read(path).decode().split()[2:])
            except FileNotFoundError:
                continue
    return needed


def tidy(records: Records) -> None:
    """Remove what dead processes left: leases, and stages that they were writing."""
    place = records.place
    sweep(place)
    alive = {path.partition("/")[2] for path in leases(place)}
    for name in place.names(ASIDE):
        if name not in alive:
            place.remove(f"{ASIDE}/{name}")
    if place.local:
        return
    working = {name.partition(".")[0] for name in alive}
    for key in records.stages():
        if key in working:
            continue
        record = records.document(key, RECORD)
        known = {file["at"] for file in record["files"].values()} if record else set()
        for name in place.names(key):
            if name.endswith(".safetensors") and name not in known:
                place.remove(f"{key}/{name}")
