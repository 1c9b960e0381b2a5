"""Multiple choice: which of the choices goes with the context. Columns: context, choices, label."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor
from transformers import AutoModelForMultipleChoice, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.batches import Batch
from trainables.benchmarks.rows import Row
from trainables.tasks.base import Encoded, Metrics, TaskKind, log_probabilities
from trainables.tasks.classification import accuracy
from trainables.tokens import Feature, Tokens, row_languages


class MultipleChoice(TaskKind):
    """One choice of a row's own; every row of a task has as many. Scored by accuracy."""

    metrics = ("accuracy",)
    second = ("choices",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForMultipleChoice.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        choices = len(rows[0]["choices"])
        contexts = [row["context"] for row in rows for _ in range(choices)]
        flat = tokens.pairs(
            contexts,
            [choice for row in rows for choice in row["choices"]],
            max_length,
            [row_languages(row) for row in rows for _ in range(choices)],
        )
        features: list[Feature] = [
            {key: [feature[key] for feature in flat[i * choices : (i + 1) * choices]] for key in flat[0]}
            | {"labels": row["label"]}
            for i, row in enumerate(rows)
        ]
        return Encoded(features, list(range(len(rows))))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"context": rewrite(row["context"]), "choices": [rewrite(choice) for choice in row["choices"]]}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits)]

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        return accuracy(rows, outputs)
