"""The trials of a study as the model uses them, and proposals for the next trial."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from search.sampler._candidate import Candidate


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate with the parameters and distributions that make it."""

    parameters: dict[str, Any]
    distributions: dict[str, BaseDistribution]
    candidate: Candidate

    @property
    def key(self) -> Hashable:
        return self.candidate.key


@dataclass(frozen=True, slots=True)
class History:
    """The trials of a study as the model uses them."""

    trials: Sequence[FrozenTrial]
    values: dict[int, float]
    tried: set[Hashable]
    """Identities of tried candidates, failed ones included."""

    @property
    def valued_trials(self) -> list[FrozenTrial]:
        """The trials with a value, in the order of `values`."""
        by_number = {trial.number: trial for trial in self.trials}
        return [by_number[number] for number in self.values]


def rank_nan_last(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Replace NaN by -inf: NumPy's argmax would return NaN as the highest."""
    found = np.asarray(scores, dtype=float)
    return np.where(np.isnan(found), -np.inf, found)
