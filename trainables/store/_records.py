"""The documents of a store: records of stages, and their scores. Imports no torch."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from trainables.curriculum import Stage
from trainables.store._folder import UnexpectedFileError
from trainables.store._identity import STAGE_VERSION, digest_json
from trainables.store._location import Location
from trainables.store._record_schema import (
    DAMAGED_FOLDER,
    KEY_PATTERN,
    RECORD_FILE,
    RECORD_FORMAT,
    check_record,
    is_weights_file,
    parse_stage,
)
from trainables.validation import escape_controls, parse_json

JsonDocument = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """A stage of a store, without weights and scores."""

    key: str
    identity: JsonDocument
    path: tuple[str, ...]
    """The encoder and the stages down to this one, as text."""
    seconds: float
    """Seconds of its training."""
    steps: int
    made: datetime
    bytes: int
    """Bytes of its weight files that are here."""
    files: tuple[str, ...]
    """The weight files that are here."""

    @property
    def is_current(self) -> bool:
        """Whether it has this program's `STAGE_VERSION`; a stage of another version is never used."""
        return bool(self.identity.get("version") == STAGE_VERSION)

    @property
    def parent(self) -> str:
        """The key of its parent stage, or the hash of its encoder."""
        return str(self.identity.get("parent", ""))

    @property
    def stage(self) -> Stage | None:
        """What was trained; None if this version of the program knows no such stage."""
        return parse_stage(self.identity)


class StageRecords:
    """The documents of a store."""

    def __init__(self, url: str | Path, warn: Callable[[str], None] = lambda note: None) -> None:
        """Open a store; nothing is written before the first stage is published.

        Args:
            url: a folder, or a URL that fsspec reaches, such as ``s3://bucket/stages``.
            warn: called once with each problem of the store.
        """
        self.location = Location(str(url))
        self._warn = warn
        self._warned: set[str] = set()

    def read_document(self, key: str, name: str) -> JsonDocument | None:
        """A document of a stage; None if it is missing, invalid, or cannot be read."""
        try:
            return self.read_document_or_fail(key, name)
        except OSError as error:
            self.warn_once("", f"{self.location.url} cannot be read ({error.strerror or error})")
            return None

    def read_record(self, key: str) -> JsonDocument | None:
        """The stage's record; None if it is missing, invalid, or of a newer `RECORD_FORMAT`."""
        document = self.read_document(key, RECORD_FILE)
        return document if document is not None and document["format"] <= RECORD_FORMAT else None

    def read_document_or_fail(self, key: str, name: str) -> JsonDocument | None:
        """A document of a stage; None if it is missing or invalid.

        Raises:
            OSError: when it cannot be read: it may be valid.
        """
        try:
            data = self.location.read(f"{key}/{name}")
        except FileNotFoundError:
            if (
                name == RECORD_FILE
                and self.location.is_local
                and any(map(is_weights_file, self.location.list_names(key)))
            ):
                self.warn_once(key, f"it has no {RECORD_FILE}")
            return None
        except UnexpectedFileError as error:
            self.location.list_names(key)  # raises if the stage's folder itself is the unexpected file
            self.warn_once(key, f"{name} is garbled ({error})")
            return None
        try:
            document: JsonDocument = _parse_sealed(data)
            if name == RECORD_FILE and _is_newer_format(document):
                self.warn_once(
                    key,
                    "it was written by a newer version of xlt-search: it is left alone, and the stage is trained here and not kept",
                )
            elif name == RECORD_FILE:
                check_record(document)
        except ValueError as error:
            self.warn_once(key, f"{name} is garbled ({error})")
            return None
        return document

    def list_stages(self) -> list[str]:
        """The keys of all stages with a folder, complete or not; links are left out."""
        return [name for name in self.location.list_folders() if KEY_PATTERN.fullmatch(name)]

    def list_damaged(self) -> list[str]:
        """The paths of damaged files that were moved out of use."""
        return [f"{DAMAGED_FOLDER}/{name}" for name in self.location.list_names(DAMAGED_FOLDER)]

    def iterate_entries(self) -> Iterator[StageEntry]:
        """Every stage with a valid record."""
        for key in self.list_stages():
            record = self.read_record(key)
            if record is None:
                continue
            try:
                sizes = self.location.list_sizes(key)
            except OSError as error:
                self.warn_once(key, f"it cannot be read ({error.strerror or error})")
                continue
            files = tuple(file["at"] for file in record["files"].values() if file["at"] in sizes)
            yield StageEntry(
                key=key,
                identity=record["identity"],
                path=tuple(record["path"]),
                seconds=record["seconds"],
                steps=len(record["losses"]),
                made=datetime.fromisoformat(record["made"]),
                bytes=sum(sizes[name] for name in files),
                files=files,
            )

    def remove_weights(self, key: str) -> None:
        """Remove the stage's weights; its record and scores stay."""
        record = self.read_record(key)
        for file in record["files"].values() if record else ():
            self.location.remove(f"{key}/{file['at']}")

    def warn_once(self, key: str, what: str) -> None:
        """Report a problem of a stage, or of the store if `key` is empty: once, in one line."""
        note = escape_controls(f"stage store: stage {key}: {what}" if key else f"stage store: {what}").replace(
            "\n", " "
        )
        if note not in self._warned:
            self._warned.add(note)
            self._warn(note)


def _parse_sealed(data: bytes) -> JsonDocument:
    """The content of a sealed document; ValueError if the seal does not match."""
    document = parse_json(data)
    if not isinstance(document, dict) or digest_json(
        {k: v for k, v in document.items() if k != "seal"}
    ) != document.get("seal"):
        raise ValueError("its seal does not match")
    del document["seal"]
    return document


def _is_newer_format(record: JsonDocument) -> bool:
    written = record.get("format")
    return isinstance(written, int) and written > RECORD_FORMAT


def seal_document(document: JsonDocument) -> bytes:
    """The bytes of a document with its digest in the field ``seal``, by which damage is detected."""
    return json.dumps({**document, "seal": digest_json(document)}, indent=1).encode()
