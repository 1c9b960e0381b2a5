"""Tagging of words: named entities, parts of speech. Columns: words, tags (numbers of labels)."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from seqeval.metrics import f1_score
from torch import Tensor
from transformers import AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import IGNORED, Encoded, Feature, Metrics, Row, TaskKind, log_probabilities
from trainables.tokens import Tokens, row_languages


class Tagging(TaskKind):
    """A tag for the first piece of each word; scored by chunk F1 (seqeval, as XTREME-R does) and by word."""

    metrics = ("f1", "accuracy")
    second = ()

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return AutoModelForTokenClassification.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        languages = [row_languages(row)[0] for row in rows]
        features, numbers = tokens.words([row["words"] for row in rows], max_length, languages)
        for feature, words, row in zip(features, numbers, rows, strict=True):
            before = [None, *words]
            feature["labels"] = [
                IGNORED if word is None or word == last else row["tags"][word]
                for word, last in zip(words, before, strict=False)
            ]
        return Encoded(features, list(range(len(rows))))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """A word that becomes several stays as it is: it has one tag."""
        said = [rewrite(word) for word in row["words"]]
        return row | {
            "words": [new if len(new.split()) == 1 else old for old, new in zip(row["words"], said, strict=True)]
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits[batch["labels"] != IGNORED])]

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(
        self,
        rows: Iterable[Row],
        encoded: Encoded,
        outputs: Sequence[Any],
        labels: Sequence[str],
        tuned: float | None = None,
    ) -> Metrics:
        truth, said = [], []
        for row, feature, output in zip(rows, encoded.features, outputs, strict=True):
            kept = [tag for label, tag in zip(feature["labels"], output, strict=False) if label != IGNORED]
            truth.append([labels[tag] for tag in row["tags"]])
            said.append([labels[tag] for tag in kept] + ["O"] * (len(row["tags"]) - len(kept)))
        pairs = [pair for a, b in zip(truth, said, strict=True) for pair in zip(a, b, strict=True)]
        with warnings.catch_warnings():
            # Parts of speech are no chunks to seqeval, and yet what XTREME-R scores by it: equal neighbours count as one.
            warnings.filterwarnings("ignore", ".* seems not to be NE tag")
            f1 = float(f1_score(truth, said, zero_division=0))
        return {
            "f1": f1,
            "accuracy": sum(a == b for a, b in pairs) / len(pairs),
        }
