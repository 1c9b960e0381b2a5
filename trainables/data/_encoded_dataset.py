"""Encoded datasets: a task's rows and token ids for one encoder in tables on disk, and batches of similar length."""

import hashlib
import json
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import islice
from random import Random

from trainables.cards import ITEM_COLUMN, MULTIPLE_LANGUAGES, ROWS_READ, LazyRows, Row, TaskData
from trainables.data._shots import ShotRows, make_training_rows
from trainables.data._table_cache import ArrowTable, CachedTable, TableCache
from trainables.data._task_tables import ProgressCallback, TaskTables
from trainables.encoders import Batch, Encoder, Feature, pad_features
from trainables.few_shot import LanguageShots
from trainables.store import ENCODING_VERSION
from trainables.tasks import DEFAULT_POOLING, EncodedRows, Retrieval, SentencePooling, TaskKind, get_task_kind
from trainables.validation import DataError

BATCHES_PER_BUCKET = 16
"""Batches whose examples are sorted by length together: with more there is less padding, with fewer a more random order."""


def ignore_progress(what: str, rows: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Rows to score a model on, and their features."""

    rows: Sequence[Row]
    encoded: EncodedRows


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """One task's data for one encoder."""

    data: TaskData
    encoder: Encoder
    max_length: int
    sentence_pooling: SentencePooling = DEFAULT_POOLING
    """For task kinds that retrieve without training."""
    table_cache: TableCache = field(default_factory=TableCache)
    report_progress: ProgressCallback = ignore_progress
    shot_rows: ShotRows | None = None
    """Its few-shot rows, which are not among those of `data`."""
    fitted_kind: TaskKind | None = None
    """The kind of the training rows that a few-shot continuation goes on from."""

    @cached_property
    def kind(self) -> TaskKind:
        """The task kind: encodes rows, builds the model, computes metrics."""
        if self.fitted_kind is not None:
            return self.fitted_kind
        kind = get_task_kind(self.data.kind, self.data.metric, self.data.labels)
        if isinstance(kind, Retrieval):
            return replace(kind, sentence_pooling=self.sentence_pooling)
        return kind if self.data.train is None else kind.fit_labels(self.train_rows)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the task kind, the label names and the training rows, if there are any."""
        if self.data.train is None:
            return hashlib.sha256(json.dumps([self.data.kind, self.data.labels]).encode()).hexdigest()
        return str(self._train_table.metadata["fingerprint"])

    @cache  # noqa: B019 - `load_encoded_dataset` keeps every instance anyway
    def evaluation_fingerprint(self, split: str, languages: tuple[str, ...]) -> str:
        """SHA-256 over the fingerprints of the rows of a split in those of the languages that it has, of the candidates, of the rows on
        which a threshold is found, of a metric that the kind does not always compute, and of the encoding."""
        available = self.languages(split)
        content = {
            code: self._load_evaluation_table(split, code).metadata["fingerprint"]
            for code in languages
            if code in available
        }
        content["read by"] = f"{ENCODING_VERSION}/{self.encoder.tokenizer.fingerprint}"
        if self.kind.has_threshold and split != "dev":
            content["tuned on"] = self.evaluation_fingerprint("dev", languages)
        if self.data.added_metric:
            content["metric"] = self.data.added_metric
        if self.data.candidates is not None:
            content["candidates"] = self._candidate_table.metadata["fingerprint"]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def train_rows(self) -> ArrowTable:
        """The training rows."""
        return self._train_table.table

    @cached_property
    def train(self) -> EncodedRows:
        """The training rows, tokenized."""
        return _to_encoded_rows(self._train_features)

    @cached_property
    def mean_length(self) -> tuple[float, float]:
        """Mean tokens of a training text, and mean tokens that are not special; each choice of a row is a text."""
        metadata = self._train_features.metadata
        count = max(metadata["texts"], 1)
        return metadata["tokens"] / count, metadata["plain"] / count

    @property
    def notes(self) -> Counter[str]:
        """What was left out or repaired among the training rows, and how often."""
        counts = {} if self.data.train is None else self._train_table.metadata["notes"]
        return Counter({what: count for what, count in counts.items() if what != ROWS_READ})

    @cache  # noqa: B019
    def load_evaluation_set(self, split: str, language: str) -> EvaluationSet:
        """The rows of a split in a language, and their features."""
        rows = self._load_evaluation_table(split, language)
        features = self._task_tables.load_features(
            rows, f"{split}, {language}", self.encoder, self.max_length, language
        )
        return EvaluationSet(rows.table, _to_encoded_rows(features))

    @cached_property
    def candidates(self) -> EvaluationSet:
        """The candidates of retrieval, shared by all languages, and their features."""
        features = self._task_tables.load_features(self._candidate_table, "candidates", self.encoder, self.max_length)
        return EvaluationSet(self._candidate_table.table, _to_encoded_rows(features))

    @cache  # noqa: B019
    def sample_train_rows(self, count: int) -> EvaluationSet:
        """A sample of at most `count` training rows, and their features: the first rows of a random order that is the same for every
        stage, seed and count."""
        whole, order = self.train_rows, _iterate_shuffled(len(self.train_rows), Random("drawn"))
        sampled = whole.take(list(islice(order, min(count, len(whole)))))
        rows = [{"language": self.data.language} | row for row in sampled]
        return EvaluationSet(rows, self.kind.encode(rows, self.encoder.tokenizer, self.max_length))

    @cache  # noqa: B019
    def continue_on(self, setting: LanguageShots) -> "EncodedDataset | None":
        """The dataset of a few-shot continuation, trained on the rows of a setting; None if no language can give them."""
        rows = self.shot_rows.select(setting) if self.shot_rows else {}
        data = replace(self.data, train=make_training_rows(rows), sample=None, language=MULTIPLE_LANGUAGES)
        return replace(self, data=data, fitted_kind=self.kind) if rows else None

    def languages(self, split: str) -> frozenset[str]:
        """The languages that a split has."""
        return frozenset(self.data.evaluation.get(split, ()))

    def supports_language_pairs(self, split: str, languages: Sequence[str]) -> bool:
        """Whether it can be scored in pairs of the languages: its rows have two texts, and are parallel across languages."""
        available = [code for code in languages if code in self.languages(split)]
        if not self.kind.second_columns or len(available) < 2:
            return False
        first = self._load_evaluation_table(split, available[0]).table[0]
        return all(first.get(column) is not None for column in (*self.kind.second_columns, ITEM_COLUMN))

    def load_language_pair(self, split: str, first: str, second: str) -> EvaluationSet:
        """The items that both languages have, with the first text in the first language and the second in the second, and their
        features."""
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
        """Build every table for training, and for scoring on `splits` in `languages`."""
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
        """Training batches of examples of similar length in random order, without end; every example occurs once in an epoch.

        Args:
            batch_size: examples in a batch.
            rng: of the order.
            rewrite: applied to an example's texts each time it occurs.
        """
        features = self._train_features.table
        lengths, order = features.column("_length"), _iterate_shuffled(len(features), rng)
        # Columns for scoring take longer to read than all the others.
        features = features.select_columns(*(name for name in features.columns if not name.startswith("_")))
        while window := list(islice(order, BATCHES_PER_BUCKET * batch_size)):
            window.sort(key=lambda i: int(lengths[i]))
            groups = [window[i : i + batch_size] for i in range(0, len(window), batch_size)]
            rng.shuffle(groups)
            ordered = iter(features.take([i for group in groups for i in group]) if rewrite is None else ())
            for group in groups:
                found = list(islice(ordered, len(group))) if rewrite is None else self._rewrite_features(group, rewrite)
                batch = pad_features(found, self.encoder.tokenizer.pad_id)
                yield self.kind.prepare_batch(batch, self.encoder.tokenizer, rng)

    def _rewrite_features(self, group: Sequence[int], rewrite: Callable[[str], str]) -> list[Feature]:
        """The features of a batch with the texts of their rows rewritten; of a row with several windows, the window in the same place, or
        the last."""
        rows = [int(self.train.rows[i]) for i in group]
        places = [i - bisect_left(self.train.rows, row) for i, row in zip(group, rows, strict=True)]
        own = {"language": self.data.language}
        changed = [own | self.kind.rewrite_texts(row, rewrite) for row in self.train_rows.take(rows)]
        encoded = self.kind.encode(changed, self.encoder.tokenizer, self.max_length)
        spans = [(bisect_left(encoded.rows, n), bisect_right(encoded.rows, n) - 1) for n in range(len(group))]
        return [encoded.features[min(first + place, last)] for place, (first, last) in zip(places, spans, strict=True)]

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
        features = self._task_tables.load_features(
            self._train_table, "train", self.encoder, self.max_length, self.data.language
        )
        if not len(features.table):
            raise DataError(
                f"train: the encoder's tokenizer gives no tokens for any of the {len(self._train_table.table):,} rows"
            )
        return features

    @cached_property
    def _candidate_table(self) -> CachedTable:
        assert self.data.candidates is not None, "this task retrieves from its own rows"
        return self._task_tables.load_rows(self.data.candidates, "candidates")

    @cache  # noqa: B019
    def _load_evaluation_table(self, split: str, language: str) -> CachedTable:
        return self._task_tables.load_rows(self.data.evaluation[split][language], f"{split}, {language}", language)


def _iterate_shuffled(count: int, rng: Random) -> Iterator[int]:
    """The numbers below `count` in random order, epoch after epoch, without end; the same numbers as ``rng.sample``, at four bytes each."""
    while True:
        left, drawn = array("I", range(count)), array("I")
        for last in range(count - 1, -1, -1):
            place = rng.randrange(last + 1)
            drawn.append(left[place])
            left[place] = left[last]
        yield from drawn


def _to_encoded_rows(features: CachedTable) -> EncodedRows:
    return EncodedRows(features.table, features.table.column("_row"))
