"""Data made ready for one encoder: rows tokenized once a worker, batches of like length."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import islice
from random import Random
from typing import Any

from trainables import encoders
from trainables.benchmarks import load
from trainables.encoders import Encoder
from trainables.optimise import Batch
from trainables.tasks import KINDS, Encoded, Feature, TaskData, TaskKind, length, pad

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
    def train(self) -> list[Feature]:
        """The training rows, tokenized."""
        assert self.data.train is not None, "this task has no training data"
        return self.kind.encode(self.data.train.to_list(), self.encoder.tokenizer, self.max_length).features

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

    def batches(self, batch_size: int, rng: Random) -> Iterator[Batch]:
        """Training batches of like length in random order, for ever; every example comes once an epoch."""
        order = self._order(rng)
        while window := list(islice(order, BUCKET * batch_size)):
            window.sort(key=lambda i: length(self.train[i]))
            groups = [window[i : i + batch_size] for i in range(0, len(window), batch_size)]
            rng.shuffle(groups)
            for group in groups:
                yield pad([self.train[i] for i in group], self.encoder.tokenizer.pad_token_id)

    def _order(self, rng: Random) -> Iterator[int]:
        while True:
            yield from rng.sample(range(len(self.train)), len(self.train))


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
