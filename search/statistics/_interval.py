"""A mean over seeds with its interval by Student's t."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds with its 95 % interval by Student's t; without bounds when there is one seed only."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    def clip(self, least: float, most: float) -> "Interval":
        """The same mean with its bounds clipped to a range: [0, 1] for a score, [-1, 1] for a difference."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(least, self.low), high=min(most, self.high))

    def format_signed(self) -> str:
        """The text of a difference, with signs: ``+0.007 [-0.012, +0.027]``."""
        if self.low is None or self.high is None:
            return f"{self.mean:+.3f}"
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def compute_interval(values: Sequence[float]) -> Interval:
    """Mean and 95 % interval (Student's t) of at least one value of independent seeds; no bounds for one."""
    mean = fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None, len(values))
    error = float(stats.sem(values))
    if error == 0.0:
        return Interval(mean, mean, mean, len(values))
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=error)
    return Interval(mean, float(low), float(high), len(values))
