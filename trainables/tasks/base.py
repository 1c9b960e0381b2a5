"""What every task kind is: data to tensors, a head, a metric."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from datasets import Dataset
from torch import Tensor
from torch.nn.functional import log_softmax
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from trainables.optimise import Batch

Row = dict[str, Any]
Feature = dict[str, Any]
Metrics = dict[str, float]
ITEM = "item"
"""The column that tells which rows of different languages say the same; a set without it is not parallel."""
IGNORED = -100
"""The label of a token that is not predicted."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """One task's data, whatever benchmark it comes from."""

    kind: str
    """A key of `trainables.tasks.KINDS`."""
    labels: tuple[str, ...]
    """Label names by their number; empty for kinds without labels."""
    train: Dataset | None
    """None for a task that is scored without training."""
    evaluation: dict[str, Dataset] = field(default_factory=dict)
    """By split; a column ``language`` tells the rows' languages, and `ITEM`, where there is one, which rows say the same. Empty
    for a task that is only trained on."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows as features; a long row may have become several."""

    features: list[Feature]
    rows: list[int]
    """For each feature the row it comes from."""


class TaskKind(Protocol):
    """The seam between the training loop and a kind of task."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics it reports; the first stands for the task."""

    @property
    def second(self) -> tuple[str, ...]:
        """The columns of the second of its two texts, which may be in another language than the first; empty for one text."""

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        """A model of the encoder's architecture with a fresh head; its encoder's weights are random still."""

    def encode(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        """Tokenized rows, unpadded."""

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with its texts rewritten, word for word or not, and its labels still right."""

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """What a model that was given `batch` predicts, each prediction a row of [n, classes], float32."""

    def outputs(self, model: PreTrainedModel, batch: Batch) -> list[Any]:
        """What the model says of each feature of a batch, on the CPU."""

    def score(self, rows: Sequence[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        """Every metric, in 0..1, over rows of one language; `encoded` and `outputs` run in parallel."""


def pad(features: Sequence[Feature], pad_id: int) -> Batch:
    """Right-padded tensors of features: ids with `pad_id`, masks with 0, token labels with -100.

    Features of multiple choice hold lists of lists and become tensors of shape [batch, choices, length]. Keys that begin with
    ``_`` stay behind: they are for scoring.
    """
    fill = {"input_ids": pad_id, "attention_mask": 0, "token_type_ids": 0, "labels": IGNORED}
    batch: Batch = {}
    for key in features[0]:
        if key.startswith("_"):
            continue
        values = [feature[key] for feature in features]
        if not isinstance(values[0], list):
            batch[key] = torch.tensor(values)
        elif not isinstance(values[0][0], list):
            batch[key] = _rectangle(values, fill[key])
        else:
            flat = _rectangle([choice for value in values for choice in value], fill[key])
            batch[key] = flat.view(len(values), len(values[0]), -1)
    return batch


def _rectangle(values: Sequence[list[int]], fill: int) -> Tensor:
    width = max(map(len, values))
    return torch.tensor([value + [fill] * (width - len(value)) for value in values])


def length(feature: Feature) -> int:
    """Tokens in a feature, its longest choice counting."""
    return max(map(len, texts(feature)))


def texts(feature: Feature) -> list[list[int]]:
    """The ids of a feature's texts: one, or one a choice."""
    ids = feature["input_ids"]
    return ids if isinstance(ids[0], list) else [ids]


def unbatched(encoding: dict[str, list[Any]]) -> list[Feature]:
    """A tokenizer's output by key, as one feature a text."""
    return [dict(zip(encoding, values, strict=True)) for values in zip(*encoding.values(), strict=True)]


def log_probabilities(logits: Tensor) -> Tensor:
    """Over the last axis, in float32 at least whatever the logits are in."""
    return log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=-1)
