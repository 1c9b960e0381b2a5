"""Gains of trials by family over no curriculum, with simultaneous intervals for all families and trials (max-t)."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from search.analysis._arms import ScoreArray
from search.analysis._measures import Measure, build_overall_measure
from search.statistics import (
    CONFIDENCE,
    Estimate,
    PriorVariance,
    compute_deviations,
    compute_normal_tail,
    compute_p_value,
    draw_scale_factors,
    estimate_unit_variance,
)

GAIN_DRAWS = 5_000

FamilyGains = dict[tuple[int, str], Estimate]
"""By index of the trial and family."""


@dataclass(frozen=True, slots=True)
class _GainVariances:
    """The variances of a trial's mean gain in each family, [families], and their degrees of freedom."""

    seed_variance: float
    """Due to seeds, common to all families."""
    seed_freedom: float
    family_variances: np.ndarray
    """Due to seeds, of each family."""
    family_freedom: float
    language_variances: np.ndarray
    """Due to languages."""
    language_freedom: float

    @property
    def standard_errors(self) -> np.ndarray:
        """[families] standard errors."""
        found: np.ndarray = np.sqrt(self.seed_variance + self.family_variances + self.language_variances)
        return found

    def draw_largest_errors(self, rng: np.random.Generator, baseline: np.ndarray) -> np.ndarray:
        """[DRAWS] of the largest error over families, in standard errors; the baseline's errors, `baseline`, are common to all trials."""
        shape = (GAIN_DRAWS, len(self.family_variances))
        common = (
            (rng.standard_normal(GAIN_DRAWS) + baseline)
            / math.sqrt(2)
            * draw_scale_factors(rng, self.seed_freedom, GAIN_DRAWS)
        )
        own = rng.standard_normal(shape) * draw_scale_factors(rng, self.family_freedom, shape)
        units = rng.standard_normal(shape) * draw_scale_factors(rng, self.language_freedom, GAIN_DRAWS)[:, None]
        off = (
            math.sqrt(self.seed_variance) * common[:, None]
            + np.sqrt(self.family_variances) * own
            + np.sqrt(self.language_variances) * units
        )
        found: np.ndarray = (np.abs(off) / np.maximum(self.standard_errors, 1e-12)).max(1)
        return found

    def compute_family_p_value(self, family: int, gain: float) -> float:
        """The two-sided p-value of a gain in one family, without correction."""
        parts = (self.seed_variance, self.seed_freedom), (self.family_variances[family], self.family_freedom)
        spread = compute_deviations(*parts, (self.language_variances[family], self.language_freedom))
        return compute_p_value(compute_normal_tail, abs(gain), spread)


def compute_seed_gains(
    scored: ScoreArray, families: Mapping[str, Measure], pairs: Mapping[int, int]
) -> dict[int, np.ndarray]:
    """By index of a trial, [families, seeds]: its score minus that of the trial that `pairs` names."""
    scores = {name: each.average(scored.values) for name, each in families.items()}
    return {place: np.array([each[place] - each[plain] for each in scores.values()]) for place, plain in pairs.items()}


def estimate_family_gains(
    scored: ScoreArray, families: Mapping[str, Measure], pairs: Mapping[int, int], gains: Mapping[int, np.ndarray]
) -> FamilyGains:
    """Gains with simultaneous intervals and corrected p-values (max-t). Seeds affect all families of a trial alike, which a correction for
    independent tests would ignore.

    Args:
        scored: trials on at least two seeds.
        families: the measures of families.
        pairs: by index of a trial, that of the trial without intermediate stages that it is compared with.
        gains: from `compute_seed_gains`.
    """
    names = list(families)
    if not names or not pairs:
        return {}
    parts = {index: _estimate_variances(scored, families, index, plain, gains[index]) for index, plain in pairs.items()}
    rng = np.random.default_rng(0)
    baseline = rng.standard_normal(GAIN_DRAWS)
    largest = np.max([each.draw_largest_errors(rng, baseline) for each in parts.values()], axis=0)
    most = float(np.quantile(largest, CONFIDENCE))
    estimates: FamilyGains = {}
    for index, variances in parts.items():
        for family, name in enumerate(names):
            mean, error = float(gains[index][family].mean()), float(variances.standard_errors[family])
            if error == 0:
                estimates[index, name] = Estimate(mean, mean, mean, len(scored.seeds))
                continue
            estimate = Estimate(mean, mean - most * error, mean + most * error, len(scored.seeds))
            p = float((largest >= abs(mean) / error).mean())
            estimates[index, name] = replace(estimate, p=variances.compute_family_p_value(family, mean), p_max=p).clip(
                -1.0, 1.0
            )
    return estimates


def shrink_family_gains(families: Iterable[str], gains: np.ndarray) -> dict[str, float]:
    """A trial's gain in each family, shrunk towards their mean (positive-part James-Stein): the extremes of many are too far out.

    Args:
        families: their names.
        gains: [families, seeds], from `compute_seed_gains`.
    """
    count, seeds = gains.shape
    means, middle = gains.mean(1), float(gains.mean())
    noise = float((_compute_residuals(gains) ** 2).sum()) / max(1, (count - 1) * (seeds - 1)) / seeds
    apart = float(((means - middle) ** 2).sum())
    kept = max(0.0, 1 - (count - 3) * noise / apart) if count > 3 and apart > 0 else 1.0
    return {name: middle + kept * (float(mean) - middle) for name, mean in zip(families, means, strict=True)}


def _compute_residuals(gains: np.ndarray) -> np.ndarray:
    found: np.ndarray = gains - gains.mean(1, keepdims=True) - gains.mean(0) + gains.mean()
    return found


def _estimate_variances(
    scored: ScoreArray, families: Mapping[str, Measure], place: int, plain: int, gains: np.ndarray
) -> _GainVariances:
    count, seeds = gains.shape
    everything = build_overall_measure(scored)
    spread = PriorVariance.estimate(everything.average(scored.values)) if seeds > 2 else None
    common, freedom = float(gains.mean(0).var(ddof=1)), float(seeds - 1)
    if spread is not None:
        common = (freedom * common + spread.degrees_of_freedom * 2 * spread.variance) / (
            freedom + spread.degrees_of_freedom
        )
        freedom += spread.degrees_of_freedom
    left, most = _compute_residuals(gains), float((count - 1) * (seeds - 1))
    own = (left**2).sum(1) / max(1e-12, (seeds - 1) * (1 - 1 / count))
    prior = PriorVariance.estimate(gains)
    if prior is not None:
        each = (seeds - 1) * (1 - 1 / count)
        own = (each * own + prior.degrees_of_freedom * prior.variance) / (each + prior.degrees_of_freedom)
        worth = min(each + prior.degrees_of_freedom, most)
    else:
        own, worth = np.full(count, float((left**2).sum()) / max(1.0, most)), max(1.0, most)
    units = [
        estimate_unit_variance(
            each.average_by_unit(scored.values[place]) - each.average_by_unit(scored.values[plain]),
            each.weights,
            each.design,
        )
        for each in families.values()
    ]
    return _GainVariances(
        max(common, float(own.mean()) / count) / seeds,
        freedom,
        own / seeds,
        worth,
        np.array([variance for variance, _ in units]),
        float(max(1, units[0][1])),
    )
