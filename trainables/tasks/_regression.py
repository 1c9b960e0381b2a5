"""Regression: a number for a text or a pair of texts, such as similarity or quality. Columns: text, text_pair, label (a number)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import Batch, EncoderTokenizer, Feature
from trainables.tasks._base import EncodedRows, Metrics
from trainables.tasks._classification import SequenceKind
from trainables.tasks._label_metrics import compute_correlations


@dataclass(frozen=True)
class Regression(SequenceKind):
    """One number a row, trained by mean squared error; scored by Pearson's and Spearman's correlation, 0 where they are negative.

    A model is trained on standardised labels, so that one learning rate fits labels of any unit. After the training its last layer is
    rescaled: the trained model's outputs are in the unit of the rows. While it is trained they are standardised, which no correlation
    depends on.
    """

    metrics: tuple[str, ...] = ("pearson", "spearman")
    mean: float = 0.0
    """Mean of the training rows' labels."""
    deviation: float = 1.0
    """Their standard deviation; 1 where all are equal."""

    def fit_labels(self, rows: Iterable[Row]) -> "Regression":
        labels = np.array([row["label"] for row in rows], dtype=np.float64)
        return replace(self, mean=float(labels.mean()), deviation=float(labels.std()) or 1.0)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.problem_type = "regression"
        return super().build_model(config, labels or ("score",))

    def encode_label(self, row: Row) -> float:
        return float(row["label"])

    def prepare_batch(self, batch: Batch, tokens: EncoderTokenizer, rng: Any) -> Batch:
        """The batch with standardised labels."""
        return batch | {"labels": (batch["labels"] - self.mean) / self.deviation}

    def finish_training(self, model: PreTrainedModel) -> PreTrainedModel:
        """Rescale the last layer, so that the outputs are in the unit of the rows.

        A head without a bias, such as EuroBERT's, cannot add the mean: its outputs are the difference from the mean.
        """
        last = _find_last_layer(model)
        with torch.no_grad():
            last.weight.mul_(self.deviation)
            if last.bias is not None:
                last.bias.mul_(self.deviation).add_(self.mean)
        return model

    def resume_training(self, model: PreTrainedModel) -> PreTrainedModel:
        last = _find_last_layer(model)
        with torch.no_grad():
            last.weight.div_(self.deviation)
            if last.bias is not None:
                last.bias.sub_(self.mean).div_(self.deviation)
        return model

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """The predicted numbers, [rows]."""
        return [output.logits.to(torch.promote_types(output.logits.dtype, torch.float32)).squeeze(-1)]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.float().squeeze(-1).tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        return compute_correlations([row["label"] for row in rows], outputs)


def _find_last_layer(model: PreTrainedModel) -> nn.Linear:
    """The layer with the one output."""
    *_, last = (part for part in model.modules() if isinstance(part, nn.Linear) and part.out_features == 1)
    return last
