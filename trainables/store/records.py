"""What a store knows of its stages beside their weights. No torch here."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from trainables.curriculum import Stage
from trainables.documents import parse_json, printable
from trainables.store.folder import MisplacedError
from trainables.store.identity import STAGE_VERSION, digest
from trainables.store.place import Place
from trainables.store.record import ENCODER as ENCODER
from trainables.store.record import HEAD as HEAD
from trainables.store.record import KEY, check, stage_of
from trainables.store.record import RECORD as RECORD

FORMAT = 1
"""Of what lies on disk. A stage of a later format is a newer program's and left alone."""

ASIDE, DAMAGED = ".aside", ".damaged"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stage of a store, at a glance."""

    key: str
    identity: Document
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
    def current(self) -> bool:
        """Whether it is of this version of the program; one of another is never used."""
        return bool(self.identity.get("version") == STAGE_VERSION)

    @property
    def parent(self) -> str:
        """The stage below it, or the hash of its encoder."""
        return str(self.identity.get("parent", ""))

    @property
    def stage(self) -> Stage | None:
        """What was trained; None if this version of the program knows no such stage."""
        return stage_of(self.identity)


class Records:
    """The documents of a store."""

    def __init__(self, url: str | Path, tell: Callable[[str], None] = lambda note: None) -> None:
        """Open a store; nothing is made before the first stage is published.

        Args:
            url: a folder, or a URL that fsspec reaches, such as ``s3://bucket/stages``.
            tell: called once for each thing that is wrong with it.
        """
        self.place = Place(str(url))
        self._tell = tell
        self._told: set[str] = set()

    def document(self, key: str, name: str) -> Document | None:
        """A document of a stage, or None if it is not there or garbled."""
        try:
            return self.read(key, name)
        except OSError as error:
            self.note("", f"{self.place.url} cannot be read ({error.strerror or error})")
            return None

    def record(self, key: str) -> Document | None:
        """The stage's record, or None if it is not there, garbled, or of a newer program, which alone knows what it says."""
        document = self.document(key, RECORD)
        return document if document is not None and document["format"] <= FORMAT else None

    def read(self, key: str, name: str) -> Document | None:
        """As `document`, but what cannot be read raises OSError: it may be whole."""
        try:
            data = self.place.read(f"{key}/{name}")
        except FileNotFoundError:
            if name == RECORD and self.place.local and any(map(is_weights, self.place.names(key))):
                self.note(key, f"it has no {RECORD}")
            return None
        except MisplacedError as error:
            self.place.names(key)  # where the stage itself is none, that is what is wrong
            self.note(key, f"{name} is garbled ({error})")
            return None
        try:
            document: Document = _opened(data)
            if name == RECORD and _newer(document):
                self.note(key, "it is of a newer version of xlt-search: left alone, trained here and not kept")
            elif name == RECORD:
                check(document)
        except ValueError as error:
            self.note(key, f"{name} is garbled ({error})")
            return None
        return document

    def stages(self) -> list[str]:
        """The stages that have a place here, whole or not; a link is none."""
        return [name for name in self.place.folders() if KEY.fullmatch(name)]

    def damaged(self) -> list[str]:
        """What was set aside, never to be used."""
        return [f"{DAMAGED}/{name}" for name in self.place.names(DAMAGED)]

    def entries(self) -> Iterator[Entry]:
        """Every stage with a sound record."""
        for key in self.stages():
            record = self.record(key)
            if record is None:
                continue
            try:
                there = self.place.sizes(key)
            except OSError as error:
                self.note(key, f"it cannot be read ({error.strerror or error})")
                continue
            files = tuple(file["at"] for file in record["files"].values() if file["at"] in there)
            yield Entry(
                key=key,
                identity=record["identity"],
                path=tuple(record["path"]),
                seconds=record["seconds"],
                steps=len(record["losses"]),
                made=datetime.fromisoformat(record["made"]),
                bytes=sum(there[name] for name in files),
                files=files,
            )

    def forget(self, key: str) -> None:
        """Give up the stage's weights; its record and scores stay."""
        record = self.record(key)
        for file in record["files"].values() if record else ():
            self.place.remove(f"{key}/{file['at']}")

    def note(self, key: str, what: str) -> None:
        """Tell what is wrong, once, in a line."""
        note = printable(f"stage store: stage {key}: {what}" if key else f"stage store: {what}").replace("\n", " ")
        if note not in self._told:
            self._told.add(note)
            self._tell(note)


def is_weights(name: str) -> bool:
    """Whether a file of a stage holds weights."""
    return name.endswith(".safetensors")


def _opened(data: bytes) -> Document:
    """A sealed document, without its seal; ValueError if it is none."""
    document = parse_json(data)
    if not isinstance(document, dict) or digest({k: v for k, v in document.items() if k != "seal"}) != document.get(
        "seal"
    ):
        raise ValueError("its seal does not match")
    del document["seal"]
    return document


def _newer(record: Document) -> bool:
    written = record.get("format")
    return isinstance(written, int) and written > FORMAT


def sealed(document: Document) -> bytes:
    """A document as it is written: with a digest of itself, so that damage shows."""
    return json.dumps({**document, "seal": digest(document)}, indent=1).encode()
