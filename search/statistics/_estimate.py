"""An estimate with its interval and p-values, and their adjustment for several tests."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from search.statistics._interval import CONFIDENCE, Interval


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


def adjust_holm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same with p-values that hold for all of them together (Holm, Scand. J. Stat. 6, 1979)."""
    told = sorted((each.p, place) for place, each in enumerate(estimates) if each.p is not None)
    corrected, least = list(estimates), 0.0
    for rank, (p, place) in enumerate(told):
        least = max(least, min(1.0, p * (len(told) - rank)))
        corrected[place] = replace(estimates[place], p_holm=least)
    return corrected


def adjust_jointly(estimates: Sequence[Estimate]) -> list[Estimate]:
    """With p-values corrected by `adjust_holm`, and intervals that hold together: those of `estimate_hierarchical_mean` for as many tests, none of which goes past zero
    where Holm's test has it significant (Strassburger and Bretz, Stat. Med. 27, 2008)."""
    return [_bound_at_zero(each) if each.is_significant else each for each in adjust_holm(estimates)]


def _bound_at_zero(estimate: Estimate) -> Estimate:
    return estimate.clip(0.0, math.inf) if estimate.mean > 0 else estimate.clip(-math.inf, 0.0)
