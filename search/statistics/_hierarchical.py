"""Means over seeds and languages with their intervals: a hierarchical model for few seeds."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from search.statistics._interval import CONFIDENCE, Interval
from search.statistics._student_t import (
    compute_critical_value,
    compute_deviations,
    compute_normal_tail,
    compute_p_value,
)

MIN_REPLICATES = 4
"""Trials from which on their variances tell of one another, and seeds from which on theirs is told from the rest."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, and what it would take to call it zero; without bounds from one seed alone."""

    mean: float
    low: float | None
    high: float | None
    seeds: int
    p: float | None = None
    """Two-sided: how likely so large a mean is where there is nothing to be found."""
    p_holm: float | None = None
    """The same after Holm's correction for all tests of its table."""
    p_max: float | None = None
    """Or after a correction by the largest of all statistics of its table (max-t), to which the interval belongs too."""

    @property
    def is_significant(self) -> bool:
        """Whether it is significant: zero is excluded by the test after the correction for all tests of its table."""
        corrected = self.p_holm if self.p_max is None else self.p_max
        return corrected is not None and corrected <= 1 - CONFIDENCE

    def clip(self, least: float, most: float) -> "Estimate":
        """The same mean with bounds that it can have."""
        told = Interval(self.mean, self.low, self.high, self.seeds).clip(least, most)
        return replace(self, low=told.low, high=told.high)

    def to_json(self, signed: bool = True) -> dict[str, Any]:
        """With its words, as a difference or as a score."""
        told = Interval(self.mean, self.low, self.high, self.seeds)
        return asdict(self) | {"told": told.format_signed() if signed else str(told)}


@dataclass(frozen=True, slots=True)
class PriorVariance:
    """How much the values of trials differ from seed to seed, as all trials of a search tell it."""

    variance: float
    degrees_of_freedom: float
    """How many degrees of freedom it is worth beside a comparison's own: many where trials are alike in this."""

    @classmethod
    def estimate(cls, values: np.ndarray) -> "PriorVariance | None":
        """Of values [trials, seeds]; None if there are too few trials, or nothing differs.

        Variances of trials are taken for draws of one distribution and each is drawn towards its mean (Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004, section
        6.2); what a seed does to all trials alike is none of it, as comparisons do not see it.
        """
        trials, seeds = values.shape
        rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
        own = seeds - 1 - (seeds - 1) / trials
        variances = (rest**2).sum(1) / own if own > 0 else np.zeros(trials)
        if trials < MIN_REPLICATES or seeds < 2 or not variances.all():
            return None
        most = float((trials - 1) * (seeds - 1))
        logs = np.log(variances) - digamma(own / 2) + math.log(own / 2)
        excess = float(logs.var(ddof=1)) - float(polygamma(1, own / 2))
        freedom = 2 * _inverse_trigamma(excess) if excess > 1e-6 else math.inf
        if freedom >= most:
            return cls(float(variances.mean()), most)
        prior = float(logs.mean()) + float(digamma(freedom / 2)) - math.log(freedom / 2)
        return cls(math.exp(prior), freedom)


def _inverse_trigamma(value: float) -> float:
    return float(brentq(lambda at: float(polygamma(1, at)) - value, 1e-3, 1e7)) if value < 1e6 else 1e-3


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


def adjust_jointly(estimates: Sequence[Estimate]) -> list[Estimate]:
    """With p-values corrected by `adjust_holm`, and intervals that hold together: those of `estimate_hierarchical_mean` for as many tests, none of which goes past zero
    where Holm's test has it significant (Strassburger and Bretz, Stat. Med. 27, 2008)."""
    return [_bound_at_zero(each) if each.is_significant else each for each in adjust_holm(estimates)]


def _bound_at_zero(estimate: Estimate) -> Estimate:
    return estimate.clip(0.0, math.inf) if estimate.mean > 0 else estimate.clip(-math.inf, 0.0)


def adjust_holm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same with p-values that hold for all of them together (Holm, Scand. J. Stat. 6, 1979)."""
    told = sorted((each.p, place) for place, each in enumerate(estimates) if each.p is not None)
    corrected, least = list(estimates), 0.0
    for rank, (p, place) in enumerate(told):
        least = max(least, min(1.0, p * (len(told) - rank)))
        corrected[place] = replace(estimates[place], p_holm=least)
    return corrected
