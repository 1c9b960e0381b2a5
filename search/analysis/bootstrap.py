"""Means over seeds and languages with their intervals: a hierarchical bootstrap for few seeds."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from search.intervals import CONFIDENCE, Interval

REPLICATES = 4000
FINE = 25
"""Times as many where none of them reaches the mean: a small p-value has to outlast the correction for many tests."""
FEW = 4
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

    @property
    def found(self) -> bool:
        """Whether it is told from zero among all tests of its table."""
        return self.p_holm is not None and self.p_holm <= 1 - CONFIDENCE

    def to_json(self, signed: bool = True) -> dict[str, Any]:
        """With its words, as a difference or as a score."""
        told = Interval(self.mean, self.low, self.high, self.seeds)
        return asdict(self) | {"told": told.signed() if signed else str(told)}


@dataclass(frozen=True, slots=True)
class Spread:
    """How much the values of trials differ from seed to seed, as all trials of a search tell it."""

    variance: float
    freedom: float
    """How many degrees of freedom it is worth beside a comparison's own: many where trials are alike in this."""
    deviations: np.ndarray
    """Of every trial and seed, of mean square one."""

    @classmethod
    def of(cls, values: np.ndarray) -> "Spread | None":
        """Of values [trials, seeds]; None if there are too few trials, or nothing differs.

        Variances of trials are taken for draws of one distribution and each is drawn towards its mean (Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004, section
        6.2); what a seed does to all trials alike is none of it, as comparisons do not see it.
        """
        trials, seeds = values.shape
        rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
        own = seeds - 1 - (seeds - 1) / trials
        variances = (rest**2).sum(1) / own if own > 0 else np.zeros(trials)
        if trials < FEW or seeds < 2 or not variances.all():
            return None
        most = float((trials - 1) * (seeds - 1))
        logs = np.log(variances) - digamma(own / 2) + math.log(own / 2)
        excess = float(logs.var(ddof=1)) - float(polygamma(1, own / 2))
        freedom = 2 * _inverse_trigamma(excess) if excess > 1e-6 else math.inf
        if freedom >= most:
            return cls(float(variances.mean()), most, _standard(rest.ravel()))
        prior = float(logs.mean()) + float(digamma(freedom / 2)) - math.log(freedom / 2)
        return cls(math.exp(prior), freedom, _standard(rest.ravel()))


def _inverse_trigamma(value: float) -> float:
    return float(brentq(lambda at: float(polygamma(1, at)) - value, 1e-3, 1e7)) if value < 1e6 else 1e-3


def hierarchical(
    values: np.ndarray, weights: np.ndarray, design: np.ndarray, spread: Spread | None = None, size: float = 1.0
) -> Estimate:
    """The weighted mean of values by seed and unit (a language, or a family), for other seeds and other units alike.

    Both are random effects. Each replicate draws seeds, then units, with replacement: the units' mean deviations from what `design`
    explains, without what the seeds left in them. What a level draws is scaled by ``sqrt(v / chi2(v))``, v being its degrees of
    freedom: with few seeds a bootstrap's quantiles alone hold the truth too seldom (Hesterberg, Am. Stat. 69, 2015), and so
    scaled they are Student's where one level is all that varies.

    Without `spread` the seeds' own variance is told from what is left, seed by unit, from four seeds on, with fewer the interval is wider than it
    need be; the p-value does not rely on that.

    Args:
        values: [seeds, units].
        weights: [units]; units of weight 0 only tell how far units differ.
        design: [units, k], full rank: what units are expected to differ by: a column of ones, dummies of groups, a distance.
        spread: what other trials tell of seeds.
        size: squared length of the contrast of trials that `values` are of: 2 for one trial less another.
    """
    seeds = len(values)
    by_seed = values @ weights
    mean = float(by_seed.mean())
    if seeds < 2:
        return Estimate(mean, None, None, seeds)
    levels = _levels(values, by_seed - mean, weights, design)
    careful = levels.without_rest() if spread is None else levels.beside(spread, size)
    wide = careful.shifts(REPLICATES)
    if not wide.any():
        return Estimate(mean, mean, mean, seeds)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(levels.shifts(REPLICATES) if spread is None else wide, [tail, 1 - tail])
    if not (np.abs(wide) >= abs(mean)).any():
        wide = careful.shifts(FINE * REPLICATES)
    p = (1 + int((np.abs(wide) >= abs(mean)).sum())) / (1 + len(wide))
    return Estimate(mean, mean - float(high), mean - float(low), seeds, p)


@dataclass(frozen=True, slots=True)
class _Levels:
    """What a weighted mean varies by: deviations of mean square one, their size in the mean, their degrees of freedom."""

    count: int
    """Of seeds."""
    seeds: np.ndarray
    seeds_size: float
    seeds_freedom: float
    units: np.ndarray
    units_size: float
    units_freedom: int
    weights: np.ndarray
    rest_size: float

    def shifts(self, count: int) -> np.ndarray:
        """[count] draws of how far the mean may lie from the truth."""
        rng = np.random.default_rng(0)
        shift: np.ndarray = rng.standard_normal(count) * self.rest_size
        drawn = rng.choice(self.seeds, (count, self.count)).mean(1) * math.sqrt(self.count)
        shift += drawn * _scale(rng, self.seeds_freedom, count) * self.seeds_size
        if self.units_size > 0:
            drawn = rng.choice(self.units, (count, len(self.weights))) @ self.weights
            shift += drawn * _scale(rng, self.units_freedom, count) * self.units_size
        return shift

    def without_rest(self) -> "_Levels":
        """The same, the rest being part of what seeds do."""
        return replace(self, seeds_size=math.hypot(self.seeds_size, self.rest_size), rest_size=0.0)

    def beside(self, spread: Spread, size: float) -> "_Levels":
        """The same, the variance of seeds drawn towards that of all trials."""
        own, total = self.count - 1, (self.seeds_size**2 + self.rest_size**2) * self.count
        variance = (own * total + spread.freedom * spread.variance * size) / (own + spread.freedom)
        return replace(
            self,
            seeds=spread.deviations,
            seeds_size=math.sqrt(variance / self.count),
            seeds_freedom=own + spread.freedom,
            rest_size=0.0,
        )


def _levels(values: np.ndarray, by_seed: np.ndarray, weights: np.ndarray, design: np.ndarray) -> _Levels:
    """The parts of the variance of a two-way layout without replication."""
    seeds, units = values.shape
    residual = values - _fitted(values, design)
    effect = residual.mean(0)
    freedom = units - design.shape[1]
    rest = float(((residual - effect) ** 2).sum()) / ((seeds - 1) * freedom) if freedom else 0.0
    between = max(float((effect**2).sum()) / freedom - rest / seeds, 0.0) if freedom else 0.0
    told_apart = (seeds - 2) / (seeds - 1) if seeds >= FEW else 0.0
    noise = rest * float((weights**2).sum()) / seeds * told_apart
    total = float((by_seed**2).sum()) / (seeds - 1) / seeds
    return _Levels(
        count=seeds,
        seeds=_standard(by_seed),
        seeds_size=math.sqrt(max(total - noise, 0.0)),
        seeds_freedom=seeds - 1,
        units=_standard(effect[_compared(design)]) if between else effect,
        units_size=math.sqrt(between),
        units_freedom=freedom,
        weights=weights[weights != 0],
        rest_size=math.sqrt(noise),
    )


def _fitted(values: np.ndarray, design: np.ndarray) -> np.ndarray:
    found: np.ndarray = (design @ np.linalg.lstsq(design, values.T, rcond=None)[0]).T
    return found


def _compared(design: np.ndarray) -> np.ndarray:
    """Which units the design leaves something of: one alone in its group is always as expected."""
    leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    kept: np.ndarray = leverage < 1 - 1e-9
    return kept


def _standard(values: np.ndarray) -> np.ndarray:
    """Of mean square one; zeros where there is nothing to scale."""
    size = math.sqrt(float((values**2).mean()))
    return values / size if size > 0 else np.zeros(len(values))


def _scale(rng: np.random.Generator, freedom: float, count: int) -> np.ndarray:
    found: np.ndarray = np.sqrt(freedom / rng.chisquare(freedom, count))
    return found


def holm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same with p-values that hold for all of them together (Holm, Scand. J. Stat. 6, 1979)."""
    told = sorted((each.p, place) for place, each in enumerate(estimates) if each.p is not None)
    corrected, least = list(estimates), 0.0
    for rank, (p, place) in enumerate(told):
        least = max(least, min(1.0, p * (len(told) - rank)))
        corrected[place] = replace(estimates[place], p_holm=least)
    return corrected
