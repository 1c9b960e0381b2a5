"""Stages as a plan and a sampler know them: by everything that decides them but data and encoder; and which of them a store has."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from trainables.curriculum import Stage
from trainables.store.identity import identity
from trainables.store.records import Entry

Described = tuple[str, ...]
"""A stage with those that it stands on, the first one first."""


def described(path: tuple[Stage, ...], target: bool) -> Described:
    """What decides each stage of a path, data and encoder apart; the last one may be a target."""
    *trunk, last = path
    return (*(_stage(stage) for stage in trunk), _stage(last, target=target))


@lru_cache(maxsize=4096)
def _stage(stage: Stage, *, target: bool = False) -> str:
    return _own(identity(stage, "", "", target=target))


def _own(document: Mapping[str, Any]) -> str:
    own = {key: value for key, value in document.items() if key not in ("parent", "data")}
    return json.dumps(own, sort_keys=True)


def stored(entries: Iterable[Entry]) -> set[Described]:
    """The paths of one encoder that the store need not train: targets scored, intermediate stages with their weights."""
    by_key = {entry.key: entry for entry in entries}
    found = set()
    for entry in by_key.values():
        if entry.bytes or entry.identity.get("target"):
            chain, at = [_own(entry.identity)], entry
            while (parent := by_key.get(at.identity["parent"])) is not None:
                chain.append(_own(parent.identity))
                at = parent
            found.add(tuple(reversed(chain)))
    return found
