"""A trial of a space that was not tried yet."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from random import Random
from typing import Any

from optuna.distributions import CategoricalDistribution, IntDistribution

from search.sampler._candidate import SampledTrial

RANDOM_DRAWS = 100
"""At random before the space is gone through in order; and near a given trial, for each number of parameters that change."""


def find_untried(
    identity: Callable[[SampledTrial], Hashable],
    tried: Collection[Hashable],
    rng: Random,
    near: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """An untried trial's parameters; None if every trial of the space was tried.

    Args:
        identity: asks for every parameter of a trial, and says which trial it is.
        tried: identities.
        rng: of the draws.
        near: parameters of which the trial shall keep as many as an untried one can have; without them it is one at random.
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
    """The same parameters but for so many, and what depends on them."""
    names = set(rng.sample(sorted(parameters), min(len(parameters), gone)))
    return SampledTrial(rng, {name: value for name, value in parameters.items() if name not in names})


def _search_exhaustively(
    identity: Callable[[SampledTrial], Hashable], tried: Collection[Hashable], rng: Random
) -> dict[str, Any] | None:
    """The first untried trial of a walk through the space, in an order at random.

    Where each trial has one encoding, the walk takes one step more than there are tried trials at most.
    """
    walk: _EnumeratedTrial | None = _EnumeratedTrial(rng, [])
    while walk is not None:
        if identity(walk) not in tried:
            return walk.values
        walk = walk.next_trial()
    return None


class _EnumeratedTrial(SampledTrial):
    """Answers a space by a path of choices; the next path differs in the last choice that has options left."""

    def __init__(self, rng: Random, path: list[list[Any]]) -> None:
        super().__init__(rng, {})
        self.options_by_question = path
        """For each question the options that are left, that which is taken first."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        self.distributions[name] = IntDistribution(low, high)
        return int(self._take_option(name, range(low, high + 1)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.distributions[name] = CategoricalDistribution(list(choices))
        return self._take_option(name, choices)

    def _take_option(self, name: str, options: Sequence[Any]) -> Any:
        place = len(self.values)
        if place == len(self.options_by_question):
            self.options_by_question.append(self.rng.sample(list(options), len(options)))
        self.values[name] = self.options_by_question[place][0]
        return self.values[name]

    def next_trial(self) -> "_EnumeratedTrial | None":
        """The next path; None after the last one."""
        path = [list(options) for options in self.options_by_question]
        while path and len(path[-1]) == 1:
            path.pop()
        if not path:
            return None
        path[-1] = path[-1][1:]
        return _EnumeratedTrial(self.rng, path)
