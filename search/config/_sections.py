"""The sections of a config, except the space and the search strategy."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    NonNegativeInt,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from search.config._checks import check_number_or_all, check_store_url
from search.config._size import ByteCount
from search.config._stage_space import ConfigSection
from trainables.cards import SAMPLE_SEPARATOR, Resource
from trainables.curriculum import Pooling
from trainables.ranges import (
    MAX_PAIRS,
    BatchSize,
    Fraction,
    InputLength,
    LayerNumber,
    RowCount,
    Seed,
    Steps,
    WeightDecay,
)
from trainables.store import ARITHMETIC_BY_DEVICE
from trainables.validation import hide_secrets

STORE_SECRET, TRACKING_SECRET = "XLT_STORE_SECRET", "XLT_TRACKING_SECRET"
"""Environment variables that hold the secrets of an address; ``config.yaml`` keeps only their names."""
EXCLUSIVE_FIELDS = frozenset({"steps", "epochs"})
"""Fields of which one is set; a value for a single task replaces both."""


class StageSettings(ConfigSection):
    """Length, batches and regularisation of all stages of one role (intermediate or target)."""

    steps: Annotated[Steps, Field(gt=0)] | None = None
    """Optimiser steps."""
    epochs: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Instead of ``steps``: passes over the training set, by the number of examples in the task's card."""
    batch_size: BatchSize = 32
    max_length: InputLength = 128
    """Longest input in tokens."""
    warmup: Fraction = 0.1
    """Share of the steps over which the learning rate rises to its peak."""
    weight_decay: WeightDecay = 0.01
    average: Fraction = 0.0
    """Share of the steps, at the end of the stage, over which the weights are averaged; 0: no averaging."""
    layer: LayerNumber | None = None
    """For tasks that are scored without training: the layer whose hidden states represent a sentence; 0: the embeddings. Default: slightly
    above the middle layer; for ``bucc`` layer 8 of 12, as in XTREME."""
    pooling: Pooling | None = None
    """For the same tasks: the ``mean`` over all tokens, or the ``first`` token alone. Default: ``mean``; for ``bucc`` ``first``."""

    @model_validator(mode="after")
    def _check_steps_or_epochs(self) -> Self:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("set steps or epochs, not both")
        return self

    def count_steps(self, examples: int) -> int:
        """Optimiser steps for a task with `examples` training examples; at least 1."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None, "checked by Training"
        return max(1, math.ceil(self.epochs * examples / self.batch_size))


class Training(ConfigSection):
    """Settings of intermediate stages and of targets."""

    intermediate: StageSettings
    """A joint stage takes as many steps as its tasks do on average."""
    target: StageSettings
    tasks: dict[str, StageSettings] = Field(default_factory=dict)
    """Settings of single tasks, which replace those of ``intermediate`` or ``target``. A joint stage uses ``intermediate``."""
    equal: Literal["steps", "compute"] = "steps"
    """What is equal for all robust-training methods: optimiser ``steps``, or ``compute`` (forward and backward passes), so that a method
    whose steps cost twice as much takes half as many."""

    def get_stage_settings(self, task: str, usual: StageSettings) -> StageSettings:
        """The settings of a task: `usual`, with the fields that ``tasks`` sets for the task."""
        own = self.tasks.get(task) or self.tasks.get(task.partition(SAMPLE_SEPARATOR)[0])
        if own is None:
            return usual
        given = own.model_dump(exclude_unset=True)
        given = {name: value for name, value in given.items() if name not in EXCLUSIVE_FIELDS or value is not None}
        cleared = dict.fromkeys(EXCLUSIVE_FIELDS) if EXCLUSIVE_FIELDS & given.keys() else {}
        return usual.model_copy(update=cleared | given)

    @field_serializer("tasks")
    def _serialize_given_fields(self, tasks: dict[str, StageSettings]) -> dict[str, dict[str, Any]]:
        """Only the fields that are set for a task: in a complete dump nothing would be inherited when it is read again."""
        return {task: settings.model_dump(exclude_unset=True) for task, settings in tasks.items()}

    @field_validator("intermediate", "target")
    @classmethod
    def _check_length_given(cls, settings: StageSettings) -> StageSettings:
        if settings.steps is None and settings.epochs is None:
            raise ValueError("steps or epochs is required")
        return settings


class IntermediateTask(ConfigSection):
    """An intermediate task."""

    resource: Resource | None = None
    """Whether its training set is large (``high``) or small (``low``). Default: as in the task's card; ``low`` for ``task@n``."""


class CurriculumSettings(ConfigSection):
    """Which curricula are tried."""

    max_length: NonNegativeInt
    """Most intermediate stages in a trial. Curricula are ordered, without repetition, and may be empty."""
    joint: bool = True
    """Whether a curriculum may also be one joint stage, which mixes several tasks."""
    mixing: Literal["uniform", "proportional", "temperature"] = "uniform"
    """How often a joint stage draws a batch from each task: equally often (``uniform``), in proportion to the number of examples, or in
    proportion to that number to the power of 1/``temperature``."""
    temperature: Annotated[float, Field(gt=1, le=1e6)] = 2.0
    retention: RowCount = 200
    """Training rows of each intermediate task that are scored after its own stage and after every later one, to measure forgetting. The
    rows are the same each time; 0: forgetting is not measured."""

    @property
    def mixing_exponent(self) -> float:
        """Batches are drawn in proportion to the number of examples to this power."""
        return {"uniform": 0.0, "proportional": 1.0, "temperature": 1 / self.temperature}[self.mixing]


class GeneralizedTransfer(ConfigSection):
    """Targets of two texts, scored also with the two texts in different languages."""

    pairs: int | Literal["all"] = 0
    """Number of ordered pairs of languages, drawn evenly; 0: none."""
    seed: Seed = 0
    """Seed of the draw of pairs."""

    @field_validator("pairs", mode="before")
    @classmethod
    def _check_count(cls, pairs: object) -> object:
        return check_number_or_all(pairs, "pairs", MAX_PAIRS)


class StoreSettings(ConfigSection):
    """The stage store: where trained stages are kept."""

    url: str | None = None
    """A folder, or a URL that fsspec opens, such as ``s3://bucket/stages``. Default: ``stages`` in the home. ``${NAME}`` is replaced by the
    environment variable, here and on every node. A secret in the URL is kept as such a reference
    (`trainables.validation.hide_secrets`)."""
    enabled: bool = True
    """False: every stage is trained again."""
    max_size: ByteCount | None = None
    """Bytes, or a size such as ``20GB``. Above it the weights that are cheapest to train again are removed; records and scores stay."""

    @field_validator("url")
    @classmethod
    def _check_url_usable(cls, url: str | None, info: ValidationInfo) -> str | None:
        hidden = url and hide_secrets(url, STORE_SECRET)
        return hidden if hidden is None or info.context else check_store_url(hidden)


class Resources(ConfigSection):
    """Resources of the trials."""

    workers: Annotated[int, Field(gt=0, le=10_000)] = 2
    """Trials that run at the same time."""
    cpus_per_trial: Annotated[float, Field(gt=0, le=4096)] = 1
    gpus_per_trial: Annotated[float, Field(ge=0, le=1000)] = 0
    """May be a fraction below 1: with 0.5 two trials share a GPU."""

    @property
    def arithmetic(self) -> str:
        """The kind of arithmetic of the trials: a value of `trainables.store.ARITHMETIC_BY_DEVICE`."""
        return ARITHMETIC_BY_DEVICE["cuda" if self.gpus_per_trial else "cpu"]

    @field_validator("gpus_per_trial")
    @classmethod
    def _check_gpus(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise ValueError(f"must be a fraction of one GPU, or a whole number of GPUs; got {gpus:g}")
        return gpus


class Tracking(ConfigSection):
    """Where MLflow keeps the metrics for review."""

    uri: str | None = None
    """A tracking server or database. Default: ``mlflow.db`` in the home. ``MLFLOW_TRACKING_URI`` and ``MLFLOW_REGISTRY_URI`` are not read;
    ``${NAME}`` is replaced by the environment variable, so ``${MLFLOW_TRACKING_URI}`` is allowed here. A secret in the URI is kept as such
    a reference (`trainables.validation.hide_secrets`)."""

    @field_validator("uri")
    @classmethod
    def _hide_uri_secrets(cls, uri: str | None) -> str | None:
        return uri if uri is None else hide_secrets(uri, TRACKING_SECRET)
