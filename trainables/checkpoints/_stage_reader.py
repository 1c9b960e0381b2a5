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

    def __init__(self, url: str | Path, warn: Callable[[str], None] = lambda note: None) -> None:
        """Open a store, as `StageRecords`."""
        super().__init__(url, warn)
        self._damaged_weights: dict[str, set[str]] = {}
        """By digests of records, the names of weights that turned out damaged."""

    def read_record(
        self, key: str, identity: JsonDocument | None = None, *, weights: bool = False
    ) -> JsonDocument | None:
        """The stage's record; None if the stage is not in the store or its record is invalid.

        Args:
            key: of the stage.
            identity: the stage's; None also if the record has another one.
            weights: None also if the weights are missing or known to be damaged.
        """
        document = super().read_record(key)
        if document is None:
            return None
        if identity is not None and document["identity"] != identity:
            self.warn_once(key, "its record is another stage's")
            return None
        if weights and not self._has_weights(key, document):
            return None
        return document

    def read_encoder(self, key: str, expected: ExpectedWeights = None) -> Weights | None:
        """The encoder's weights after the stage; None if they are missing or damaged.

        Args:
            key: of the stage.
            expected: weights of the names, shapes and types that these must have; None: not checked.
        """
        return self._read_weights(key, ENCODER_FILE, expected)

    def read_head(self, key: str, expected: ExpectedWeights = None) -> Weights | None:
        """The weights of the stage's head, or heads; see `read_encoder`."""
        return self._read_weights(key, HEAD_FILE, expected)

    def read_scores(self, key: str, split: str) -> JsonDocument | None:
        """The scores of the stage's model on a split, as given to `StageStore.add_scores`; None if there are none."""
        return self.read_document(key, f"scores-{split}.json")

    def _has_weights(self, key: str, record: JsonDocument) -> bool:
        """Whether the weight files are here, have their recorded size, and are not known to be damaged."""
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

    def _read_weights(self, key: str, name: str, expected: ExpectedWeights) -> Weights | None:
        record = self.read_record(key)
        file = record["files"].get(name) if record else None
        if record is None or file is None:
            return None
        most = file["bytes"] if expected is None else min(file["bytes"], compute_max_bytes(expected))
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
            return parse_weights(content, expected)
        except ValueError as error:
            self._note_damage(key, name, record, str(error))
            return None

    def _note_damage(self, key: str, name: str, record: JsonDocument, what: str) -> None:
        damaged = self._damaged_weights.setdefault(digest_json(record), set())
        if name not in damaged:
            damaged.add(name)
            self.warn_once(key, f"{name} {what}")
