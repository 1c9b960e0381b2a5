"""Means over seeds and languages with their intervals: a hierarchical model for few seeds."""

import math
from dataclasses import dataclass

import numpy as np

from search.statistics._estimate import Estimate
from search.statistics._interval import CONFIDENCE
from search.statistics._prior_variance import MIN_REPLICATES, PriorVariance
from search.statistics._student_t import (
    compute_critical_value,
    compute_deviations,
    compute_normal_tail,
    compute_p_value,
)


def estimate_hierarchical_mean(
    values: np.ndarray,
    weights: np.ndarray,
    design: np.ndarray,
    spread: PriorVariance | None = None,
    size: float = 1.0,
    tests: int = 1,
) -> Estimate:
    """The weighted mean of values by seed and unit (a language, or a family), for other seeds and other units alike.

    Both are random effects of a two-way layout without replication. The variance of the mean is that of its values by seed, and that of
    units' mean deviations from what `design` explains, without what the seeds left in them; each has its own degrees of freedom (`student.deviations`).
    Few seeds may agree by luck: what they vary by is never taken for less than what is left, seed by unit, makes them.

    Without `spread` what is left is told from the seeds' own variance from four seeds on, with fewer the interval is wider than it
    need be; the p-value does not rely on that.

    Args:
        values: [seeds, units].
        weights: [units]; units of weight 0 only tell how far units differ.
        design: [units, k], full rank: what units are expected to differ by: a column of ones, dummies of groups, a distance.
        spread: what other trials tell of seeds.
        size: squared length of the contrast of trials that `values` are of: 2 for one trial less another.
        tests: how many intervals are to hold together (Bonferroni).
    """
    seeds = len(values)
    by_seed = values @ weights
    mean = float(by_seed.mean())
    if seeds < 2:
        return Estimate(mean, None, None, seeds)
    layout = _VarianceComponents.decompose(values, by_seed, weights, design)
    careful = layout.conservative_deviations() if spread is None else layout.moderated_deviations(spread, size)
    if not careful.any():
        return Estimate(mean, mean, mean, seeds)
    level = (1 - CONFIDENCE) / tests
    told = layout.split_deviations() if spread is None and tests == 1 else careful
    half = compute_critical_value(compute_normal_tail, told, level)
    return Estimate(mean, mean - half, mean + half, seeds, compute_p_value(compute_normal_tail, abs(mean), careful))


def estimate_unit_variance(values: np.ndarray, weights: np.ndarray, design: np.ndarray) -> tuple[float, int]:
    """The variance of such a mean that is due to its units, and its degrees of freedom; `values` are [seeds, units], of two seeds at least."""
    found = _VarianceComponents.decompose(values, values @ weights, weights, design)
    return found.unit_variance, found.unit_freedom


@dataclass(frozen=True, slots=True)
class _VarianceComponents:
    """The variances of a weighted mean over a two-way layout."""

    seeds: int
    """Of seeds."""
    seed_variance: float
    """Of the mean, as its values by seed tell it: seeds and the rest."""
    interaction_variance: float
    """What of it is due to what is left, seed by unit."""
    unit_variance: float
    unit_freedom: int

    @classmethod
    def decompose(
        cls, values: np.ndarray, by_seed: np.ndarray, weights: np.ndarray, design: np.ndarray
    ) -> "_VarianceComponents":
        seeds, units = values.shape
        residual = values - _fit_design(values, design)
        effect = residual.mean(0)
        freedom = units - design.shape[1]
        rest = float(((residual - effect) ** 2).sum()) / ((seeds - 1) * freedom) if freedom else 0.0
        between = max(float((effect**2).sum()) / freedom - rest / seeds, 0.0) if freedom else 0.0
        square = float((weights**2).sum())
        return cls(seeds, float(by_seed.var(ddof=1)) / seeds, rest * square / seeds, between * square, freedom)

    def conservative_deviations(self) -> np.ndarray:
        """Deviations of the mean, all that differs from seed to seed having the seeds' degrees of freedom."""
        return self._deviations(max(self.seed_variance, self.interaction_variance), self.seeds - 1)

    def split_deviations(self) -> np.ndarray:
        """The same, the rest being told apart from four seeds on."""
        known = self.interaction_variance * (self.seeds - 2) / (self.seeds - 1) if self.seeds >= MIN_REPLICATES else 0.0
        return self._deviations(max(self.seed_variance, self.interaction_variance) - known, self.seeds - 1, known)

    def moderated_deviations(self, spread: PriorVariance, size: float) -> np.ndarray:
        """The same, the variance of seeds drawn towards that of all trials."""
        own = self.seeds - 1
        variance = (own * self.seed_variance * self.seeds + spread.degrees_of_freedom * spread.variance * size) / (
            own + spread.degrees_of_freedom
        )
        return self._deviations(max(variance / self.seeds, self.interaction_variance), own + spread.degrees_of_freedom)

    def _deviations(self, seeds: float, freedom: float, known: float = 0.0) -> np.ndarray:
        return compute_deviations((seeds, freedom), (self.unit_variance, self.unit_freedom), (known, math.inf))


def _fit_design(values: np.ndarray, design: np.ndarray) -> np.ndarray:
    found: np.ndarray = (design @ np.linalg.lstsq(design, values.T, rcond=None)[0]).T
    return found
