"""What a store knows of its stages beside their weights. No torch here."""

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
from trainables.store._record_schema import KEY_PATTERN, RECORD_FILE, check_record, parse_stage
from trainables.validation import escape_controls, parse_json

RECORD_FORMAT = 1
"""Of what lies on disk. A stage of a later format is a newer program's and left alone."""

ASIDE_FOLDER, DAMAGED_FOLDER = ".aside", ".damaged"

JsonDocument = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """A stage of a store, at a glance."""

    key: str
    identity: JsonDocument
    path: tuple[str, ...]
    """The encoder and the stages down to this one, in words."""
    seconds: float
    """What its training cost."""
    steps: int
    made: datetime
    bytes: int
    """Of its weights, as far as they are here."""
    files: tuple[str, ...]
    """The weight files that are here."""

    @property
    def is_current(self) -> bool:
        """Whether it is of this version of the program; one of another is never used."""
        return bool(self.identity.get("version") == STAGE_VERSION)

    @property
    def parent(self) -> str:
        """The stage below it, or the hash of its encoder."""
        return str(self.identity.get("parent", ""))

    @property
    def stage(self) -> Stage | None:
        """What was trained; None if this version of the program knows no such stage."""
        return parse_stage(self.identity)


class StageRecords:
    """The documents of a store."""

    def __init__(self, url: str | Path, tell: Callable[[str], None] = lambda note: None) -> None:
        """Open a store; nothing is made before the first stage is published.

        Args:
            url: a folder, or a URL that fsspec reaches, such as ``s3://bucket/stages``.
            tell: called once for each thing that is wrong with it.
        """
        self.location = Location(str(url))
        self._warn = tell
        self._warned: set[str] = set()

    def read_document(self, key: str, name: str) -> JsonDocument | None:
        """A document of a stage, or None if it is not there or garbled."""
        try:
            return self.read_document_or_fail(key, name)
        except OSError as error:
            self.warn_once("", f"{self.location.url} cannot be read ({error.strerror or error})")
            return None

    def read_record(self, key: str) -> JsonDocument | None:
        """The stage's record, or None if it is not there, garbled, or of a newer program, which alone knows what it says."""
        document = self.read_document(key, RECORD_FILE)
        return document if document is not None and document["format"] <= RECORD_FORMAT else None

    def read_document_or_fail(self, key: str, name: str) -> JsonDocument | None:
        """As `document`, but what cannot be read raises OSError: it may be whole."""
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
            self.location.list_names(key)  # where the stage itself is none, that is what is wrong
            self.warn_once(key, f"{name} is garbled ({error})")
            return None
        try:
            document: JsonDocument = _parse_sealed(data)
            if name == RECORD_FILE and _is_newer_format(document):
                self.warn_once(key, "it is of a newer version of xlt-search: left alone, trained here and not kept")
            elif name == RECORD_FILE:
                check_record(document)
        except ValueError as error:
            self.warn_once(key, f"{name} is garbled ({error})")
            return None
        return document

    def list_stages(self) -> list[str]:
        """The stages that have a place here, whole or not; a link is none."""
        return [name for name in self.location.list_folders() if KEY_PATTERN.fullmatch(name)]

    def list_damaged(self) -> list[str]:
        """What was set aside, never to be used."""
        return [f"{DAMAGED_FOLDER}/{name}" for name in self.location.list_names(DAMAGED_FOLDER)]

    def iterate_entries(self) -> Iterator[StageEntry]:
        """Every stage with a sound record."""
        for key in self.list_stages():
            record = self.read_record(key)
            if record is None:
                continue
            try:
                there = self.location.list_sizes(key)
            except OSError as error:
                self.warn_once(key, f"it cannot be read ({error.strerror or error})")
                continue
            files = tuple(file["at"] for file in record["files"].values() if file["at"] in there)
            yield StageEntry(
                key=key,
                identity=record["identity"],
                path=tuple(record["path"]),
                seconds=record["seconds"],
                steps=len(record["losses"]),
                made=datetime.fromisoformat(record["made"]),
                bytes=sum(there[name] for name in files),
                files=files,
            )

    def remove_weights(self, key: str) -> None:
        """Give up the stage's weights; its record and scores stay."""
        record = self.read_record(key)
        for file in record["files"].values() if record else ():
            self.location.remove(f"{key}/{file['at']}")

    def warn_once(self, key: str, what: str) -> None:
        """Tell what is wrong, once, in a line."""
        note = escape_controls(f"stage store: stage {key}: {what}" if key else f"stage store: {what}").replace(
            "\n", " "
        )
        if note not in self._warned:
            self._warned.add(note)
            self._warn(note)


def is_weights_file(name: str) -> bool:
    """Whether a file of a stage holds weights."""
    return name.endswith(".safetensors")


def _parse_sealed(data: bytes) -> JsonDocument:
    """A sealed document, without its seal; ValueError if it is none."""
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
    """A document as it is written: with a digest of itself, so that damage shows."""
    return json.dumps({**document, "seal": digest_json(document)}, indent=1).encode()
