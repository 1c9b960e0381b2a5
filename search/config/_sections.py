"""The parts of a config, but for the space of stages."""

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
"""Where secrets go that stand in an address: variables of the environment, named in ``config.yaml``."""
EXCLUSIVE_FIELDS = frozenset({"steps", "epochs"})
"""Of a length: one of them is said, and what is said of a single task replaces both."""


class StageSettings(ConfigSection):
    """How long a stage trains, and on what batches: the same for every stage of its sort."""

    steps: Annotated[Steps, Field(gt=0)] | None = None
    """Optimiser steps."""
    epochs: Annotated[float, Field(gt=0, le=1000)] | None = None
    """In place of steps: how often every training example comes, by the size that the task's table tells."""
    batch_size: BatchSize = 32
    max_length: InputLength = 128
    """Longest input in tokens."""
    warmup: Fraction = 0.1
    """Share of the steps over which the rate rises to its peak."""
    weight_decay: WeightDecay = 0.01
    average: Fraction = 0.0
    """Share of the steps, at the end, over which the weights are averaged."""
    layer: LayerNumber | None = None
    """Of tasks that are scored without training: the layer whose states stand for a sentence, 0 being the embeddings; by default a little
    above the middle, for ``bucc`` the one that XTREME takes, 8 of 12."""
    pooling: Pooling | None = None
    """Of the same: the ``mean`` over all tokens, or the ``first`` one alone; by default the mean, for ``bucc`` the first."""

    @model_validator(mode="after")
    def _check_steps_or_epochs(self) -> Self:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("steps or epochs, not both")
        return self

    def count_steps(self, examples: int) -> int:
        """Optimiser steps for a task with so many training examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None, "checked by Training"
        return max(1, math.ceil(self.epochs * examples / self.batch_size))


class Training(ConfigSection):
    """Lengths of the two sorts of stages."""

    intermediate: StageSettings
    """A joint stage takes as many steps as its tasks do on average."""
    target: StageSettings
    tasks: dict[str, StageSettings] = Field(default_factory=dict)
    """Lengths of single tasks, intermediate or targets: what they say in place of these; a joint stage has the one for intermediate
    stages."""
    equal: Literal["steps", "compute"] = "steps"
    """What robust-training methods are given alike: optimiser steps, or forward and backward passes, so that a method whose steps
    cost twice takes half of them."""

    def get_stage_settings(self, task: str, usual: StageSettings) -> StageSettings:
        """The length of a task: what is said of it, else the usual."""
        own = self.tasks.get(task) or self.tasks.get(task.partition(SAMPLE_SEPARATOR)[0])
        if own is None:
            return usual
        said = own.model_dump(exclude_unset=True)
        said = {name: value for name, value in said.items() if name not in EXCLUSIVE_FIELDS or value is not None}
        instead = dict.fromkeys(EXCLUSIVE_FIELDS) if EXCLUSIVE_FIELDS & said.keys() else {}
        return usual.model_copy(update=instead | said)

    @field_serializer("tasks")
    def _serialize_given_fields(self, tasks: dict[str, StageSettings]) -> dict[str, dict[str, Any]]:
        """What is said of each task alone: written in full, nothing would be inherited once it is read again."""
        return {task: length.model_dump(exclude_unset=True) for task, length in tasks.items()}

    @field_validator("intermediate", "target")
    @classmethod
    def _check_length_given(cls, length: StageSettings) -> StageSettings:
        if length.steps is None and length.epochs is None:
            raise ValueError("it needs steps or epochs")
        return length


class IntermediateTask(ConfigSection):
    """An intermediate task."""

    resource: Resource | None = None
    """Whether its training set is large or small; by default what the task's table says, and low for ``task@n``."""


class CurriculumSettings(ConfigSection):
    """Which curricula are tried."""

    max_length: NonNegativeInt
    """Most intermediate stages in a trial; curricula are ordered, without repetition, and may be empty."""
    joint: bool = True
    """Whether a curriculum may also be one stage that mixes several tasks."""
    mixing: Literal["uniform", "proportional", "temperature"] = "uniform"
    """How often a joint stage draws a batch from each of its tasks: equally, by how many examples they have, or by these to the
    power of 1/``temperature``."""
    temperature: Annotated[float, Field(gt=1, le=1e6)] = 2.0
    retention: RowCount = 200
    """Training rows of each intermediate task on which it is scored after its own stage and every later one, always the same ones, by
    which forgetting is told; 0: not at all."""

    @property
    def mixing_exponent(self) -> float:
        """The power of the number of examples that batches are drawn by."""
        return {"uniform": 0.0, "proportional": 1.0, "temperature": 1 / self.temperature}[self.mixing]


class GeneralizedTransfer(ConfigSection):
    """Targets of two texts scored with these in two languages, beside the standard setting."""

    pairs: int | Literal["all"] = 0
    """Ordered pairs of languages, drawn evenly; 0: none."""
    seed: Seed = 0
    """Which pairs."""

    @field_validator("pairs", mode="before")
    @classmethod
    def _check_count(cls, pairs: object) -> object:
        return check_number_or_all(pairs, "pairs", MAX_PAIRS)


class StoreSettings(ConfigSection):
    """Where trained stages are kept."""

    url: str | None = None
    """A folder, or a URL that fsspec reaches, such as ``s3://bucket/stages``; by default ``stages`` in the home. ``${NAME}`` in it stands for
    what the environment has, here and on every node; a secret that is written out is kept as such a reference
    (`trainables.validation.hide_secrets`)."""
    enabled: bool = True
    """False: every stage is trained afresh."""
    max_size: ByteCount | None = None
    """Bytes, or such as ``20GB``: above it weights that are cheap to train again go; records and scores stay."""

    @field_validator("url")
    @classmethod
    def _check_url_usable(cls, url: str | None, info: ValidationInfo) -> str | None:
        hidden = url and hide_secrets(url, STORE_SECRET)
        return hidden if hidden is None or info.context else check_store_url(hidden)


class Resources(ConfigSection):
    """What a trial takes."""

    workers: Annotated[int, Field(gt=0, le=10_000)] = 2
    """Trials at the same time."""
    cpus_per_trial: Annotated[float, Field(gt=0, le=4096)] = 1
    gpus_per_trial: Annotated[float, Field(ge=0, le=1000)] = 0
    """May be a fraction below one: 0.5 lets two trials share a GPU."""

    @property
    def arithmetic(self) -> str:
        """What trials compute in: a value of `trainables.store.ARITHMETIC_BY_DEVICE`."""
        return ARITHMETIC_BY_DEVICE["cuda" if self.gpus_per_trial else "cpu"]

    @field_validator("gpus_per_trial")
    @classmethod
    def _check_gpus(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise ValueError(f"a fraction of a GPU, or whole GPUs; got {gpus:g}")
        return gpus


class Tracking(ConfigSection):
    """Where MLflow keeps the metrics for review."""

    uri: str | None = None
    """A tracking server or database; by default ``mlflow.db`` in the home. It alone decides: ``MLFLOW_TRACKING_URI`` and
    ``MLFLOW_REGISTRY_URI`` do not count, but ``${MLFLOW_TRACKING_URI}`` may stand here, as may any ``${NAME}`` of the environment. A
    secret that is written out is kept as such a reference (`trainables.validation.hide_secrets`)."""

    @field_validator("uri")
    @classmethod
    def _hide_uri_secrets(cls, uri: str | None) -> str | None:
        return uri if uri is None else hide_secrets(uri, TRACKING_SECRET)
