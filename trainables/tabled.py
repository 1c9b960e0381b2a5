"""A task's rows, and what an encoder reads of them, as tables: made once, then found by whoever asks again."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from trainables.batches import length, texts
from trainables.benchmarks.rows import Row, Rows, TaskData
from trainables.encoders import Encoder
from trainables.languages import SOURCE_LANGUAGE
from trainables.store.identity import TOKENIZED
from trainables.tables import TOGETHER, Kept, Shelf
from trainables.tasks import KINDS, TaskKind, reads
from trainables.tokens import Feature

Tell = Callable[[str, int], None]
"""Hears what is being read or tokenized, and how many rows are."""


_COUNTS = {"texts": 0, "tokens": 0, "plain": 0}
"""Of all features: texts, their tokens, and those that are not special."""


@dataclass(frozen=True, slots=True)
class Tabled:
    """Makes the tables of one task."""

    data: TaskData
    shelf: Shelf
    tell: Tell

    def rows(self, rows: Iterable[Row], what: str, language: str | None = None) -> Kept:
        """Rows, under where they come from, or under what they are if that is not told.

        Args:
            rows: read only if they are not there.
            what: they are, in words.
            language: becomes a column of its own if it is told.
        """
        digest = hashlib.sha256(json.dumps([self.data.kind, self.data.labels]).encode())
        source = rows.source if isinstance(rows, Rows) else _digested(rows)
        key = _key("rows", self.data.kind, self.data.labels, source, language)
        if (found := self.shelf.find(key, {"fingerprint": str, "notes": dict})) is not None:
            return found
        own = {} if language is None else {"language": language}
        notes = rows.notes if isinstance(rows, Rows) else Counter[str]()
        told = self._told((_digest(row, digest) | own for row in rows), what)
        return self.shelf.keep(
            key, told, lambda: {"what": what, "fingerprint": digest.hexdigest(), "notes": dict(notes)}
        )

    def features(
        self, rows: Kept, what: str, encoder: Encoder, max_length: int, language: str = SOURCE_LANGUAGE
    ) -> Kept:
        """The features of rows, each with the number of its row, its length, and a digest of what decides its output.

        Args:
            rows: of this task.
            what: they are, in words.
            encoder: whose tokens.
            max_length: longest input in tokens.
            language: of rows that do not tell theirs.
        """
        kind, special, counts = KINDS[self.data.kind], set(encoder.tokens.special_ids), Counter[str]()
        fingerprint = [rows.about["fingerprint"], encoder.tokens.fingerprint]
        key = _key("features", TOKENIZED, self.data.kind, *fingerprint, max_length, language)
        if (found := self.shelf.find(key, dict.fromkeys(_COUNTS, int), ("_row", "_length", "_reads"))) is not None:
            return found

        def read() -> Iterator[Feature]:
            for feature in _features(kind, rows, encoder, max_length, language):
                for ids in texts(feature):
                    counts.update(texts=1, tokens=len(ids), plain=sum(token not in special for token in ids))
                yield feature

        return self.shelf.keep(key, self._told(read(), f"{what}, tokens"), lambda: {"what": what} | _COUNTS | counts)

    def _told(self, rows: Iterable[Row], what: str) -> Iterator[Row]:
        self.tell(what, 0)
        for number, row in enumerate(rows, start=1):
            if number % TOGETHER == 0:
                self.tell(what, number)
            yield row


def _features(kind: TaskKind, rows: Kept, encoder: Encoder, max_length: int, language: str) -> Iterator[Feature]:
    for start in range(0, len(rows.table), TOGETHER):
        told = [{"language": language} | row for row in rows.table[start : start + TOGETHER]]
        encoded = kind.encode(told, encoder.tokens, max_length)
        for feature, row in zip(encoded.features, encoded.rows, strict=True):
            digest = hashlib.blake2b(repr(reads(feature)).encode(), digest_size=8).digest()
            # Its mask, being all ones, is made again by `pad`.
            yield {name: value for name, value in feature.items() if name != "attention_mask"} | {
                "_row": start + row,
                "_length": length(feature),
                "_reads": int.from_bytes(digest, signed=True),
            }


def _digested(rows: Iterable[Row]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        _digest(row, digest)
    return digest.hexdigest()


def _digest(row: Row, digest: Any) -> Row:
    digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
    return row


def _key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
