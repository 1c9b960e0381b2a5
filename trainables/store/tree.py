"""The stage store: what was trained, under a key that says what it was, shared by trials, searches and machines.

One folder a stage: ``stage.json`` (written last, so its presence means complete), ``encoder.safetensors``,
``head.safetensors`` (a target's, or those of an intermediate stage's tasks; see `trainables.retention`) and ``scores-SPLIT.json``. Whatever is damaged is told once, never used, and set aside when the stage is
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

from trainables.encoders import Weights
from trainables.store.folder import MisplacedError
from trainables.store.identity import digest
from trainables.store.leases import Claim, Use, busy, claim
from trainables.store.record import check
from trainables.store.records import (
    ASIDE,
    DAMAGED,
    ENCODER,
    FORMAT,
    HEAD,
    RECORD,
    Document,
    Records,
    is_weights,
    sealed,
)
from trainables.store.weights import fault, largest, parse

Found = TypeVar("Found")
Like = Mapping[str, Tensor] | None


class Store(Records):
    """Trained stages at one place."""

    def __init__(self, url: str | Path, tell: Callable[[str], None] = lambda note: None) -> None:
        """Open a store, as `Records`."""
        super().__init__(url, tell)
        self._distrusted: dict[str, set[str]] = {}
        """By digests of records, the names of weights that turned out damaged."""

    def record(self, key: str, described: Document | None = None, *, weights: bool = False) -> Document | None:
        """The stage's record, or None if it was never trained to the end or its record is of no use.

        Args:
            key: the stage.
            described: its identity, which has to be the recorded one.
            weights: None also if its weights are not here, or known to be damaged.
        """
        document = super().record(key)
        if document is None:
            return None
        if described is not None and document["identity"] != described:
            self.note(key, "its record is another stage's")
            return None
        if weights and not self._held(key, document):
            return None
        return document

    def encoder(self, key: str, like: Like = None) -> Weights | None:
        """The encoder's weights after the stage, or None if they are gone or damaged.

        Args:
            key: the stage.
            like: the encoder's weights before any stage: others in name, shape or type are damage too; None: any will do.
        """
        return self._weights(key, ENCODER, like)

    def head(self, key: str, like: Like = None) -> Weights | None:
        """The weights of its head, or heads, likewise."""
        return self._weights(key, HEAD, like)

    def scores(self, key: str, split: str) -> Document | None:
        """What the stage's model scored on a split, as `add_scores` was given it."""
        return self.document(key, f"scores-{split}.json")

    @contextmanager
    def turn(self, key: str, find: Callable[[], Found | None]) -> Iterator[tuple[Found | None, Claim | None]]:
        """What `find` finds, now or once another process has made it; else it is our turn to make it.

        Yields what was found and None, or None and the claim to publish with; None and None if the store cannot be written to.
        """
        found = find()
        mine: Claim | None = None
        if found is None:
            try:
                mine = claim(self.place, key, lambda: find() is not None)
            except OSError as error:
                self.note(
                    "",
                    f"{self.place.url} cannot be written to ({error.strerror or error}): stages are trained and not kept",
                )
            else:
                found = find()
                if found is None and mine is None:  # another process made it, and a third one took its weights
                    with self.turn(key, find) as once_more:
                        yield once_more
                    return
        if mine is None:
            yield found, None
        else:
            with mine:
                yield found, None if found is not None else mine

    def publish(self, mine: Claim, record: Document, encoder: Weights, head: Weights) -> bool:
        """Keep a trained stage: its weights, then its record.

        On a file system everything is written aside and takes its place in one step; elsewhere weights lie under the claim's own
        name before the record tells of them. Either way nobody sees halves, nor halves of two.

        Returns:
            Whether it is there now: a full disk is told, and costs no more than training the stage again.
        """
        if wrong := fault(encoder) or fault(head):
            self.note(mine.key, f"it is not kept: it {wrong}")
            return False
        data = {ENCODER: save(encoder)} | ({HEAD: save(head)} if head else {})
        files: dict[str, dict[str, Any]] = {
            name: {"at": self._name(name, mine), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in data.items()
        }
        made = datetime.now(UTC).isoformat(timespec="microseconds")
        contents = {files[name]["at"]: content for name, content in data.items()}
        try:
            like = {ENCODER: encoder, HEAD: head}
            whole = {"format": FORMAT, "made": made, "files": files, **record}
            check(whole)
            return self._settle(mine, contents, whole, like)
        except (OSError, ValueError) as error:
            self.note(mine.key, f"it could not be kept ({error})")
            return False
        finally:
            self._quietly_remove(_aside(mine))

    def _settle(self, mine: Claim, files: Mapping[str, bytes], record: Document, like: Mapping[str, Weights]) -> bool:
        key, aside, local = mine.key, _aside(mine), self.place.local
        old = self.read(key, RECORD)
        if old is not None and old["format"] > FORMAT:
            return False
        if old is None or old["identity"] != record["identity"]:
            if local or self.place.exists(f"{key}/{RECORD}"):
                self._set_aside(key, [name for name in self.place.names(key) if is_weights(name) or name == RECORD])
            old = None
        else:
            self._set_aside(key, self._unsound(key, old, like))
            if old["files"].keys() >= record["files"].keys() and self._held(key, old):
                return True
        for name, content in files.items():
            self.place.write(f"{aside}/{name}" if local else f"{key}/{name}", content)
        if not local:
            self._put(mine, RECORD, sealed(record))
        elif not self.place.names(key):
            self.place.write(f"{aside}/{RECORD}", sealed(record))
            self.place.move(aside, key)
        else:
            # Where a record stands without its weights they follow it; where scores stand alone the record comes last.
            self._put(
                mine, RECORD, sealed(record), before=() if old else tuple(files), after=tuple(files) if old else ()
            )
        return True

    def add_scores(self, mine: Claim, split: str, document: Document) -> None:
        """Keep what the stage's model scored beside it."""
        if self.record(mine.key) is None:
            return
        try:
            self._put(mine, f"scores-{split}.json", sealed(document))
        except OSError as error:
            self.note(mine.key, f"its scores could not be kept ({error})")
        finally:
            self._quietly_remove(_aside(mine))

    def withdraw(self, key: str) -> None:
        """Set aside the stage's weights that turned out damaged, so that every other process finds them gone."""
        record = self.document(key, RECORD)
        damaged = self._distrusted.get(digest(record), set()) if record else set()
        names = [file["at"] for name, file in record["files"].items() if name in damaged] if record and damaged else []
        try:
            self._set_aside(key, [name for name in names if self.place.exists(f"{key}/{name}")])
        except OSError as error:
            self.note(key, f"its damaged weights could not be set aside ({error.strerror or error})")

    def busy(self, key: str) -> bool:
        """Whether another process claims the stage: one with something else to do does that first."""
        try:
            return busy(self.place, key)
        except OSError:
            return False

    def in_use(self) -> Use:
        """A context in which stages can be marked as needed by a running trial, so that nobody takes their weights."""
        return Use(self.place)

    def _name(self, name: str, mine: Claim) -> str:
        # On an object store two holders may upload at the same time: each under its own name.
        return name if self.place.local else f"{mine.token}-{name}"

    def _put(
        self, mine: Claim, name: str, content: bytes, before: Sequence[str] = (), after: Sequence[str] = ()
    ) -> None:
        """Write a small file of a stage in one step, and move files that lie aside to it before and after."""
        if not self.place.local:
            self.place.write(f"{mine.key}/{name}", content)
            return
        self.place.write(f"{_aside(mine)}/{name}", content)
        if self._misplaced(f"{mine.key}/{name}"):
            self._set_aside(mine.key, [name])
        for each in (*before, name, *after):
            self.place.move(f"{_aside(mine)}/{each}", f"{mine.key}/{each}")

    def _held(self, key: str, record: Document) -> bool:
        """Whether the weights are here and, as far as a look at their size tells, whole."""
        if digest(record) in self._distrusted:
            return False
        for name, file in record["files"].items():
            try:
                size = self.place.size(f"{key}/{file['at']}")
            except OSError:
                return False
            if size != file["bytes"]:
                self._damaged(key, name, record, f"has {size} of {file['bytes']} bytes")
                return False
        return True

    def _weights(self, key: str, name: str, like: Like) -> Weights | None:
        record = self.record(key)
        file = record["files"].get(name) if record else None
        if record is None or file is None:
            return None
        most = file["bytes"] if like is None else min(file["bytes"], largest(like))
        try:
            content = self.place.read(f"{key}/{file['at']}", most)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._damaged(key, name, record, f"cannot be read ({error})")
            return None
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            self._damaged(key, name, record, "is not what was written")
            return None
        try:
            return parse(content, like)
        except ValueError as error:
            self._damaged(key, name, record, str(error))
            return None

    def _unsound(self, key: str, record: Document, like: Mapping[str, Weights]) -> list[str]:
        """The weight files of a stage that are damaged; those that are gone are not."""
        return [
            file["at"]
            for name, file in record["files"].items()
            if self.place.exists(f"{key}/{file['at']}") and self._weights(key, name, like[name]) is None
        ]

    def _damaged(self, key: str, name: str, record: Document, what: str) -> None:
        damaged = self._distrusted.setdefault(digest(record), set())
        if name not in damaged:
            damaged.add(name)
            self.note(key, f"{name} {what}")

    def _set_aside(self, key: str, names: Sequence[str]) -> None:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        for name in names:
            self.place.move(f"{key}/{name}", f"{DAMAGED}/{key}-{now}/{name}")

    def _misplaced(self, path: str) -> bool:
        """Whether a folder or a link lies where a file belongs."""
        try:
            self.place.size(path)
        except MisplacedError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _quietly_remove(self, path: str) -> None:
        with suppress(OSError):  # swept later then
            self.place.remove(path)


def _aside(mine: Claim) -> str:
    """Where the holder of a claim writes what is not whole yet."""
    return f"{ASIDE}/{mine.token}"
