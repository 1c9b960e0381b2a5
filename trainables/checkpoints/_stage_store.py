"""The stage store: trained stages by the hash of their identity, shared by trials, searches and machines.

Each stage has a folder with ``stage.json`` (written last: its presence means that the stage is complete), ``encoder.safetensors``,
``head.safetensors`` (of a target, or the joined heads of an intermediate stage's tasks) and ``scores-SPLIT.json``. Damaged files are
reported once, never used, and moved out of use when the stage is published again. No failure of the store ends a trial: at worst its
stages are trained and not stored.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from safetensors.torch import save

from trainables.checkpoints._stage_reader import StageReader
from trainables.checkpoints._weights import explain_invalid_weights
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


class StageStore(StageReader):
    """Trained stages at one location, to be read and published."""

    @contextmanager
    def claim_turn(self, key: str, find: Callable[[], Result | None]) -> Iterator[tuple[Result | None, Claim | None]]:
        """The result of `find`, now or once another process has published it; else the claim on training the stage.

        Args:
            key: of the stage.
            find: returns what the caller needs, or None if the store lacks it.

        Yields:
            The result and None, or None and the claim to publish with; None and None if the store cannot be written to.
        """
        found = find()
        claim: Claim | None = None
        if found is None:
            try:
                claim = wait_for_claim(self.location, key, lambda: find() is not None)
            except OSError as error:
                self.warn_once(
                    "",
                    f"{self.location.url} cannot be written to ({error.strerror or error}): stages are trained and not stored",
                )
            else:
                found = find()
                if found is None and claim is None:  # another process published it, and a third one evicted its weights
                    with self.claim_turn(key, find) as once_more:
                        yield once_more
                    return
        if claim is None:
            yield found, None
        else:
            with claim:
                yield found, None if found is not None else claim

    def publish(self, claim: Claim, record: JsonDocument, encoder: Weights, head: Weights) -> bool:
        """Store a trained stage: its weights, then its record.

        On a file system all files are written to a temporary folder that is renamed in one step; on an object store weights are written
        under names of this claim before the record refers to them. Either way no reader sees a part of a stage, nor parts of two.

        Args:
            claim: on the stage.
            record: without format, date and files.
            encoder: the encoder's weights after the stage.
            head: the weights of its head, or heads; may be empty.

        Returns:
            Whether the store has the stage now. A failure, such as a full disk, is reported and not raised: the stage can be trained
            again.
        """
        if wrong := explain_invalid_weights(encoder) or explain_invalid_weights(head):
            self.warn_once(claim.key, f"it is not stored: it {wrong}")
            return False
        data = {ENCODER_FILE: save(encoder)} | ({HEAD_FILE: save(head)} if head else {})
        files: dict[str, dict[str, Any]] = {
            name: {
                "at": self._make_file_name(name, claim),
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in data.items()
        }
        made = datetime.now(UTC).isoformat(timespec="microseconds")
        contents = {files[name]["at"]: content for name, content in data.items()}
        try:
            expected = {ENCODER_FILE: encoder, HEAD_FILE: head}
            whole = {"format": RECORD_FORMAT, "made": made, "files": files, **record}
            check_record(whole)
            return self._write_stage(claim, contents, whole, expected)
        except (OSError, ValueError) as error:
            self.warn_once(claim.key, f"it could not be stored ({error})")
            return False
        finally:
            self._remove_if_possible(_make_aside_path(claim))

    def _write_stage(
        self, claim: Claim, files: Mapping[str, bytes], record: JsonDocument, expected: Mapping[str, Weights]
    ) -> bool:
        key, unfinished, local = claim.key, _make_aside_path(claim), self.location.is_local
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
            self._move_to_damaged(key, self._find_damaged_files(key, old, expected))
            if old["files"].keys() >= record["files"].keys() and self._has_weights(key, old):
                return True
        for name, content in files.items():
            self.location.write(f"{unfinished}/{name}" if local else f"{key}/{name}", content)
        if not local:
            self._write_file(claim, RECORD_FILE, seal_document(record))
        elif not self.location.list_names(key):
            self.location.write(f"{unfinished}/{RECORD_FILE}", seal_document(record))
            self.location.move(unfinished, key)
        else:
            # Weights that were evicted are added after the record; a stage that has scores only gets its record last.
            self._write_file(
                claim,
                RECORD_FILE,
                seal_document(record),
                before=() if old else tuple(files),
                after=tuple(files) if old else (),
            )
        return True

    def add_scores(self, claim: Claim, split: str, document: JsonDocument) -> None:
        """Store the scores of the stage's model on a split."""
        if self.read_record(claim.key) is None:
            return
        try:
            self._write_file(claim, f"scores-{split}.json", seal_document(document))
        except OSError as error:
            self.warn_once(claim.key, f"its scores could not be stored ({error})")
        finally:
            self._remove_if_possible(_make_aside_path(claim))

    def quarantine_weights(self, key: str) -> None:
        """Move the stage's damaged weights out of use, so that every other process finds them missing."""
        record = self.read_document(key, RECORD_FILE)
        damaged = self._damaged_weights.get(digest_json(record), set()) if record else set()
        names = [file["at"] for name, file in record["files"].items() if name in damaged] if record and damaged else []
        try:
            self._move_to_damaged(key, [name for name in names if self.location.exists(f"{key}/{name}")])
        except OSError as error:
            self.warn_once(key, f"its damaged weights could not be moved out of use ({error.strerror or error})")

    def is_claimed(self, key: str) -> bool:
        """Whether another process claims the stage; False also if that cannot be found out."""
        try:
            return is_claimed(self.location, key)
        except OSError:
            return False

    def open_use_lease(self) -> UseLease:
        """A context in which stages can be marked as needed by a running trial, so that their weights are not evicted."""
        return UseLease(self.location)

    def _make_file_name(self, name: str, claim: Claim) -> str:
        # On an object store two holders of a claim may upload at the same time: each under names of its own.
        return name if self.location.is_local else f"{claim.token}-{name}"

    def _write_file(
        self, claim: Claim, name: str, content: bytes, before: Sequence[str] = (), after: Sequence[str] = ()
    ) -> None:
        """Write a small file of a stage in one step; move files from the temporary folder before and after it."""
        if not self.location.is_local:
            self.location.write(f"{claim.key}/{name}", content)
            return
        self.location.write(f"{_make_aside_path(claim)}/{name}", content)
        if self._is_misplaced(f"{claim.key}/{name}"):
            self._move_to_damaged(claim.key, [name])
        for each in (*before, name, *after):
            self.location.move(f"{_make_aside_path(claim)}/{each}", f"{claim.key}/{each}")

    def _find_damaged_files(self, key: str, record: JsonDocument, expected: Mapping[str, Weights]) -> list[str]:
        """The weight files of a stage that are damaged; missing ones are not among them."""
        return [
            file["at"]
            for name, file in record["files"].items()
            if self.location.exists(f"{key}/{file['at']}") and self._read_weights(key, name, expected[name]) is None
        ]

    def _move_to_damaged(self, key: str, names: Sequence[str]) -> None:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        for name in names:
            self.location.move(f"{key}/{name}", f"{DAMAGED_FOLDER}/{key}-{now}/{name}")

    def _is_misplaced(self, path: str) -> bool:
        """Whether a folder or a link is where a file belongs."""
        try:
            self.location.size(path)
        except UnexpectedFileError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _remove_if_possible(self, path: str) -> None:
        with suppress(OSError):  # `remove_leftovers` removes it later
            self.location.remove(path)


def _make_aside_path(claim: Claim) -> str:
    """The temporary folder of a claim's holder."""
    return f"{ASIDE_FOLDER}/{claim.token}"
