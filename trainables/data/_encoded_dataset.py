"""Data made ready for one encoder: rows and their tokens in tables on disk, batches of like length."""

import hashlib
import json
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import islice
from pathlib import Path
from random import Random

from trainables.benchmarks import load_task
from trainables.cards import ITEM_COLUMN, ROWS_READ, LazyRows, Row, TaskData
from trainables.curriculum import Trial
from trainables.data._table_cache import ArrowTable, CachedTable, TableCache
from trainables.data._task_tables import ProgressCallback, TaskTables
from trainables.encoders import Batch, Encoder, Feature, load_encoder, pad_features
from trainables.store import ENCODING_VERSION
from trainables.tasks import DEFAULT_POOLING, TASK_KINDS, EncodedRows, Retrieval, SentencePooling, TaskKind
from trainables.validation import DataError

BATCHES_PER_BUCKET = 16
"""Batches that are sorted by length together: more make less padding, fewer make a more random order."""


def ignore_progress(what: str, rows: int) -> None:
    """Hears of progress and does nothing."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The rows of one language and their features."""

    rows: Sequence[Row]
    encoded: EncodedRows


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """One task's data for one encoder."""

    data: TaskData
    encoder: Encoder
    max_length: int
    sentence_pooling: SentencePooling = DEFAULT_POOLING
    """What kinds that retrieve without training read."""
    table_cache: TableCache = field(default_factory=TableCache)
    report_progress: ProgressCallback = ignore_progress

    @cached_property
    def kind(self) -> TaskKind:
        """How the task becomes tensors, which head it takes, how it is scored."""
        kind = TASK_KINDS[self.data.kind]
        return replace(kind, sentence_pooling=self.sentence_pooling) if isinstance(kind, Retrieval) else kind

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the task kind, the label names and the training rows; of none for a task without."""
        if self.data.train is None:
            return hashlib.sha256(json.dumps([self.data.kind, self.data.labels]).encode()).hexdigest()
        return str(self._train_table.metadata["fingerprint"])

    @cache  # noqa: B019 - `prepare` keeps every instance anyway
    def evaluation_fingerprint(self, split: str, languages: tuple[str, ...]) -> str:
        """SHA-256 over those of the languages' rows, as far as the split has them, over what they retrieve from, over the rows that a
        threshold is found on, and over how the encoder reads them."""
        there = self.languages(split)
        told = {
            code: self._load_evaluation_table(split, code).metadata["fingerprint"]
            for code in languages
            if code in there
        }
        told["read by"] = f"{ENCODING_VERSION}/{self.encoder.tokenizer.fingerprint}"
        if self.kind.has_threshold and split != "dev":
            told["tuned on"] = self.evaluation_fingerprint("dev", languages)
        if self.data.candidates is not None:
            told["candidates"] = self._candidate_table.metadata["fingerprint"]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def train_rows(self) -> ArrowTable:
        """The training rows, for whoever rewrites them."""
        return self._train_table.table

    @cached_property
    def train(self) -> EncodedRows:
        """The training rows, tokenized."""
        return _to_encoded_rows(self._train_features)

    @cached_property
    def mean_length(self) -> tuple[float, float]:
        """Tokens in a training text, choices being texts of their own: all of them, and those that are not special."""
        about = self._train_features.metadata
        count = max(about["texts"], 1)
        return about["tokens"] / count, about["plain"] / count

    @property
    def notes(self) -> Counter[str]:
        """What was dropped or mended among the training rows."""
        told = {} if self.data.train is None else self._train_table.metadata["notes"]
        return Counter({what: count for what, count in told.items() if what != ROWS_READ})

    @cache  # noqa: B019
    def load_evaluation_set(self, split: str, language: str) -> EvaluationSet:
        """The rows of a split in a language, tokenized."""
        kept = self._load_evaluation_table(split, language)
        features = self._task_tables.load_features(
            kept, f"{split}, {language}", self.encoder, self.max_length, language
        )
        return EvaluationSet(kept.table, _to_encoded_rows(features))

    @cached_property
    def candidates(self) -> EvaluationSet:
        """What the rows of every language retrieve from, tokenized."""
        features = self._task_tables.load_features(self._candidate_table, "candidates", self.encoder, self.max_length)
        return EvaluationSet(self._candidate_table.table, _to_encoded_rows(features))

    @cache  # noqa: B019
    def sample_train_rows(self, count: int) -> EvaluationSet:
        """So many training rows, or all if there are fewer, tokenized: the first ones of one random order, the same for every stage, seed
        and count."""
        whole, order = self.train_rows, _iterate_shuffled(len(self.train_rows), Random("drawn"))
        told = whole.take(list(islice(order, min(count, len(whole)))))
        rows = [{"language": self.data.language} | row for row in told]
        return EvaluationSet(rows, self.kind.encode(rows, self.encoder.tokenizer, self.max_length))

    def languages(self, split: str) -> frozenset[str]:
        """The languages that a split has."""
        return frozenset(self.data.evaluation.get(split, ()))

    def supports_language_pairs(self, split: str, languages: Sequence[str]) -> bool:
        """Whether its two texts can be given in two of the languages: it has two, and its rows say the same in every language."""
        there = [code for code in languages if code in self.languages(split)]
        if not self.kind.second_columns or len(there) < 2:
            return False
        first = self._load_evaluation_table(split, there[0]).table[0]
        return all(first.get(column) is not None for column in (*self.kind.second_columns, ITEM_COLUMN))

    def load_language_pair(self, split: str, first: str, second: str) -> EvaluationSet:
        """The items that both languages have, the first text in the one, the second in the other, tokenized."""
        others = {row[ITEM_COLUMN]: row for row in self._load_evaluation_table(split, second).table}
        rows = [
            row
            | {"second_language": second}
            | {column: others[row[ITEM_COLUMN]][column] for column in self.kind.second_columns}
            for row in self._load_evaluation_table(split, first).table
            if row[ITEM_COLUMN] in others
        ]
        return EvaluationSet(rows, self.kind.encode(rows, self.encoder.tokenizer, self.max_length))

    def build_tables(self, splits: Iterable[str], languages: Iterable[str]) -> None:
        """Make every table that training, and scoring on `splits` in `languages`, read."""
        if self.data.train is not None:
            _ = self._train_features
        for split in {*splits, "dev"} if self.kind.has_threshold else splits:
            for language in sorted({*languages} & self.languages(split)):
                self.load_evaluation_set(split, language)
        if self.data.candidates is not None:
            _ = self.candidates

    def iterate_batches(
        self, batch_size: int, rng: Random, rewrite: Callable[[str], str] | None = None
    ) -> Iterator[Batch]:
        """Training batches of like length in random order, for ever; every example comes once an epoch.

        Args:
            batch_size: examples in a batch.
            rng: of the order.
            rewrite: applied to an example's texts each time it comes.
        """
        features = self._train_features.table
        lengths, order = features.column("_length"), _iterate_shuffled(len(features), rng)
        # What is for scoring takes longer to read than all the rest.
        features = features.select_columns(*(name for name in features.columns if not name.startswith("_")))
        while window := list(islice(order, BATCHES_PER_BUCKET * batch_size)):
            window.sort(key=lambda i: int(lengths[i]))
            groups = [window[i : i + batch_size] for i in range(0, len(window), batch_size)]
            rng.shuffle(groups)
            told = iter(features.take([i for group in groups for i in group]) if rewrite is None else ())
            for group in groups:
                found = list(islice(told, len(group))) if rewrite is None else self._rewrite_features(group, rewrite)
                batch = pad_features(found, self.encoder.tokenizer.pad_id)
                yield self.kind.prepare_batch(batch, self.encoder.tokenizer, rng)

    def _rewrite_features(self, group: Sequence[int], rewrite: Callable[[str], str]) -> list[Feature]:
        """Features of their rows rewritten; of a row with several windows the one in the same place, or the last."""
        rows = [int(self.train.rows[i]) for i in group]
        places = [i - bisect_left(self.train.rows, row) for i, row in zip(group, rows, strict=True)]
        own = {"language": self.data.language}
        changed = [own | self.kind.rewrite_texts(row, rewrite) for row in self.train_rows.take(rows)]
        anew = self.kind.encode(changed, self.encoder.tokenizer, self.max_length)
        spans = [(bisect_left(anew.rows, n), bisect_right(anew.rows, n) - 1) for n in range(len(group))]
        return [anew.features[min(first + place, last)] for place, (first, last) in zip(places, spans, strict=True)]

    @property
    def _task_tables(self) -> TaskTables:
        return TaskTables(self.data, self.table_cache, self.report_progress)

    @cached_property
    def _train_table(self) -> CachedTable:
        assert self.data.train is not None, "this task has no training data"
        whole = self._task_tables.load_rows(self.data.train, "train")
        if self.data.sample is None:
            return whole
        count, seed = self.data.sample
        drawn = sorted(Random(f"sample/{seed}").sample(range(len(whole.table)), min(count, len(whole.table))))
        source = f"{whole.metadata['fingerprint']}/{count}/{seed}"
        return self._task_tables.load_rows(LazyRows(lambda: whole.table.take(drawn), source), f"{count} of train")

    @cached_property
    def _train_features(self) -> CachedTable:
        kept = self._task_tables.load_features(
            self._train_table, "train", self.encoder, self.max_length, self.data.language
        )
        if not len(kept.table):
            raise DataError(f"train: the encoder reads nothing in any of its {len(self._train_table.table):,} rows")
        return kept

    @cached_property
    def _candidate_table(self) -> CachedTable:
        assert self.data.candidates is not None, "this task retrieves from its own rows"
        return self._task_tables.load_rows(self.data.candidates, "candidates")

    @cache  # noqa: B019
    def _load_evaluation_table(self, split: str, language: str) -> CachedTable:
        return self._task_tables.load_rows(self.data.evaluation[split][language], f"{split}, {language}", language)


def _iterate_shuffled(count: int, rng: Random) -> Iterator[int]:
    """Numbers below `count`, every one once an epoch, for ever: ``rng.sample`` of all, at four bytes each."""
    while True:
        left, drawn = array("I", range(count)), array("I")
        for last in range(count - 1, -1, -1):
            place = rng.randrange(last + 1)
            drawn.append(left[place])
            left[place] = left[last]
        yield from drawn


def _to_encoded_rows(features: CachedTable) -> EncodedRows:
    return EncodedRows(features.table, features.table.column("_row"))


def load_trial_datasets(trial: Trial, data: str | None = None) -> dict[str, "EncodedDataset"]:
    """Every task of a trial, by name."""
    return {
        task: load_encoded_dataset(
            trial.benchmark, task, trial.encoder, stage.max_length, SentencePooling(stage.layer, stage.pooling), data
        )
        for stage in trial.stages
        for task in stage.tasks
    }


@lru_cache(maxsize=64)
def load_encoded_dataset(
    benchmark: str,
    task: str,
    encoder: str,
    max_length: int,
    pooled: SentencePooling = DEFAULT_POOLING,
    data: str | None = None,
) -> EncodedDataset:
    """A task of a benchmark for an encoder; kept for the life of the worker.

    Args:
        benchmark: its name.
        task: its name.
        encoder: as in a config.
        max_length: longest input in tokens.
        pooled: what kinds that retrieve without training read.
        data: the folder of tables; None for one that goes with the process.
    """
    shelf = TableCache(Path(data)) if data else TableCache()
    return EncodedDataset(load_task(benchmark, task), load_encoder(encoder), max_length, pooled, shelf)
