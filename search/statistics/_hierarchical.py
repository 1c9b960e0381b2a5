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
    """The weighted mean of values by seed and unit (a language or a family), with an interval that covers other seeds and other units.

    Seeds and units are random effects of a two-way layout without replication. The variance of the mean has two parts, each with its own degrees of
    freedom (`compute_deviations`): the variance of the mean over seeds, and the variance of units' mean residuals from `design`.
    The first part is never taken below what the interaction of seed and unit implies, as few seeds may agree by chance.

    Without `spread` the interaction is separated from the seeds' variance from four seeds on; with fewer the interval is conservative.
    The p-value is always conservative.

    Args:
        values: [seeds, units].
        weights: [units]; units of weight 0 only inform the variance between units.
        design: [units, k], full rank, the fixed effects of units: a column of ones, group dummies, a distance.
        spread: the prior variance over seeds from all trials.
        size: squared length of the contrast of trials in `values`: 2 for the difference of two trials.
        tests: the number of simultaneous intervals (Bonferroni).
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
    deviations = layout.split_deviations() if spread is None and tests == 1 else careful
    half = compute_critical_value(compute_normal_tail, deviations, level)
    return Estimate(mean, mean - half, mean + half, seeds, compute_p_value(compute_normal_tail, abs(mean), careful))


def estimate_unit_variance(values: np.ndarray, weights: np.ndarray, design: np.ndarray) -> tuple[float, int]:
    """The part of the variance of such a mean that is due to its units, and its degrees of freedom; `values` are [seeds, units], with two seeds or more."""
    found = _VarianceComponents.decompose(values, values @ weights, weights, design)
    return found.unit_variance, found.unit_freedom


@dataclass(frozen=True, slots=True)
class _VarianceComponents:
    """The variance components of a weighted mean over a two-way layout."""

    seeds: int
    seed_variance: float
    """Of the mean over seeds: the seeds' effect and the interaction."""
    interaction_variance: float
    """The part that is due to the interaction of seed and unit."""
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
        """Deviations of the mean; seeds and interaction together have the seeds' degrees of freedom."""
        return self._deviations(max(self.seed_variance, self.interaction_variance), self.seeds - 1)

    def split_deviations(self) -> np.ndarray:
        """The same with the interaction separated, from four seeds on."""
        known = self.interaction_variance * (self.seeds - 2) / (self.seeds - 1) if self.seeds >= MIN_REPLICATES else 0.0
        return self._deviations(max(self.seed_variance, self.interaction_variance) - known, self.seeds - 1, known)

    def moderated_deviations(self, spread: PriorVariance, size: float) -> np.ndarray:
        """The same with the variance over seeds shrunk towards the prior."""
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
