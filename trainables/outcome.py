"""What a trial came to: which stages it went through, and its transfer. Plain data, to and from JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from trainables.transfer import Transfer


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
