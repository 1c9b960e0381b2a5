"""The highest of several means: an estimate and intervals that allow for its having been chosen as the highest."""

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
"""Of the finalists' errors, for what has no closed form."""


@dataclass(frozen=True, slots=True)
class CorrectedScore:
    """The highest mean, corrected for being the highest, with its 95 % interval."""

    mean: float
    low: float
    high: float
    uncorrected: float
    """The mean as it was measured."""


@dataclass(frozen=True)
class FinalistScores:
    """Scores of trials on the same seeds and units (families or languages); two trials and two seeds at least.

    A score is modelled as the trial's, what a seed does to all trials, what a unit is like for all, and three errors of the trial's own: with a seed,
    with a unit, with both. Comparisons are for other seeds and other units; the score of the best is for other seeds and these units.
    """

    values: np.ndarray
    """[trials, seeds, units]"""
    weights: np.ndarray
    """[units]: what each counts; they sum to one."""

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
        """The place of the highest mean, the first of equals."""
        return int((self.means > self.means.max() - 1e-12).argmax())

    @cached_property
    def _interaction_variance(self) -> float:
        """The part of a trial's own variance over seeds that is left seed by unit, in its mean over units."""
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
        """[trials] variances over seeds, what is common to all trials apart, and their degrees of freedom.

        Of few trials, or on two seeds, all have the same; else each one's is drawn towards the mean (`PriorVariance`). None is less than what is left
        makes it.
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
        """The variance of a trial's mean that is due to its units, and its degrees of freedom."""
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
        """[trials]: of each other one and the best, the standard error of either's mean, on average."""
        variances = (self._seed_variances[0] + self._seed_variances[0][self.best]) / 2
        found: np.ndarray = np.sqrt(variances / self._seed_means.shape[1] + self._unit_variance[0])
        return found

    def _deviations(self) -> np.ndarray:
        """What standard errors may be, for a typical one of one."""
        seeds, units = float(self._seed_variances[0].mean()) / self._seed_means.shape[1], self._unit_variance[0]
        whole = seeds + units
        return compute_deviations((seeds / whole, self._seed_variances[1]), (units / whole, self._unit_variance[1]))

    def compare_best(self) -> dict[int, Estimate]:
        """By place, the best less each other trial: intervals that hold together, and p-values for all of them.

        As any trial may come out best, an interval reaches as far down as the range of all means by chance (Tukey's), and as far up as the largest
        lead of the others over one (Dunnett's): the best is not too low by chance. Tests step from the worst trial to the nearest
        (each allows for the trials at least as good as it); where one says that the best is better, its interval does not go below zero.
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
        """The best one's mean, less what being the highest of all adds to it by chance, and an interval that holds its truth.

        It reaches as far down as the largest of all errors by chance and as far up as one error: at ``0.05 k / (k + 1)`` each for k trials,
        the interval holds the truth in 95 % of cases where one trial is far ahead and in a little more where all are alike.
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
        """What being the highest adds on average, were the means' true gaps to the best what is left of them after shrinking.

        A gap g of variance v is shrunk to ``g (1 - v / g^2)``, none below zero (the positive-part estimator of James and Stein for one
        mean): rivals within the noise count as equals, others as they are.
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
