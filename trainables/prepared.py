"""Data made ready for one encoder: rows tokenized once a worker, batches of like length."""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import islice
from random import Random
from typing import Any

from trainables import encoders
from trainables.benchmarks import load
from trainables.encoders import Encoder
from trainables.optimise import Batch
from trainables.tasks import ITEM, KINDS, Encoded, Feature, Row, TaskData, TaskKind, length, pad, texts

EVALUATION_BATCH = 128
BUCKET = 16
"""Batches that are sorted by length together: more make less padding, fewer make a more random order."""


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """The rows of one language and their features."""

    rows: Sequence[dict[str, Any]]
    encoded: Encoded


@dataclass(frozen=True, eq=False)
class Prepared:
    """One task's data for one encoder."""

    data: TaskData
    encoder: Encoder
    max_length: int

    @property
    def kind(self) -> TaskKind:
        """How the task becomes tensors, which head it takes, how it is scored."""
        return KINDS[self.data.kind]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the task kind, the label names and the training rows."""
        return _digest(self.data, self.data.train or ())

    @cache  # noqa: B019 - `prepare` keeps every instance anyway
    def scored_fingerprint(self, split: str) -> str:
        """SHA-256 over the task kind, the label names and a split's rows."""
        return _digest(self.data, self.data.evaluation[split])

    @cached_property
    def train_rows(self) -> list[Row]:
        """The training rows, for whoever rewrites them: once tokenized nobody else needs them."""
        return self._read()

    @cached_property
    def train(self) -> Encoded:
        """The training rows, tokenized."""
        return self.kind.encode(self._read(), self.encoder.tokenizer, self.max_length)

    def _read(self) -> list[Row]:
        assert self.data.train is not None, "this task has no training data"
        rows: list[Row] = self.data.train.to_list()
        return rows

    @cached_property
    def mean_length(self) -> tuple[float, float]:
        """Tokens in a training text, choices being texts of their own: all of them, and those that are not special."""
        special = set(self.encoder.tokenizer.all_special_ids)
        found = [ids for feature in self.train.features for ids in texts(feature)]
        plain = sum(token not in special for ids in found for token in ids)
        return sum(map(len, found)) / len(found), plain / len(found)

    @cache  # noqa: B019
    def scored(self, split: str) -> dict[str, ScoredSet]:
        """The rows of a split by language, tokenized."""
        by_language: dict[str, list[dict[str, Any]]] = {}
        for row in self.data.evaluation[split].to_list():
            by_language.setdefault(row["language"], []).append(row)
        return {
            language: ScoredSet(rows, self.kind.encode(rows, self.encoder.tokenizer, self.max_length))
            for language, rows in by_language.items()
        }

    @cache  # noqa: B019
    def languages(self, split: str) -> frozenset[str]:
        """The languages that a split has."""
        return frozenset(self.data.evaluation[split].unique("language"))

    @property
    def generalizes(self) -> bool:
        """Whether its two texts can be given in two languages: it has two, and its rows say the same in every language."""
        columns = (*self.kind.second, ITEM)
        return len(columns) > 1 and all(
            column in rows.column_names and rows[0][column] is not None
            for rows in self.data.evaluation.values()
            for column in columns
        )

    def mixed(self, split: str, first: str, second: str) -> ScoredSet:
        """The items that both languages have, the first text in the one, the second in the other, tokenized."""
        sets = self.scored(split)
        others = {row[ITEM]: row for row in sets[second].rows}
        rows = [
            row | {column: others[row[ITEM]][column] for column in self.kind.second}
            for row in sets[first].rows
            if row[ITEM] in others
        ]
        return ScoredSet(rows, self.kind.encode(rows, self.encoder.tokenizer, self.max_length))

    def batches(self, batch_size: int, rng: Random, rewrite: Callable[[str], str] | None = None) -> Iterator[Batch]:
        """Training batches of like length in random order, for ever; every example comes once an epoch.

        Args:
            batch_size: examples in a batch.
            rng: of the order.
            rewrite: applied to an example's texts each time it comes.
        """
        features, order = self.train.features, self._order(rng)
        while window := list(islice(order, BUCKET * batch_size)):
            window.sort(key=lambda i: length(features[i]))
            groups = [window[i : i + batch_size] for i in range(0, len(window), batch_size)]
            rng.shuffle(groups)
            for group in groups:
                found = [features[i] for i in group] if rewrite is None else self._rewritten(group, rewrite)
                yield pad(found, self.encoder.tokenizer.pad_token_id)

    def _rewritten(self, group: Sequence[int], rewrite: Callable[[str], str]) -> list[Feature]:
        """Features of their rows rewritten; of a row with several windows the one in the same place, or the last."""
        rows = [self.train.rows[i] for i in group]
        places = [i - bisect_left(self.train.rows, row) for i, row in zip(group, rows, strict=True)]
        changed = [self.kind.rewritten(self.train_rows[row], rewrite) for row in rows]
        anew = self.kind.encode(changed, self.encoder.tokenizer, self.max_length)
        spans = [(bisect_left(anew.rows, n), bisect_right(anew.rows, n) - 1) for n in range(len(group))]
        return [anew.features[min(first + place, last)] for place, (first, last) in zip(places, spans, strict=True)]

    def _order(self, rng: Random) -> Iterator[int]:
        count = len(self.train.features)
        while True:
            yield from rng.sample(range(count), count)


def _digest(data: TaskData, rows: Iterable[dict[str, Any]]) -> str:
    digest = hashlib.sha256(json.dumps([data.kind, data.labels]).encode())
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def evaluation_batches(features: Sequence[Feature], pad_id: int) -> Iterator[tuple[list[int], Batch]]:
    """Batches of like length and the numbers of their features."""
    order = sorted(range(len(features)), key=lambda i: length(features[i]))
    for start in range(0, len(order), EVALUATION_BATCH):
        group = order[start : start + EVALUATION_BATCH]
        yield group, pad([features[i] for i in group], pad_id)


@lru_cache(maxsize=64)
def prepare(benchmark: str, task: str, encoder: str, max_length: int) -> Prepared:
    """A task of a benchmark for an encoder; kept for the life of the worker."""
    return Prepared(load(benchmark, task), encoders.load(encoder), max_length)
