"""The stage store: what was trained, under a key that says what it was, shared by trials, searches and machines.

One folder a stage: ``stage.json`` (written last, so its presence means complete), ``encoder.safetensors``,
``head.safetensors`` (a target's, or those of an intermediate stage's tasks; see `trainables.evaluation._retention`) and ``scores-SPLIT.json``. Whatever is damaged is told once, never used, and set aside when the stage is
published anew. Nothing that goes wrong here ends a trial: at worst its stages are trained and not kept.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from safetensors.torch import save
from torch import Tensor

from trainables.checkpoints._weights import compute_max_bytes, explain_invalid_weights, parse_weights
from trainables.encoders import Weights
from trainables.store import (
    ASIDE_FOLDER,
    DAMAGED_FOLDER,
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    RECORD_FORMAT,
    Claim,
    JsonDocument,
    StageRecords,
    UnexpectedFileError,
    UseLease,
    check_record,
    digest_json,
    is_claimed,
    is_weights_file,
    seal_document,
    wait_for_claim,
)

Result = TypeVar("Result")
ExpectedWeights = Mapping[str, Tensor] | None


class StageStore(StageRecords):
    """Trained stages at one place."""

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

    @contextmanager
    def claim_turn(self, key: str, find: Callable[[], Result | None]) -> Iterator[tuple[Result | None, Claim | None]]:
        """What `find` finds, now or once another process has made it; else it is our turn to make it.

        Yields what was found and None, or None and the claim to publish with; None and None if the store cannot be written to.
        """
        found = find()
        mine: Claim | None = None
        if found is None:
            try:
                mine = wait_for_claim(self.location, key, lambda: find() is not None)
            except OSError as error:
                self.warn_once(
                    "",
                    f"{self.location.url} cannot be written to ({error.strerror or error}): stages are trained and not kept",
                )
            else:
                found = find()
                if found is None and mine is None:  # another process made it, and a third one took its weights
                    with self.claim_turn(key, find) as once_more:
                        yield once_more
                    return
        if mine is None:
            yield found, None
        else:
            with mine:
                yield found, None if found is not None else mine

    def publish(self, mine: Claim, record: JsonDocument, encoder: Weights, head: Weights) -> bool:
        """Keep a trained stage: its weights, then its record.

        On a file system everything is written aside and takes its place in one step; elsewhere weights lie under the claim's own
        name before the record tells of them. Either way nobody sees halves, nor halves of two.

        Returns:
            Whether it is there now: a full disk is told, and costs no more than training the stage again.
        """
        if wrong := explain_invalid_weights(encoder) or explain_invalid_weights(head):
            self.warn_once(mine.key, f"it is not kept: it {wrong}")
            return False
        data = {ENCODER_FILE: save(encoder)} | ({HEAD_FILE: save(head)} if head else {})
        files: dict[str, dict[str, Any]] = {
            name: {
                "at": self._make_file_name(name, mine),
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in data.items()
        }
        made = datetime.now(UTC).isoformat(timespec="microseconds")
        contents = {files[name]["at"]: content for name, content in data.items()}
        try:
            like = {ENCODER_FILE: encoder, HEAD_FILE: head}
            whole = {"format": RECORD_FORMAT, "made": made, "files": files, **record}
            check_record(whole)
            return self._write_stage(mine, contents, whole, like)
        except (OSError, ValueError) as error:
            self.warn_once(mine.key, f"it could not be kept ({error})")
            return False
        finally:
            self._remove_if_possible(_make_aside_path(mine))

    def _write_stage(
        self, mine: Claim, files: Mapping[str, bytes], record: JsonDocument, like: Mapping[str, Weights]
    ) -> bool:
        key, aside, local = mine.key, _make_aside_path(mine), self.location.is_local
        old = self.read_document_or_fail(key, RECORD_FILE)
        if old is not None and old["format"] > RECORD_FORMAT:
            return False
        if old is None or old["identity"] != record["identity"]:
            if local or self.location.exists(f"{key}/{RECORD_FILE}"):
                self._move_to_damaged(
                    key,
                    [name for name in self.location.list_names(key) if is_weights_file(name) or name == RECORD_FILE],
                )
            old = None
        else:
            self._move_to_damaged(key, self._find_damaged_files(key, old, like))
            if old["files"].keys() >= record["files"].keys() and self._has_weights(key, old):
                return True
        for name, content in files.items():
            self.location.write(f"{aside}/{name}" if local else f"{key}/{name}", content)
        if not local:
            self._write_file(mine, RECORD_FILE, seal_document(record))
        elif not self.location.list_names(key):
            self.location.write(f"{aside}/{RECORD_FILE}", seal_document(record))
            self.location.move(aside, key)
        else:
            # Where a record stands without its weights they follow it; where scores stand alone the record comes last.
            self._write_file(
                mine,
                RECORD_FILE,
                seal_document(record),
                before=() if old else tuple(files),
                after=tuple(files) if old else (),
            )
        return True

    def add_scores(self, mine: Claim, split: str, document: JsonDocument) -> None:
        """Keep what the stage's model scored beside it."""
        if self.read_record(mine.key) is None:
            return
        try:
            self._write_file(mine, f"scores-{split}.json", seal_document(document))
        except OSError as error:
            self.warn_once(mine.key, f"its scores could not be kept ({error})")
        finally:
            self._remove_if_possible(_make_aside_path(mine))

    def quarantine_weights(self, key: str) -> None:
        """Set aside the stage's weights that turned out damaged, so that every other process finds them gone."""
        record = self.read_document(key, RECORD_FILE)
        damaged = self._damaged_weights.get(digest_json(record), set()) if record else set()
        names = [file["at"] for name, file in record["files"].items() if name in damaged] if record and damaged else []
        try:
            self._move_to_damaged(key, [name for name in names if self.location.exists(f"{key}/{name}")])
        except OSError as error:
            self.warn_once(key, f"its damaged weights could not be set aside ({error.strerror or error})")

    def is_claimed(self, key: str) -> bool:
        """Whether another process claims the stage: one with something else to do does that first."""
        try:
            return is_claimed(self.location, key)
        except OSError:
            return False

    def open_use_lease(self) -> UseLease:
        """A context in which stages can be marked as needed by a running trial, so that nobody takes their weights."""
        return UseLease(self.location)

    def _make_file_name(self, name: str, mine: Claim) -> str:
        # On an object store two holders may upload at the same time: each under its own name.
        return name if self.location.is_local else f"{mine.token}-{name}"

    def _write_file(
        self, mine: Claim, name: str, content: bytes, before: Sequence[str] = (), after: Sequence[str] = ()
    ) -> None:
        """Write a small file of a stage in one step, and move files that lie aside to it before and after."""
        if not self.location.is_local:
            self.location.write(f"{mine.key}/{name}", content)
            return
        self.location.write(f"{_make_aside_path(mine)}/{name}", content)
        if self._is_misplaced(f"{mine.key}/{name}"):
            self._move_to_damaged(mine.key, [name])
        for each in (*before, name, *after):
            self.location.move(f"{_make_aside_path(mine)}/{each}", f"{mine.key}/{each}")

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

    def _find_damaged_files(self, key: str, record: JsonDocument, like: Mapping[str, Weights]) -> list[str]:
        """The weight files of a stage that are damaged; those that are gone are not."""
        return [
            file["at"]
            for name, file in record["files"].items()
            if self.location.exists(f"{key}/{file['at']}") and self._read_weights(key, name, like[name]) is None
        ]

    def _note_damage(self, key: str, name: str, record: JsonDocument, what: str) -> None:
        damaged = self._damaged_weights.setdefault(digest_json(record), set())
        if name not in damaged:
            damaged.add(name)
            self.warn_once(key, f"{name} {what}")

    def _move_to_damaged(self, key: str, names: Sequence[str]) -> None:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        for name in names:
            self.location.move(f"{key}/{name}", f"{DAMAGED_FOLDER}/{key}-{now}/{name}")

    def _is_misplaced(self, path: str) -> bool:
        """Whether a folder or a link lies where a file belongs."""
        try:
            self.location.size(path)
        except UnexpectedFileError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _remove_if_possible(self, path: str) -> None:
        with suppress(OSError):  # swept later then
            self.location.remove(path)


def _make_aside_path(mine: Claim) -> str:
    """Where the holder of a claim writes what is not whole yet."""
    return f"{ASIDE_FOLDER}/{mine.token}"
