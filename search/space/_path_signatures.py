"""Path signatures: identities of stages without data, encoder and arithmetic, for plans and samplers; and which of them a store has."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainables.curriculum import Stage
from trainables.store import CPU_ARITHMETIC, StageEntry, build_stage_identity
from trainables.validation import DataError

PathSignature = tuple[str, ...]
"""The signatures of a stage and its ancestors, from the root down."""


def compute_path_signature(path: tuple[Stage, ...], target: bool) -> PathSignature:
    """The signature of a path of stages.

    Args:
        path: stages from the root down.
        target: whether the last stage is a target.
    """
    *trunk, last = path
    above = len(trunk) - 1 if last.shots else None  # a few-shot continuation stands on top of a target
    signatures = (_compute_stage_signature(stage, target=place == above) for place, stage in enumerate(trunk))
    return (*signatures, _compute_stage_signature(last, target=target))


@lru_cache(maxsize=4096)
def _compute_stage_signature(stage: Stage, *, target: bool = False) -> str:
    return _serialize_own_fields(build_stage_identity(stage, "", "", target=target))


def _serialize_own_fields(document: Mapping[str, Any]) -> str:
    own = {key: value for key, value in document.items() if key not in ("parent", "data", "arithmetic")}
    return json.dumps(own, sort_keys=True)


def select_stages_on_encoder(encoder: str, entries: Iterable[StageEntry]) -> list[StageEntry]:
    """The entries that were trained on an encoder, as named in a config, even if its folder was moved since."""
    by_key = {entry.key: entry for entry in entries}

    def root(entry: StageEntry) -> str:
        return _collect_ancestors(entry, by_key)[-1].parent

    roots = {root(entry) for entry in by_key.values() if entry.path[0] == encoder}
    if not roots and by_key and Path(encoder).is_dir() and (content := hash_encoder(encoder)) is not None:
        roots = {content}  # the folder may have been moved here
    return [entry for entry in by_key.values() if root(entry) in roots]


def hash_encoder(encoder: str) -> str | None:
    """The hash of an encoder's content; None if the encoder cannot be read."""
    from trainables.encoders import load_encoder

    try:
        return load_encoder(encoder).hash
    except (DataError, OSError, ValueError):
        return None


def collect_trained_paths(entries: Iterable[StageEntry], arithmetic: str) -> set[PathSignature]:
    """The signatures of paths that need no training: targets with scores, intermediate stages with weights.

    Args:
        entries: entries of the store on one encoder (`select_stages_on_encoder`).
        arithmetic: kind of arithmetic, a value of `trainables.store.ARITHMETIC_BY_DEVICE`.
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
    """The stage and its ancestors, the root last. Each is listed once, because damaged records may form a cycle."""
    chain = {entry.key: entry}
    while (parent := by_key.get(entry.parent)) is not None and parent.key not in chain:
        chain[parent.key] = entry = parent
    return list(chain.values())
