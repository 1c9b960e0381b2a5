"""Reads trained stages from a store: their weights and scores, checked against their records."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from trainables.checkpoints._weights import compute_max_bytes, parse_weights
from trainables.encoders import Weights
from trainables.store import ENCODER_FILE, HEAD_FILE, JsonDocument, StageRecords, digest_json

ExpectedWeights = Mapping[str, Tensor] | None


class StageReader(StageRecords):
    """Trained stages at one place, to be read."""

    def __init__(self, url: str | Path, tell: Callable[[str], None] = lambda note: None) -> None:
        """Open a store, as `StageRecords`."""
        super().__init__(url, tell)
        self._damaged_weights: dict[str, set[str]] = {}
        """By digests of records, the names of weights that turned out damaged."""

    def read_record(
        self, key: str, described: JsonDocument | None = None, *, weights: bool = False
    ) -> JsonDocument | None:
        """The stage's record, or None if it was never trained to the end or its record is of no use.

        Args:
            key: the stage.
            described: its identity, which has to be the recorded one.
            weights: None also if its weights are not here, or known to be damaged.
        """
        document = super().read_record(key)
        if document is None:
            return None
        if described is not None and document["identity"] != described:
            self.warn_once(key, "its record is another stage's")
            return None
        if weights and not self._has_weights(key, document):
            return None
        return document

    def read_encoder(self, key: str, like: ExpectedWeights = None) -> Weights | None:
        """The encoder's weights after the stage, or None if they are gone or damaged.

        Args:
            key: the stage.
            like: the encoder's weights before any stage: others in name, shape or type are damage too; None: any will do.
        """
        return self._read_weights(key, ENCODER_FILE, like)

    def read_head(self, key: str, like: ExpectedWeights = None) -> Weights | None:
        """The weights of its head, or heads, likewise."""
        return self._read_weights(key, HEAD_FILE, like)

    def read_scores(self, key: str, split: str) -> JsonDocument | None:
        """What the stage's model scored on a split, as `add_scores` was given it."""
        return self.read_document(key, f"scores-{split}.json")

    def _has_weights(self, key: str, record: JsonDocument) -> bool:
        """Whether the weights are here and, as far as a look at their size tells, whole."""
        if digest_json(record) in self._damaged_weights:
            return False
        for name, file in record["files"].items():
            try:
                size = self.location.size(f"{key}/{file['at']}")
            except OSError:
                return False
            if size != file["bytes"]:
                self._note_damage(key, name, record, f"has {size} of {file['bytes']} bytes")
                return False
        return True

    def _read_weights(self, key: str, name: str, like: ExpectedWeights) -> Weights | None:
        record = self.read_record(key)
        file = record["files"].get(name) if record else None
        if record is None or file is None:
            return None
        most = file["bytes"] if like is None else min(file["bytes"], compute_max_bytes(like))
        try:
            content = self.location.read(f"{key}/{file['at']}", most)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note_damage(key, name, record, f"cannot be read ({error})")
            return None
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            self._note_damage(key, name, record, "is not what was written")
            return None
        try:
            return parse_weights(content, like)
        except ValueError as error:
            self._note_damage(key, name, record, str(error))
            return None

    def _note_damage(self, key: str, name: str, record: JsonDocument, what: str) -> None:
        damaged = self._damaged_weights.setdefault(digest_json(record), set())
        if name not in damaged:
            damaged.add(name)
            self.warn_once(key, f"{name} {what}")
