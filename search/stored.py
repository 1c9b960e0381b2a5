"""Stages as a plan and a sampler know them: by all that decides them but data, encoder and arithmetic; and which of them a store has."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainables.curriculum import Stage
from trainables.store.identity import CPU, identity
from trainables.store.records import Entry
from trainables.validation._errors import DataError

Described = tuple[str, ...]
"""A stage with those that it stands on, the first one first."""


def described(path: tuple[Stage, ...], target: bool) -> Described:
    """What decides each stage of a path, data, encoder and arithmetic apart; the last one may be a target."""
    *trunk, last = path
    return (*(_stage(stage) for stage in trunk), _stage(last, target=target))


@lru_cache(maxsize=4096)
def _stage(stage: Stage, *, target: bool = False) -> str:
    return _own(identity(stage, "", "", target=target))


def _own(document: Mapping[str, Any]) -> str:
    own = {key: value for key, value in document.items() if key not in ("parent", "data", "arithmetic")}
    return json.dumps(own, sort_keys=True)


def on_top_of(encoder: str, entries: Iterable[Entry]) -> list[Entry]:
    """The stages on top of an encoder, as a config names it, wherever it lay when they were trained."""
    by_key = {entry.key: entry for entry in entries}

    def root(entry: Entry) -> str:
        return _chain(entry, by_key)[-1].parent

    roots = {root(entry) for entry in by_key.values() if entry.path[0] == encoder}
    if not roots and by_key and Path(encoder).is_dir() and (content := hash_of(encoder)) is not None:
        roots = {content}  # it may have been moved here
    return [entry for entry in by_key.values() if root(entry) in roots]


def hash_of(encoder: str) -> str | None:
    """Of an encoder's content; None if it cannot be read."""
    from trainables import encoders

    try:
        return encoders.load(encoder).hash
    except (DataError, OSError, ValueError):
        return None


def stored(entries: Iterable[Entry], arithmetic: str) -> set[Described]:
    """The paths that the store need not train: targets scored, intermediate stages with their weights.

    Args:
        entries: of the store, on top of one encoder (`on_top_of`).
        arithmetic: as in a config, a value of `trainables.store.identity.ARITHMETIC`.
    """
    by_key = {entry.key: entry for entry in entries if entry.identity.get("arithmetic", CPU) == arithmetic}
    found = set()
    for entry in by_key.values():
        if entry.bytes or entry.identity.get("target"):
            found.add(tuple(_own(each.identity) for each in reversed(_chain(entry, by_key))))
    return found


def _chain(entry: Entry, by_key: Mapping[str, Entry]) -> list[Entry]:
    """The stage and those below it, down to the encoder; a record may name any stage as its parent, so each counts once."""
    chain = {entry.key: entry}
    while (parent := by_key.get(entry.parent)) is not None and parent.key not in chain:
        chain[parent.key] = entry = parent
    return list(chain.values())
