"""The stage store: what was trained, under a key that says what it was. One folder a stage; complete once ``stage.json`` is there."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from trainables.curriculum import Stage
from trainables.encoders import Weights

STAGE_VERSION = 1
"""Bumped by hand whenever the same stage would train to other weights than before."""

RECORD, ENCODER, HEAD = "stage.json", "encoder.safetensors", "head.safetensors"


def identity(stage: Stage, parent: str, data: str) -> dict[str, Any]:
    """Everything that decides a stage's weights, as JSON's own types.

    Args:
        stage: its fields enter unless they are at their default, so that a new field leaves old stages valid.
        parent: the parent stage's key, or the hash of the encoder's own weights.
        data: the fingerprint of the training data.
    """
    described: dict[str, Any] = {"version": STAGE_VERSION, "parent": parent, "data": data}
    plain = asdict(stage)
    for field in fields(stage):
        value = getattr(stage, field.name)
        default = field.default_factory() if callable(field.default_factory) else field.default
        if value != default:
            described[field.name] = plain[field.name]
    return described


def key(described: dict[str, Any]) -> str:
    """The stage's key: 32 hexadecimal digits of the SHA-256 of its identity."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:32]


class Store:
    """Trained stages under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def record(self, key: str) -> dict[str, Any] | None:
        """The stage's record, or None if it was never trained to the end."""
        try:
            document: dict[str, Any] = json.loads((self.root / key / RECORD).read_text())
        except FileNotFoundError:
            return None
        return document

    def has_weights(self, key: str) -> bool:
        """Whether the stage's weights are here: those of targets may be forgotten."""
        return (self.root / key / RECORD).exists() and (self.root / key / ENCODER).exists()

    def encoder(self, key: str) -> Weights:
        """The encoder's weights after the stage."""
        return dict(load_file(self.root / key / ENCODER))

    def head(self, key: str) -> Weights:
        """The weights of a target's head."""
        return dict(load_file(self.root / key / HEAD))

    def publish(self, key: str, record: dict[str, Any], encoder: Weights, head: Weights) -> None:
        """Write the stage aside and move it into place; whoever comes second leaves the first one's."""
        with self._aside() as folder:
            save_file(encoder, folder / ENCODER)
            if head:
                save_file(head, folder / HEAD)
            (folder / RECORD).write_text(json.dumps(record, indent=1))
            if self.record(key) is None:
                _move(folder, self.root / key)
            else:
                for file in (HEAD, ENCODER) if head else (ENCODER,):
                    os.replace(folder / file, self.root / key / file)

    def scores(self, key: str, split: str) -> dict[str, Any] | None:
        """What a target's model scored on a split, as `add_scores` was given it."""
        try:
            document: dict[str, Any] = json.loads((self.root / key / f"scores-{split}.json").read_text())
        except FileNotFoundError:
            return None
        return document

    def add_scores(self, key: str, split: str, document: dict[str, Any]) -> None:
        """Keep what a target's model scored beside it."""
        with self._aside() as folder:
            file = folder / f"scores-{split}.json"
            file.write_text(json.dumps(document))
            file.replace(self.root / key / file.name)

    def forget(self, key: str) -> None:
        """Give up the stage's weights; its record and scores stay."""
        for file in (ENCODER, HEAD):
            (self.root / key / file).unlink(missing_ok=True)

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        self.root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".aside-", dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _move(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not (place / RECORD).exists():
            raise
