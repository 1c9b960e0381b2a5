"""The interface of task kinds: rows to features, a model with a head, metrics."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, Self

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
    """Features of rows; a long row may have several."""

    features: Sequence[Feature]
    rows: Sequence[int] | np.ndarray
    """The number of the row of each feature."""


class TaskKind(ABC):
    """What training and evaluation need of a kind of task."""

    metrics: tuple[str, ...]
    """The metrics of the task, the main one first; empty for a kind that is trained on and not scored. See `with_metric`."""
    second_columns: ClassVar[tuple[str, ...]] = ()
    """The columns of the second of two texts, which may be in another language than the first; empty for kinds with one text."""
    has_threshold: ClassVar[bool] = False
    """Whether the metric has a threshold, which is tuned on dev before test is scored; see `tune_threshold`."""
    scored_by_row: ClassVar[bool] = True
    """Whether any subset of the training rows can be scored by itself."""

    @abstractmethod
    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        """A model of the encoder's architecture with a fresh head; the weights of its encoder are still random."""

    @abstractmethod
    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """The features of rows, unpadded; a row's ``language`` and ``second_language`` are the languages of its texts."""

    @abstractmethod
    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with its texts rewritten; its labels stay valid."""

    @abstractmethod
    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """The predictions in a model's output on `batch`, float32: for each, log-probabilities, a row of [n, classes], or a number, [n]."""

    def with_metric(self, metric: str) -> Self:
        """This kind with another main metric, which it computes beside its own; see `trainables.tasks.get_task_kind`."""
        changed = copy(self)
        object.__setattr__(changed, "metrics", (metric, *(each for each in self.metrics if each != metric)))
        return changed

    def fit_labels(self, rows: Iterable[Row]) -> "TaskKind":
        """This kind with what it needs to know of the training rows' labels; by default nothing, and the rows are not read."""
        return self

    def prepare_batch(self, batch: Batch, tokens: EncoderTokenizer, rng: Random) -> Batch:
        """The batch that the model is trained on, with random changes drawn anew each time (masking)."""
        return batch

    def finish_training(self, model: PreTrainedModel) -> PreTrainedModel:
        """A model whose training has ended, changed for its outputs to be in the unit of the rows; by default as it is."""
        return model

    def resume_training(self, model: PreTrainedModel) -> PreTrainedModel:
        """The inverse of `finish_training`: a trained model that goes on training; by default as it is."""
        return model

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """The model's output for each feature of a batch, on the CPU, in the form that `score` takes."""
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        """Every metric, in 0..1, over rows of one language.

        Args:
            rows: of one language.
            encoded: their features.
            outputs: of `compute_outputs`, one for each feature.
            labels: of the task.
        """
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def tune_threshold(self, rows: Iterable[Row], outputs: Sequence[Any]) -> "TaskKind":
        """This kind with the threshold that is best for these rows; only for kinds with a threshold."""
        raise NotImplementedError(f"{type(self).__name__} has no threshold")


def get_model_inputs(feature: Feature) -> tuple[Any, ...]:
    """Everything in a feature that decides the output: the model's inputs, and the positions of possible answers."""
    found = feature["input_ids"], feature.get("langs"), feature.get("_spans"), feature.get("_own")
    return (*found, feature["lang_ids"]) if "lang_ids" in feature else found


def compute_log_probabilities(logits: Tensor) -> Tensor:
    """Log-softmax over the last axis, in float32 or the logits' own higher precision."""
    return log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=-1)
