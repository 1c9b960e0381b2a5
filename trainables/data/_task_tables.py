"""The cached tables of one task: its rows, and their features for an encoder. Each is built once."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from trainables.cards import LazyRows, Row, TaskData
from trainables.data._table_cache import CHUNK_ROWS, CachedTable, TableCache
from trainables.encoders import Encoder, Feature, get_feature_length, get_text_ids
from trainables.languages import SOURCE_LANGUAGE
from trainables.store import ENCODING_VERSION
from trainables.tasks import TaskKind, get_model_inputs, get_task_kind

ProgressCallback = Callable[[str, int], None]
"""Called with what is being read or tokenized, as text, and the number of rows done."""


_EMPTY_COUNTS = {"texts": 0, "tokens": 0, "plain": 0}
"""Counts over all features: texts, their tokens, and those that are not special."""


@dataclass(frozen=True, slots=True)
class TaskTables:
    """Builds and finds the tables of one task."""

    data: TaskData
    table_cache: TableCache
    report_progress: ProgressCallback

    def load_rows(self, rows: Iterable[Row], what: str, language: str | None = None) -> CachedTable:
        """The table of rows. Its key is made of the rows' source, or of their content if they have no source.

        Args:
            rows: read only if the cache lacks them.
            what: describes them in progress reports.
            language: the value of an additional column ``language``; None: no such column.
        """
        digest = hashlib.sha256(json.dumps([self.data.kind, self.data.labels]).encode())
        source = rows.source if isinstance(rows, LazyRows) else _digest_rows(rows)
        key = _make_table_key("rows", self.data.kind, self.data.labels, source, language)
        if (found := self.table_cache.find(key, {"fingerprint": str, "notes": dict})) is not None:
            return found
        own = {} if language is None else {"language": language}
        notes = rows.notes if isinstance(rows, LazyRows) else Counter[str]()
        reported = self._report_rows((_update_digest(row, digest) | own for row in rows), what)
        return self.table_cache.put(
            key, reported, lambda: {"what": what, "fingerprint": digest.hexdigest(), "notes": dict(notes)}
        )

    def load_features(
        self, rows: CachedTable, what: str, encoder: Encoder, max_length: int, language: str = SOURCE_LANGUAGE
    ) -> CachedTable:
        """The table of the features of rows, each with the number of its row, its length, and a digest of its model inputs.

        Args:
            rows: of this task.
            what: describes them in progress reports.
            encoder: its tokenizer encodes the rows.
            max_length: longest input in tokens.
            language: of rows without a column ``language``.
        """
        kind, special, counts = get_task_kind(self.data.kind), set(encoder.tokenizer.special_ids), Counter[str]()
        fingerprint = [rows.metadata["fingerprint"], encoder.tokenizer.fingerprint]
        key = _make_table_key("features", ENCODING_VERSION, self.data.kind, *fingerprint, max_length, language)
        if (
            found := self.table_cache.find(key, dict.fromkeys(_EMPTY_COUNTS, int), ("_row", "_length", "_reads"))
        ) is not None:
            return found

        def read() -> Iterator[Feature]:
            for feature in _iterate_features(kind, rows, encoder, max_length, language):
                for ids in get_text_ids(feature):
                    counts.update(texts=1, tokens=len(ids), plain=sum(token not in special for token in ids))
                yield feature

        return self.table_cache.put(
            key, self._report_rows(read(), f"{what}, tokens"), lambda: {"what": what} | _EMPTY_COUNTS | counts
        )

    def _report_rows(self, rows: Iterable[Row], what: str) -> Iterator[Row]:
        self.report_progress(what, 0)
        for number, row in enumerate(rows, start=1):
            if number % CHUNK_ROWS == 0:
                self.report_progress(what, number)
            yield row


def _iterate_features(
    kind: TaskKind, rows: CachedTable, encoder: Encoder, max_length: int, language: str
) -> Iterator[Feature]:
    for start in range(0, len(rows.table), CHUNK_ROWS):
        chunk = [{"language": language} | row for row in rows.table[start : start + CHUNK_ROWS]]
        encoded = kind.encode(chunk, encoder.tokenizer, max_length)
        for feature, row in zip(encoded.features, encoded.rows, strict=True):
            digest = hashlib.blake2b(repr(get_model_inputs(feature)).encode(), digest_size=8).digest()
            # The mask, which is all ones, is made again by `pad_features`.
            yield {name: value for name, value in feature.items() if name != "attention_mask"} | {
                "_row": start + row,
                "_length": get_feature_length(feature),
                "_reads": int.from_bytes(digest, signed=True),
            }


def _digest_rows(rows: Iterable[Row]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        _update_digest(row, digest)
    return digest.hexdigest()


def _update_digest(row: Row, digest: Any) -> Row:
    digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
    return row


def _make_table_key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
