"""The highest of several means: an estimate and intervals that correct for its selection."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from search.statistics._estimate import Estimate
from search.statistics._interval import CONFIDENCE
from search.statistics._prior_variance import PriorVariance
from search.statistics._student_t import (
    compute_critical_value,
    compute_deviations,
    compute_p_value,
    draw_scale_factors,
    make_largest_lead_tail,
    make_range_tail,
)

ERROR_DRAWS = 10_000
"""Monte Carlo draws of the finalists' errors."""


@dataclass(frozen=True, slots=True)
class CorrectedScore:
    """The highest mean, corrected for its selection, with its 95 % interval."""

    mean: float
    low: float
    high: float
    uncorrected: float
    """The mean as it was measured."""


@dataclass(frozen=True)
class FinalistScores:
    """Scores of at least two trials on the same seeds, at least two, and the same units (families or languages).

    The model of a score has effects of the trial, the seed and the unit, and three random interactions of the trial: with the seed, with the unit,
    with both. Comparisons cover other seeds and other units; the score of the best covers other seeds and these units.
    """

    values: np.ndarray
    """[trials, seeds, units]"""
    weights: np.ndarray
    """[units], summing to one."""

    @cached_property
    def _seed_means(self) -> np.ndarray:
        found: np.ndarray = self.values @ self.weights
        return found

    @cached_property
    def means(self) -> np.ndarray:
        """[trials]"""
        found: np.ndarray = self._seed_means.mean(1)
        return found

    @cached_property
    def best(self) -> int:
        """Index of the highest mean, the first of equals."""
        return int((self.means > self.means.max() - 1e-12).argmax())

    @cached_property
    def _interaction_variance(self) -> float:
        """The variance of a trial's mean over units that is due to the interaction of trial, seed and unit."""
        trials, seeds, units = self.values.shape
        if units < 2:
            return 0.0
        own = self.values - self.values.mean(0)
        left = own - own.mean(1, keepdims=True) - own.mean(2, keepdims=True) + own.mean((1, 2), keepdims=True)
        variance = float((left**2).sum()) / ((trials - 1) * (seeds - 1) * (units - 1))
        return float(variance * self._squared_weights)

    @property
    def _squared_weights(self) -> float:
        """The variance of a mean over units of variance one."""
        return float((self.weights**2).sum())

    @cached_property
    def _seed_variances(self) -> tuple[np.ndarray, float]:
        """[trials] variances over seeds, without the effect common to all trials, and their degrees of freedom.

        With few trials or two seeds all have the same; else each is shrunk towards the mean (`PriorVariance`). None is below what the interaction implies.
        """
        trials, seeds = self._seed_means.shape
        left = (
            self._seed_means
            - self._seed_means.mean(1, keepdims=True)
            - self._seed_means.mean(0)
            + self._seed_means.mean()
        )
        most = float((trials - 1) * (seeds - 1))
        spread = PriorVariance.estimate(self._seed_means) if seeds > 2 else None
        if spread is None:
            return np.full(trials, max(float((left**2).sum()) / most, self._interaction_variance)), most
        own = (seeds - 1) * (1 - 1 / trials)
        variances = ((left**2).sum(1) + spread.degrees_of_freedom * spread.variance) / (own + spread.degrees_of_freedom)
        return np.maximum(variances, self._interaction_variance), min(own + spread.degrees_of_freedom, most)

    @cached_property
    def _unit_variance(self) -> tuple[float, float]:
        """The variance of a trial's mean due to its interaction with units, and its degrees of freedom."""
        trials, seeds, units = self.values.shape
        if units < 2:
            return 0.0, 1.0
        means = self.values.mean(1)
        left = means - means.mean(0) - means.mean(1, keepdims=True) + means.mean()
        freedom = (trials - 1) * (units - 1)
        return max(
            float((left**2).sum()) / freedom * self._squared_weights - self._interaction_variance / seeds, 0.0
        ), float(freedom)

    def _standard_errors(self) -> np.ndarray:
        """[trials]: root of the mean of the variances of a trial's mean and of the best one's."""
        variances = (self._seed_variances[0] + self._seed_variances[0][self.best]) / 2
        found: np.ndarray = np.sqrt(variances / self._seed_means.shape[1] + self._unit_variance[0])
        return found

    def _deviations(self) -> np.ndarray:
        """[NODES]: relative deviations that a standard error may have (`compute_deviations`)."""
        seeds, units = float(self._seed_variances[0].mean()) / self._seed_means.shape[1], self._unit_variance[0]
        whole = seeds + units
        return compute_deviations((seeds / whole, self._seed_variances[1]), (units / whole, self._unit_variance[1]))

    def compare_best(self) -> dict[int, Estimate]:
        """By index, the difference of the best to each other trial, with simultaneous intervals and corrected p-values.

        Any trial may come out best. So the lower bound uses the distribution of the range of all means (Tukey), the upper bound that of the largest
        lead of the others over one (Dunnett). Tests step down from the worst trial to the nearest; each corrects for the trials that are at
        least as good. The interval of a significant difference does not go below zero.
        """
        count, seeds = self._seed_means.shape
        gaps, errors = self.means[self.best] - self.means, self._standard_errors()
        others = [int(place) for place in np.argsort(gaps, kind="stable") if place != self.best]
        if not errors.any():
            known = {other: float(gaps[other]) for other in others}
            return {other: Estimate(gap, gap, gap, seeds) for other, gap in known.items()}
        spread = self._deviations()
        down = compute_critical_value(make_range_tail(count), spread, 1 - CONFIDENCE)
        up = compute_critical_value(make_largest_lead_tail(count - 1), spread, (1 - CONFIDENCE) / 2)
        found: dict[int, Estimate] = {}
        p = 0.0
        for rank, other in reversed(list(enumerate(others, 2))):
            gap, error = float(gaps[other]), float(errors[other])
            p = max(p, compute_p_value(make_range_tail(rank), gap / error, spread))
            least = 0.0 if p <= 1 - CONFIDENCE else -1.0
            found[other] = Estimate(gap, max(gap - down * error, least), min(gap + up * error, 1.0), seeds, p)
        return found

    def correct_best_score(self) -> CorrectedScore:
        """The mean of the best, minus the expected excess of the highest of all, and its interval.

        The lower bound uses the largest of all errors, the upper bound one error, each at level ``0.05 k / (k + 1)`` for k trials.
        Coverage is 95 % where one trial is far ahead and slightly more where all are equal.
        """
        trials, seeds = self._seed_means.shape
        raw = float(self.means[self.best])
        variances, freedom = self._seed_variances
        own = float(variances[self.best]) / seeds
        common = max(float(self._seed_means.mean(0).var(ddof=1)), float(variances.mean()) / trials) / seeds
        variance = common + own * (1 - 1 / trials)
        if variance == 0:
            return CorrectedScore(raw, raw, raw, raw)
        worth = variance**2 / (common**2 / (seeds - 1) + (own * (1 - 1 / trials)) ** 2 / freedom)
        errors, level, scale = (
            _draw_errors(trials),
            (1 - CONFIDENCE) * trials / (trials + 1),
            draw_scale_factors(np.random.default_rng(3), worth, ERROR_DRAWS),
        )
        shift = math.sqrt(common) * _draw_common_errors()
        down = float(np.quantile((math.sqrt(own) * errors.max(1) + shift) * scale, 1 - level))
        up = float(np.quantile((math.sqrt(own) * errors[:, 0] + shift) * scale, 1 - level))
        mean = max(raw - max(0.0, self._selection_bias(math.sqrt(own), errors)), raw - down)
        return CorrectedScore(mean, max(raw - down, 0.0), min(raw + up, 1.0), raw)

    def _selection_bias(self, deviation: float, errors: np.ndarray) -> float:
        """The expected excess of the highest mean, if the true gaps to the best are the shrunk ones.

        A gap g of variance v is shrunk to ``g (1 - v / g^2)``, never below zero (positive-part James-Stein): finalists within the
        noise count as equal to the best.
        """
        gaps = self.means[self.best] - self.means
        kept = np.clip(1 - 2 * deviation**2 / np.maximum(gaps, 1e-12) ** 2, 0.0, 1.0)
        highest = (deviation * errors - gaps * kept).argmax(1)
        return deviation * float(errors[np.arange(len(errors)), highest].mean())


@lru_cache(maxsize=32)
def _draw_errors(trials: int) -> np.ndarray:
    """[DRAWS, trials] normal errors less their mean over trials."""
    drawn = np.random.default_rng(1).standard_normal((ERROR_DRAWS, trials))
    centred: np.ndarray = drawn - drawn.mean(1, keepdims=True)
    return centred


@lru_cache(maxsize=1)
def _draw_common_errors() -> np.ndarray:
    return np.random.default_rng(2).standard_normal(ERROR_DRAWS)
