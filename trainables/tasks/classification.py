"""Classification of a text or a pair of texts: inference, paraphrase, topic. Columns: text, text_pair, label."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from torch import Tensor
from transformers import AutoModelForSequenceClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.batches import Batch
from trainables.benchmarks.rows import Row
from trainables.tasks.base import Encoded, Metrics, TaskKind, log_probabilities
from trainables.tokens import Feature, Tokens, row_languages


class Classification(TaskKind):
    """One label of a fixed set; scored by accuracy."""

    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    second = ("text_pair",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return AutoModelForSequenceClassification.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        texts = [row["text"] for row in rows]
        pairs = [row["text_pair"] for row in rows] if rows[0].get("text_pair") is not None else None
        features = tokens.pairs(texts, pairs, max_length, [row_languages(row) for row in rows])
        for feature, row in zip(features, rows, strict=True):
            feature["labels"] = row["label"]
        return Encoded(features, list(range(len(rows))))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        pair = row.get("text_pair")
        return row | {"text": rewrite(row["text"]), "text_pair": pair if pair is None else rewrite(pair)}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits)]

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        return accuracy(rows, outputs)


def accuracy(rows: Iterable[Row], outputs: Sequence[int]) -> Metrics:
    """Share of rows whose ``label`` is the output."""
    return {"accuracy": sum(row["label"] == output for row, output in zip(rows, outputs, strict=True)) / len(outputs)}
