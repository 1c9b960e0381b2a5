"""What every task kind is: data to tensors, a head, a metric."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.languages import SOURCE_LANGUAGE
from trainables.optimise import Batch
from trainables.tokens import Tokens

Row = dict[str, Any]
Feature = dict[str, Any]
Metrics = dict[str, float]
ITEM = "item"
"""The column that tells which rows of different languages say the same; a set without it is not parallel."""
IGNORED = -100
"""The label of a token that is not predicted."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are read when someone asks for them, each time anew."""

    read: Callable[[], Iterable[Row]]
    source: str
    """What decides the rows, so that who has kept them under it need not read them."""
    notes: Counter[str] = field(default_factory=Counter)
    """What was dropped or mended in the last reading."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.read())


@dataclass(frozen=True, slots=True)
class TaskData:
    """One task's data, whatever benchmark it comes from."""

    kind: str
    """A key of `trainables.tasks.KINDS`."""
    labels: tuple[str, ...]
    """Label names by their number; empty for kinds without labels."""
    train: Iterable[Row] | None
    """None for a task that is scored without training."""
    evaluation: dict[str, dict[str, Iterable[Row]]] = field(default_factory=dict)
    """By split and language; a column `ITEM`, where there is one, tells which rows say the same. Empty for a task that is only
    trained on."""
    language: str = SOURCE_LANGUAGE
    """Of the training rows."""
    candidates: Iterable[Row] | None = None
    """What the rows of every language retrieve from, for kinds that do."""
    sample: tuple[int, int] | None = None
    """How many training rows are drawn, and by which seed; None: all are taken."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows as features; a long row may have become several."""

    features: Sequence[Feature]
    rows: Sequence[int] | np.ndarray
    """For each feature the row it comes from."""


class TaskKind(ABC):
    """The seam between the training loop and a kind of task."""

    metrics: ClassVar[tuple[str, ...]]
    """The metrics it reports; the first stands for the task. None: it is trained on, not scored."""
    second: ClassVar[tuple[str, ...]] = ()
    """The columns of the second of its two texts, which may be in another language than the first; empty for one text."""
    tuned: ClassVar[bool] = False
    """Whether it has a threshold, which is found on dev (`tune`) before test is scored."""
    by_row: ClassVar[bool] = True
    """Whether any few of its training rows can be scored by themselves."""

    @abstractmethod
    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        """A model of the encoder's architecture with a fresh head; its encoder's weights are random still."""

    @abstractmethod
    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        """Tokenized rows, unpadded; a row's ``language`` and ``second_language`` are those of its texts."""

    @abstractmethod
    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with its texts rewritten, word for word or not, and its labels still right."""

    @abstractmethod
    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """What a model that was given `batch` predicts, each prediction a row of [n, classes], float32."""

    def trained_on(self, batch: Batch, tokens: Tokens, rng: Random) -> Batch:
        """The batch as the model is trained on it, drawn anew each time it comes."""
        return batch

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """What the model says of each feature of a batch, on the CPU."""
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        """Every metric, in 0..1, over rows of one language.

        Args:
            rows: of the language.
            encoded: their features.
            outputs: one for each feature.
            labels: of the task.
        """
        raise NotImplementedError(f"{type(self).__name__} is trained on, not scored")

    def tune(self, rows: Iterable[Row], outputs: Sequence[Any]) -> "TaskKind":
        """The same kind with the threshold that is best for these rows, for kinds that have one."""
        raise NotImplementedError(f"{type(self).__name__} has no threshold")


def pad(features: Sequence[Feature], pad_id: int) -> Batch:
    """Right-padded tensors of features: ids with `pad_id`, masks with 0, token labels with -100.

    Features of multiple choice hold lists of lists and become tensors of shape [batch, choices, length]. Keys that begin with
    ``_`` stay behind: they are for scoring. Where features have no mask, their tokens are what counts.
    """
    fill = {"input_ids": pad_id, "attention_mask": 0, "token_type_ids": 0, "langs": 0, "labels": IGNORED}
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
    if "attention_mask" not in batch:
        batch["attention_mask"] = _mask([texts(feature) for feature in features], batch["input_ids"])
    return batch


def _mask(found: Sequence[list[list[int]]], ids: Tensor) -> Tensor:
    lengths = torch.tensor([[len(text) for text in row] for row in found]).view(ids.shape[:-1])
    return (torch.arange(ids.shape[-1]) < lengths.unsqueeze(-1)).long()


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


def reads(feature: Feature) -> tuple[Any, ...]:
    """What decides a kind's output: what the model reads, and where in the context an answer would stand."""
    return feature["input_ids"], feature.get("langs"), feature.get("_spans"), feature.get("_own")


def log_probabilities(logits: Tensor) -> Tensor:
    """Over the last axis, in float32 at least whatever the logits are in."""
    return log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=-1)
