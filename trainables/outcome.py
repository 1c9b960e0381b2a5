"""What a trial came to: which stages it went through, and its transfer. Plain data, to and from JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any

from trainables.transfer import Transfer

MAX_LOSS_POINTS = 20
"""Of a stage's losses that a trial tells, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage of a trial."""

    key: str
    task: str
    target: bool
    trained: bool
    """False: the store had it."""
    seconds: float
    """What its training cost, whenever that was."""
    native: dict[str, float] = field(default_factory=dict)
    """Its robust-training method's own parameters, as they followed from the magnitude or the weight."""
    whole: bool = True
    """False: the trial was ended within it."""
    losses: list[list[float]] = field(default_factory=list)
    """Of its training, as `summarise_losses` has them."""
    environment: dict[str, str] = field(default_factory=dict)
    """What it was trained with: `trainables.training.describe_environment` of that process. Empty for a stage that older versions recorded."""
    retained: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of an intermediate stage: every metric, in 0..1, of its own tasks and of those of earlier stages right after it, by task; see
    `trainables.evaluation._retention`. Empty where that was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial, done."""

    transfer: Transfer
    stages: tuple[StageRun, ...]
    seconds: float
    """Wall time of this run of the trial, scoring and reading included."""
    scoring_seconds: float
    """The part of it spent on scoring."""

    @property
    def trained_seconds(self) -> float:
        """Seconds of training that this run of the trial did itself."""
        return sum(stage.seconds for stage in self.stages if stage.trained)

    @property
    def asked_seconds(self) -> float:
        """Seconds of training that the trial would have cost without the store."""
        return sum(stage.seconds for stage in self.stages)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Outcome":
        """The inverse of `to_json`."""
        return cls(
            transfer=Transfer(**document["transfer"]),
            stages=tuple(StageRun(**stage) for stage in document["stages"]),
            seconds=document["seconds"],
            scoring_seconds=document["scoring_seconds"],
        )


def summarise_losses(losses: Sequence[float]) -> list[list[float]]:
    """Losses by step as `MAX_LOSS_POINTS` points at most, each the last step of a run, counted from 1, and the run's mean loss.

    Runs are equally long, but for one step.
    """
    count = min(MAX_LOSS_POINTS, len(losses))
    ends = [len(losses) * place // count for place in range(count + 1)] if count else []
    return [[end, round(fmean(losses[start:end]), 6)] for start, end in pairwise(ends)]
