"""What a stage is: the fields that decide its weights, and the key made of them."""

import hashlib
import json
from typing import Any

from trainables.curriculum import Stage, collect_non_defaults

STAGE_VERSION = 2
"""Bumped by hand whenever the same stage would train to other weights, or be scored otherwise, than before."""

ENCODING_VERSION = 3
"""Bumped by hand whenever an encoder would read the same rows otherwise than before; part of its hash, and of cached features' keys."""

CPU_ARITHMETIC = "cpu float32"
ARITHMETIC_BY_DEVICE = {"cpu": CPU_ARITHMETIC, "cuda": "cuda bfloat16"}
"""By torch's kind of device, in what precision a stage is trained and scored there; weights are float32 everywhere."""


def build_stage_identity(
    stage: Stage, parent: str, data: str, *, target: bool = False, arithmetic: str = CPU_ARITHMETIC
) -> dict[str, Any]:
    """Everything that decides a stage's weights, as JSON's own types.

    Args:
        stage: its fields enter unless they are at their default, so that a new field leaves old stages valid.
        parent: the parent stage's key, or the hash of the encoder: its weights, configuration and tokenizer.
        data: the fingerprint of the training data.
        target: whether the stage is a target: of those the head is kept by itself, and weights are given up sooner.
        arithmetic: a value of `ARITHMETIC_BY_DEVICE`; it enters unless it is `CPU_ARITHMETIC`.
    """
    described: dict[str, Any] = {"version": STAGE_VERSION, "parent": parent, "data": data}
    if target:
        described["target"] = True
    if arithmetic != CPU_ARITHMETIC:
        described["arithmetic"] = arithmetic
    return described | collect_non_defaults(stage)


def derive_random_seed(stage: Stage, data: str) -> str:
    """What a stage's random numbers come from, hexadecimal: its seed, task and data alone.

    So two trials of one seed share the order of the data, the head and the dropout of every stage that both have, whatever went before
    it: common random numbers, which make differences between trials smaller in variance than those of independent ones.

    Args:
        stage: to be trained.
        data: the fingerprint of the training data.
    """
    return digest_json({"seed": stage.seed, "task": stage.task, "data": data})


def compute_stage_key(described: dict[str, Any]) -> str:
    """The stage's key: 32 hexadecimal digits of the SHA-256 of its identity."""
    return digest_json(described)[:32]


def digest_json(document: Any) -> str:
    """SHA-256 of a JSON document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
