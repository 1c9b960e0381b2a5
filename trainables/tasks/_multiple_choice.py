"""Multiple choice: which of the choices goes with the context. Columns: context, choices, label."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor
from transformers import AutoModelForMultipleChoice, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import Batch, EncoderTokenizer, Feature, get_row_languages
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities
from trainables.tasks._classification import compute_accuracy


class MultipleChoice(TaskKind):
    """One choice of a row's own; every row of a task has as many. Scored by accuracy."""

    metrics = ("accuracy",)
    second_columns = ("choices",)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForMultipleChoice.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        choices = len(rows[0]["choices"])
        contexts = [row["context"] for row in rows for _ in range(choices)]
        flat = tokens.encode_pairs(
            contexts,
            [choice for row in rows for choice in row["choices"]],
            max_length,
            [get_row_languages(row) for row in rows for _ in range(choices)],
        )
        features: list[Feature] = [
            {key: [feature[key] for feature in flat[i * choices : (i + 1) * choices]] for key in flat[0]}
            | {"labels": row["label"]}
            for i, row in enumerate(rows)
        ]
        return EncodedRows(features, list(range(len(rows))))

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"context": rewrite(row["context"]), "choices": [rewrite(choice) for choice in row["choices"]]}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits)]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        return compute_accuracy(rows, outputs)
