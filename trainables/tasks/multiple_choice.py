"""Multiple choice: which of the choices goes with the context. Columns: context, choices, label."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from transformers import AutoModelForMultipleChoice, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import Encoded, Feature, Metrics, Row, log_probabilities
from trainables.tasks.classification import accuracy


class MultipleChoice:
    """One choice of a row's own; every row of a task has as many. Scored by accuracy."""

    metrics = ("accuracy",)
    second = ("choices",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForMultipleChoice.from_config(config)

    def encode(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        choices = len(rows[0]["choices"])
        contexts = [row["context"] for row in rows for _ in range(choices)]
        flat = tokenizer(
            contexts, [choice for row in rows for choice in row["choices"]], truncation=True, max_length=max_length
        )
        features: list[Feature] = [
            {key: values[i * choices : (i + 1) * choices] for key, values in flat.items()} | {"labels": row["label"]}
            for i, row in enumerate(rows)
        ]
        return Encoded(features, list(range(len(rows))))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"context": rewrite(row["context"]), "choices": [rewrite(choice) for choice in row["choices"]]}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits)]

    def outputs(self, model: PreTrainedModel, batch: Batch) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(self, rows: Sequence[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        return accuracy(rows, outputs)
