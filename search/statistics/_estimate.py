"""An estimate with its interval and p-values, and their adjustment for several tests."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from search.statistics._interval import CONFIDENCE, Interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval and p-values; bounds are None with one seed."""

    mean: float
    low: float | None
    high: float | None
    seeds: int
    p: float | None = None
    """Two-sided p-value of the hypothesis that the mean is zero."""
    p_holm: float | None = None
    """p after Holm's correction for all tests of its table."""
    p_max: float | None = None
    """p after max-t correction for all tests of its table; then the interval is simultaneous too."""

    @property
    def is_significant(self) -> bool:
        """Whether the test excludes zero after correction for all tests of its table."""
        corrected = self.p_holm if self.p_max is None else self.p_max
        return corrected is not None and corrected <= 1 - CONFIDENCE

    def clip(self, least: float, most: float) -> "Estimate":
        """The same estimate with its bounds clipped to a range."""
        interval = Interval(self.mean, self.low, self.high, self.seeds).clip(least, most)
        return replace(self, low=interval.low, high=interval.high)

    def to_json(self, signed: bool = True) -> dict[str, Any]:
        """As JSON's own types, with its text under ``told``: as a difference (`signed`) or as a score."""
        interval = Interval(self.mean, self.low, self.high, self.seeds)
        return asdict(self) | {"told": interval.format_signed() if signed else str(interval)}


def adjust_holm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same estimates with p-values corrected for all of them (Holm, Scand. J. Stat. 6, 1979)."""
    ranked = sorted((each.p, index) for index, each in enumerate(estimates) if each.p is not None)
    corrected, least = list(estimates), 0.0
    for rank, (p, index) in enumerate(ranked):
        least = max(least, min(1.0, p * (len(ranked) - rank)))
        corrected[index] = replace(estimates[index], p_holm=least)
    return corrected


def adjust_jointly(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The same estimates with p-values of `adjust_holm` and simultaneous intervals that agree with them.

    An interval (of `estimate_hierarchical_mean` for as many tests) that contains zero although Holm's test is significant is cut at zero
    (Strassburger and Bretz, Stat. Med. 27, 2008).
    """
    return [_bound_at_zero(each) if each.is_significant else each for each in adjust_holm(estimates)]


def _bound_at_zero(estimate: Estimate) -> Estimate:
    return estimate.clip(0.0, math.inf) if estimate.mean > 0 else estimate.clip(-math.inf, 0.0)
