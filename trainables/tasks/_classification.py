"""Classification of a text or a pair of texts: inference, paraphrase, topic. Columns: text, text_pair, label."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor
from transformers import AutoModelForSequenceClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import Batch, EncoderTokenizer, Feature, get_row_languages
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities
from trainables.tasks._heads import build_head_model
from trainables.tasks._label_metrics import compute_label_metrics


class SequenceKind(TaskKind):
    """A kind with one prediction for a text or a pair of texts."""

    second_columns = ("text_pair",)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return build_head_model(AutoModelForSequenceClassification, config)

    @abstractmethod
    def encode_label(self, row: Row) -> Any:
        """The label of a row's feature."""

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        texts = [row["text"] for row in rows]
        pairs = [row["text_pair"] for row in rows] if rows[0].get("text_pair") is not None else None
        features = tokens.encode_pairs(texts, pairs, max_length, [get_row_languages(row) for row in rows])
        for feature, row in zip(features, rows, strict=True):
            feature["labels"] = self.encode_label(row)
        return EncodedRows(features, list(range(len(rows))))

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        pair = row.get("text_pair")
        return row | {"text": rewrite(row["text"]), "text_pair": pair if pair is None else rewrite(pair)}


class SingleLabelKind(TaskKind):
    """A kind whose model predicts one label a row; scored by accuracy, and by another metric where a task asks for one."""

    metrics: tuple[str, ...] = ("accuracy",)

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits)]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        materialised = list(rows)
        truth, others = [row["label"] for row in materialised], [each for each in self.metrics if each != "accuracy"]
        return compute_accuracy(materialised, outputs) | compute_label_metrics(others, truth, outputs, labels)


class Classification(SingleLabelKind, SequenceKind):
    """Classification into a fixed set of labels."""

    def encode_label(self, row: Row) -> Any:
        return row["label"]


def compute_accuracy(rows: Iterable[Row], outputs: Sequence[int]) -> Metrics:
    """Share of rows whose ``label`` is the output."""
    return {"accuracy": sum(row["label"] == output for row, output in zip(rows, outputs, strict=True)) / len(outputs)}
