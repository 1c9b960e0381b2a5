"""The identity of a stage: the fields that decide its weights, and the key computed from them."""

import hashlib
import json
from typing import Any

from trainables.curriculum import Stage, collect_non_defaults

STAGE_VERSION = 2
"""Incremented by hand whenever the same stage would get other weights or other scores than before."""

ENCODING_VERSION = 3
"""Incremented by hand whenever the same rows would be encoded differently; part of the encoder's hash and of the keys of cached features."""

CPU_ARITHMETIC = "cpu float32"
ARITHMETIC_BY_DEVICE = {"cpu": CPU_ARITHMETIC, "cuda": "cuda bfloat16"}
"""By torch's device type, the precision in which a stage is trained and scored; weights are float32 on every device."""


def build_stage_identity(
    stage: Stage, parent: str, data: str, *, target: bool = False, arithmetic: str = CPU_ARITHMETIC
) -> dict[str, Any]:
    """Everything that decides a stage's weights, as JSON types.

    Args:
        stage: fields at their default are left out, so that a new field does not change the keys of old stages.
        parent: the parent stage's key, or the hash of the encoder: its weights, configuration and tokenizer.
        data: the fingerprint of the training data.
        target: whether the stage is a target, whose head is stored without its task's name.
        arithmetic: a value of `ARITHMETIC_BY_DEVICE`; `CPU_ARITHMETIC` is left out.
    """
    described: dict[str, Any] = {"version": STAGE_VERSION, "parent": parent, "data": data}
    if target:
        described["target"] = True
    if arithmetic != CPU_ARITHMETIC:
        described["arithmetic"] = arithmetic
    if stage.shots:
        return described | collect_non_defaults(stage) | {"shots": [list(pair) for pair in stage.shots]}
    return described | collect_non_defaults(stage)


def derive_random_seed(stage: Stage, data: str) -> str:
    """The seed of a stage's random numbers, hexadecimal: it depends on the stage's seed, task and data only.

    Two trials with one seed therefore share the order of the data, the initial head and the dropout masks of every stage that both
    have, whatever stages came before. With these common random numbers the difference between two trials has a smaller variance than
    with independent ones.

    Args:
        stage: to be trained.
        data: the fingerprint of the training data.
    """
    return digest_json({"seed": stage.seed, "task": stage.task, "data": data})


def compute_stage_key(described: dict[str, Any]) -> str:
    """The stage's key: 32 hexadecimal digits of the SHA-256 of its identity."""
    return digest_json(described)[:32]


def digest_json(document: Any) -> str:
    """SHA-256 of a JSON document; the order of its keys does not matter."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
