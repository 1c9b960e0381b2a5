"""Classification with any number of labels a row: emotions, topics. Columns: text, text_pair, labels (numbers of labels)."""

from collections.abc import Iterable, Sequence
from types import MethodType
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import IGNORED_LABEL, Batch, Feature
from trainables.tasks._base import EncodedRows, Metrics
from trainables.tasks._classification import SequenceKind
from trainables.tasks._label_metrics import compute_label_metrics

LABEL_THRESHOLD = 0.5
"""The probability from which a label is predicted. It is not tuned: a threshold from dev rows in the target language would make a
zero-shot score a few-shot one, and languages without dev rows would be scored by another rule."""


class MultiLabel(SequenceKind):
    """A probability for each label, trained by binary cross-entropy; scored by micro and macro F1 at `LABEL_THRESHOLD`."""

    metrics = ("micro_f1", "macro_f1")

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.problem_type = "multi_label_classification"
        model = super().build_model(config, labels)
        model.forward = MethodType(_forward_with_label_numbers, model)
        return model

    def encode_label(self, row: Row) -> list[int]:
        """The row's label numbers, and one that is ignored, since a list of a feature is not empty."""
        return [*row["labels"], IGNORED_LABEL]

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """For each label, that the row has it and that it does not: [rows x labels, 2]."""
        logits = output.logits.to(torch.promote_types(output.logits.dtype, torch.float32)).flatten()
        return [torch.stack([logsigmoid(logits), logsigmoid(-logits)], dim=-1)]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """The probability of each label, for each row."""
        return list(model(**batch).logits.float().sigmoid().tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        truth = [[int(number in row["labels"]) for number in range(len(labels))] for row in rows]
        predicted = [[int(probability >= LABEL_THRESHOLD) for probability in output] for output in outputs]
        return compute_label_metrics(self.metrics, truth, predicted, labels)


def _forward_with_label_numbers(model: PreTrainedModel, labels: Tensor | None = None, **batch: Tensor) -> Any:
    """The model's output; `labels` are label numbers, [batch, any number], in place of 0 and 1 for each label."""
    if labels is not None:
        numbers = torch.arange(model.config.num_labels, device=labels.device)
        labels = (labels.unsqueeze(-1) == numbers).any(1).float()
    return type(model).forward(model, labels=labels, **batch)
