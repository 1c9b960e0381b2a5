"""Untried trials of a space: random, near a given trial, or by enumeration."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from random import Random
from typing import Any

from optuna.distributions import CategoricalDistribution, IntDistribution

from search.sampler._candidate import SampledTrial

RANDOM_DRAWS = 100
"""Random draws before the space is enumerated; and, near a given trial, for each number of changed parameters."""


def find_untried(
    identity: Callable[[SampledTrial], Hashable],
    tried: Collection[Hashable],
    rng: Random,
    near: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Parameters of an untried trial; None if all trials of the space were tried.

    Args:
        identity: suggests all parameters of a trial and returns its identity.
        tried: identities of tried trials.
        rng: random generator of the draws.
        near: parameters; the returned trial keeps as many of them as possible. None: a random trial.
    """
    for gone in range(1, len(near) + 1) if near else ():
        for _ in range(RANDOM_DRAWS):
            if identity(drawn := vary_parameters(rng, near or {}, gone)) not in tried:
                return drawn.values
    for _ in range(RANDOM_DRAWS):
        if identity(drawn := SampledTrial(rng, {})) not in tried:
            return drawn.values
    return _search_exhaustively(identity, tried, rng)


def vary_parameters(rng: Random, parameters: Mapping[str, Any], gone: int) -> SampledTrial:
    """Draw `gone` of the parameters again, and those that depend on them."""
    names = set(rng.sample(sorted(parameters), min(len(parameters), gone)))
    return SampledTrial(rng, {name: value for name, value in parameters.items() if name not in names})


def _search_exhaustively(
    identity: Callable[[SampledTrial], Hashable], tried: Collection[Hashable], rng: Random
) -> dict[str, Any] | None:
    """The first untried trial in a random enumeration of the space.

    If each trial has one encoding, it takes at most one step more than there are tried trials.
    """
    trial: _EnumeratedTrial | None = _EnumeratedTrial(rng, [])
    while trial is not None:
        if identity(trial) not in tried:
            return trial.values
        trial = trial.next_trial()
    return None


class _EnumeratedTrial(SampledTrial):
    """A trial given by the options left at each question. The next trial differs in the last question that has options left."""

    def __init__(self, rng: Random, path: list[list[Any]]) -> None:
        super().__init__(rng, {})
        self.options_by_question = path
        """The remaining options at each question, the chosen one first."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        self.distributions[name] = IntDistribution(low, high)
        return int(self._take_option(name, range(low, high + 1)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.distributions[name] = CategoricalDistribution(list(choices))
        return self._take_option(name, choices)

    def _take_option(self, name: str, options: Sequence[Any]) -> Any:
        question = len(self.values)
        if question == len(self.options_by_question):
            self.options_by_question.append(self.rng.sample(list(options), len(options)))
        self.values[name] = self.options_by_question[question][0]
        return self.values[name]

    def next_trial(self) -> "_EnumeratedTrial | None":
        """The next trial of the enumeration; None after the last one."""
        path = [list(options) for options in self.options_by_question]
        while path and len(path[-1]) == 1:
            path.pop()
        if not path:
            return None
        path[-1] = path[-1][1:]
        return _EnumeratedTrial(self.rng, path)
