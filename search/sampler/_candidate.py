"""A curriculum as the sampler sees it, and how one is asked for."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

SettingValue = float | str
"""A number on the scale on which equal steps mean alike (the logarithm of a rate), or a choice."""


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage."""

    tasks: tuple[str, ...]
    """Several for a joint stage."""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    """Such as the rate's logarithm, the noise method, the magnitude's logarithm; those that the stage has."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A curriculum, the targets' settings, and what it would cost."""

    stages: tuple[StageView, ...]
    targets: Mapping[str, SettingValue] = field(default_factory=dict)
    costs: Sequence[tuple[Hashable, float]] = ()
    """What has to be trained, each part under what decides it: a part that another trial trained costs nothing. Stages come first, in order."""
    beliefs: Mapping[str, float] = field(default_factory=dict)
    """What is believed of its value beforehand, by source, each on a scale of its own; how far that is true is learned."""

    @property
    def key(self) -> Hashable:
        """What two candidates share that are the same curriculum with the same settings, however its parameters name it."""
        stages = tuple((frozenset(stage.tasks), frozenset(stage.settings.items())) for stage in self.stages)
        return stages, frozenset(self.targets.items())


CandidateSpace = Callable[[Any], Candidate]
"""Asks for every parameter of a trial, conditional ones only where they exist, and says what curriculum they make."""


class SampledTrial:
    """Answers a space: with the values that are given where they fit, at random elsewhere; notes what was asked."""

    def __init__(self, rng: Random, given: Mapping[str, Any]) -> None:
        self.rng, self.given = rng, given
        self.values: dict[str, Any] = {}
        self.distributions: dict[str, BaseDistribution] = {}

    @property
    def uses_only_given(self) -> bool:
        """Whether every answer so far was one that is given."""
        return all(name in self.given and self.given[name] == value for name, value in self.values.items())

    def suggest_int(self, name: str, low: int, high: int) -> int:
        value = self.given.get(name)
        if value is None or not low <= value <= high:
            value = self.rng.randint(low, high)
        self.distributions[name] = IntDistribution(low, high)
        self.values[name] = value
        return int(value)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        distribution = FloatDistribution(low, high, log=log)
        value = self.given.get(name)
        if value is None or not low <= value <= high:
            value = low * (high / low) ** self.rng.random() if log else self.rng.uniform(low, high)
        self.distributions[name] = distribution
        self.values[name] = value
        return float(value)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        value = self.given.get(name)
        if name not in self.given or value not in choices:
            value = self.rng.choice(list(choices))
        self.distributions[name] = CategoricalDistribution(list(choices))
        self.values[name] = value
        return value
