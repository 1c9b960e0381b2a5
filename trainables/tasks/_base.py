"""What every task kind is: data to tensors, a head, a metric."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import Batch, EncoderTokenizer, Feature

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows as features; a long row may have become several."""

    features: Sequence[Feature]
    rows: Sequence[int] | np.ndarray
    """For each feature the row it comes from."""


class TaskKind(ABC):
    """The seam between the training loop and a kind of task."""

    metrics: ClassVar[tuple[str, ...]]
    """The metrics it reports; the first stands for the task. None: it is trained on, not scored."""
    second_columns: ClassVar[tuple[str, ...]] = ()
    """The columns of the second of its two texts, which may be in another language than the first; empty for one text."""
    has_threshold: ClassVar[bool] = False
    """Whether it has a threshold, which is found on dev (`tune_threshold`) before test is scored."""
    scored_by_row: ClassVar[bool] = True
    """Whether any few of its training rows can be scored by themselves."""

    @abstractmethod
    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        """A model of the encoder's architecture with a fresh head; its encoder's weights are random still."""

    @abstractmethod
    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """Tokenized rows, unpadded; a row's ``language`` and ``second_language`` are those of its texts."""

    @abstractmethod
    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with its texts rewritten, word for word or not, and its labels still right."""

    @abstractmethod
    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """What a model that was given `batch` predicts, each prediction a row of [n, classes], float32."""

    def prepare_batch(self, batch: Batch, tokens: EncoderTokenizer, rng: Random) -> Batch:
        """The batch as the model is trained on it, drawn anew each time it comes."""
        return batch

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """What the model says of each feature of a batch, on the CPU."""
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        """Every metric, in 0..1, over rows of one language.

        Args:
            rows: of the language.
            encoded: their features.
            outputs: one for each feature.
            labels: of the task.
        """
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def tune_threshold(self, rows: Iterable[Row], outputs: Sequence[Any]) -> "TaskKind":
        """The same kind with the threshold that is best for these rows, for kinds that have one."""
        raise NotImplementedError(f"{type(self).__name__} has no threshold")


def get_model_inputs(feature: Feature) -> tuple[Any, ...]:
    """What decides a kind's output: what the model reads, and where in the context an answer would stand."""
    return feature["input_ids"], feature.get("langs"), feature.get("_spans"), feature.get("_own")


def compute_log_probabilities(logits: Tensor) -> Tensor:
    """Over the last axis, in float32 at least whatever the logits are in."""
    return log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=-1)
