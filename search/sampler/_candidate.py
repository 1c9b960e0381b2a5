"""Candidates: curricula as the sampler represents them, and trials that draw them from a space."""

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
"""A number on a scale with equal steps (the logarithm of a learning rate), or a choice."""


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage as the sampler represents it."""

    tasks: tuple[str, ...]
    """The tasks; several for a joint stage."""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    """The settings that the stage has, such as log learning rate, noise method, log magnitude."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A curriculum, the settings of the targets, and its cost."""

    stages: tuple[StageView, ...]
    targets: Mapping[str, SettingValue] = field(default_factory=dict)
    costs: Sequence[tuple[Hashable, float]] = ()
    """Parts to train as (identity, cost): a part that another trial has trained costs nothing. Intermediate stages come first, in order."""
    beliefs: Mapping[str, float] = field(default_factory=dict)
    """Prior guesses of its value by source, each on its own scale; the model learns how well each predicts."""

    @property
    def key(self) -> Hashable:
        """The identity of the candidate: equal for equal curricula with equal settings, whatever their parameters."""
        stages = tuple((frozenset(stage.tasks), frozenset(stage.settings.items())) for stage in self.stages)
        return stages, frozenset(self.targets.items())


CandidateSpace = Callable[[Any], Candidate]
"""A function that suggests all parameters of a trial, conditional ones only where they exist, and returns the candidate."""


class SampledTrial:
    """A trial that suggests given values where they are valid and random values elsewhere, and records values and distributions."""

    def __init__(self, rng: Random, given: Mapping[str, Any]) -> None:
        self.rng, self.given = rng, given
        self.values: dict[str, Any] = {}
        self.distributions: dict[str, BaseDistribution] = {}

    @property
    def uses_only_given(self) -> bool:
        """Whether all values so far were given."""
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
