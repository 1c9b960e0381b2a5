"""The outcome of a trial: its stages and its transfer. Plain data, to and from JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any

from trainables.languages import LanguageRules
from trainables.transfer import Transfer

MAX_LOSS_POINTS = 20
"""Most points that a stage's losses are summarised to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage of a trial."""

    key: str
    task: str
    target: bool
    trained: bool
    """Whether this trial trained it; False if it was read from the store."""
    seconds: float
    """Seconds of its training, also where the store had it."""
    native: dict[str, float] = field(default_factory=dict)
    """Its robust-training method's own parameters, as they followed from the magnitude or the weight."""
    whole: bool = True
    """Whether it was trained to its end; False if the trial was stopped within it."""
    losses: list[list[float]] = field(default_factory=list)
    """Losses of its training; see `summarise_losses`."""
    environment: dict[str, str] = field(default_factory=dict)
    """`trainables.training.describe_environment` of the process that trained it; empty for a stage that an older version recorded."""
    retained: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of an intermediate stage: every metric, in 0..1, by task, of its own tasks and of those of earlier stages, scored right after it;
    see `trainables.evaluation.RetentionScorer`. Empty where that was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FewShotRun(StageRun):
    """A few-shot continuation of a target."""

    shots: dict[str, int]
    """Rows by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trial trained and scored."""

    transfer: Transfer
    stages: tuple[StageRun, ...]
    seconds: float
    """Wall time of this run of the trial in seconds, including scoring and reading."""
    scoring_seconds: float
    """The part of it spent on scoring."""
    few_shot_stages: tuple[FewShotRun, ...] = ()
    """The few-shot continuations of the targets; `stages` are the trial's own."""

    @property
    def all_stages(self) -> tuple[StageRun, ...]:
        """`stages`, then the few-shot continuations."""
        return (*self.stages, *self.few_shot_stages)

    @property
    def trained_seconds(self) -> float:
        """Seconds of training in this run of the trial."""
        return sum(stage.seconds for stage in self.all_stages if stage.trained)

    @property
    def asked_seconds(self) -> float:
        """Seconds of training that the trial would have taken without the store."""
        return sum(stage.seconds for stage in self.all_stages)

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON types; the rules of languages only where they differ from their default, few-shot transfer only where it is used."""
        document = asdict(self)
        del document["transfer"]["rules"]
        if self.transfer.rules:
            document["transfer"]["rules"] = self.transfer.rules.to_json()
        if not self.transfer.few_shot:
            del document["transfer"]["few_shot"]
        if not self.few_shot_stages:
            del document["few_shot_stages"]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Outcome":
        """The inverse of `to_json`."""
        return cls(
            transfer=Transfer(
                **{**document["transfer"], "rules": LanguageRules.from_json(document["transfer"].get("rules"))}
            ),
            stages=tuple(StageRun(**stage) for stage in document["stages"]),
            few_shot_stages=tuple(FewShotRun(**stage) for stage in document.get("few_shot_stages", ())),
            seconds=document["seconds"],
            scoring_seconds=document["scoring_seconds"],
        )


def summarise_losses(losses: Sequence[float]) -> list[list[float]]:
    """Losses by step, summarised to at most `MAX_LOSS_POINTS` points: the last step of an interval, from 1, and its mean loss.

    Intervals differ in length by at most one step.
    """
    count = min(MAX_LOSS_POINTS, len(losses))
    ends = [len(losses) * place // count for place in range(count + 1)] if count else []
    return [[end, round(fmean(losses[start:end]), 6)] for start, end in pairwise(ends)]
