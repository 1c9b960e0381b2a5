"""Stages as a plan and a sampler know them: by all that decides them but data, encoder and arithmetic; and which of them a store has."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainables.curriculum import Stage
from trainables.store import CPU_ARITHMETIC, StageEntry, build_stage_identity
from trainables.validation import DataError

PathSignature = tuple[str, ...]
"""A stage with those that it stands on, the first one first."""


def compute_path_signature(path: tuple[Stage, ...], target: bool) -> PathSignature:
    """What decides each stage of a path, data, encoder and arithmetic apart; the last one may be a target."""
    *trunk, last = path
    return (*(_compute_stage_signature(stage) for stage in trunk), _compute_stage_signature(last, target=target))


@lru_cache(maxsize=4096)
def _compute_stage_signature(stage: Stage, *, target: bool = False) -> str:
    return _serialize_own_fields(build_stage_identity(stage, "", "", target=target))


def _serialize_own_fields(document: Mapping[str, Any]) -> str:
    own = {key: value for key, value in document.items() if key not in ("parent", "data", "arithmetic")}
    return json.dumps(own, sort_keys=True)


def select_stages_on_encoder(encoder: str, entries: Iterable[StageEntry]) -> list[StageEntry]:
    """The stages on top of an encoder, as a config names it, wherever it lay when they were trained."""
    by_key = {entry.key: entry for entry in entries}

    def root(entry: StageEntry) -> str:
        return _collect_ancestors(entry, by_key)[-1].parent

    roots = {root(entry) for entry in by_key.values() if entry.path[0] == encoder}
    if not roots and by_key and Path(encoder).is_dir() and (content := hash_encoder(encoder)) is not None:
        roots = {content}  # it may have been moved here
    return [entry for entry in by_key.values() if root(entry) in roots]


def hash_encoder(encoder: str) -> str | None:
    """Of an encoder's content; None if it cannot be read."""
    from trainables.encoders import load_encoder

    try:
        return load_encoder(encoder).hash
    except (DataError, OSError, ValueError):
        return None


def collect_trained_paths(entries: Iterable[StageEntry], arithmetic: str) -> set[PathSignature]:
    """The paths that the store need not train: targets scored, intermediate stages with their weights.

    Args:
        entries: of the store, on top of one encoder (`select_stages_on_encoder`).
        arithmetic: as in a config, a value of `trainables.store.ARITHMETIC_BY_DEVICE`.
    """
    by_key = {entry.key: entry for entry in entries if entry.identity.get("arithmetic", CPU_ARITHMETIC) == arithmetic}
    found = set()
    for entry in by_key.values():
        if entry.bytes or entry.identity.get("target"):
            found.add(
                tuple(_serialize_own_fields(each.identity) for each in reversed(_collect_ancestors(entry, by_key)))
            )
    return found


def _collect_ancestors(entry: StageEntry, by_key: Mapping[str, StageEntry]) -> list[StageEntry]:
    """The stage and those below it, down to the encoder; a record may name any stage as its parent, so each counts once."""
    chain = {entry.key: entry}
    while (parent := by_key.get(entry.parent)) is not None and parent.key not in chain:
        chain[parent.key] = entry = parent
    return list(chain.values())
