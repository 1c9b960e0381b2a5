"""What may be called best: finalists compared on fresh seeds, paired seed by seed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, Literal

from scipy import stats

from search.config import Config
from search.study import Recorded, finalists
from trainables.outcome import Outcome

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds with its 95 % interval by Student's t; without bounds when there is one seed only."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    def within(self, least: float, most: float) -> "Interval":
        """The same mean with bounds that a score can have."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(least, self.low), high=min(most, self.high))

    def signed(self) -> str:
        """As a difference: with its sign."""
        if self.low is None or self.high is None:
            return f"{self.mean:+.3f}"
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: Sequence[float]) -> Interval:
    """Mean and interval of values of independent seeds, at least one."""
    mean = fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None, len(values))
    error = float(stats.sem(values))
    if error == 0.0:
        return Interval(mean, mean, mean, len(values))
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=error)
    return Interval(mean, float(low), float(high), len(values))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best finalist against another, on the seeds both have."""

    other: int
    """The other's trial number."""
    difference: Interval
    """Best minus other, paired by seed."""

    @property
    def separated(self) -> bool:
        """Whether the interval of the difference lies above zero."""
        return self.difference.low is not None and self.difference.low > 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"separated": self.separated}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a search."""

    best: int | None
    """The trial with the highest mean over fresh seeds; before any, with the highest value; None without a complete trial."""
    word: Literal["separated", "tie", "unconfirmed"]
    value: Interval | None
    """The best one's objective on fresh seeds."""
    comparisons: tuple[Comparison, ...]
    """The best against each other finalist, nearest first."""


def judge(ranked: Sequence[Recorded], repeats: dict[int, dict[int, Outcome]], config: Config) -> Verdict:
    """Name the best trial and say how sure that is.

    Args:
        ranked: complete trials, best first.
        repeats: outcomes of finalists on fresh seeds, by trial number and seed.
        config: for the objective, the finalists' number and seeds.
    """
    if not ranked:
        return Verdict(None, "unconfirmed", None, ())
    chosen = finalists(ranked, config)
    values = {
        record.number: {seed: o.transfer.objective(config.objective) for seed, o in repeats[record.number].items()}
        for record in chosen
        if repeats.get(record.number)
    }
    if not values:
        return Verdict(ranked[0].number, "unconfirmed", None, ())
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in values.values())))
    means = {number: fmean(by_seed[seed] for seed in shared or by_seed) for number, by_seed in values.items()}
    best = max(means, key=lambda number: (means[number], -number))
    comparisons = sorted(
        (
            Comparison(other, interval([values[best][seed] - values[other][seed] for seed in shared]))
            for other in values
            if other != best and shared
        ),
        key=lambda comparison: comparison.difference.mean,
    )
    repeated = len(values) == len(chosen) and len(shared) >= config.finalists.seeds
    complete = repeated and config.finalists.seeds >= 2 and bool(comparisons)
    separated = complete and all(comparison.separated for comparison in comparisons)
    word: Literal["separated", "tie", "unconfirmed"] = (
        "separated" if separated else "tie" if complete else "unconfirmed"
    )
    return Verdict(best, word, interval([values[best][seed] for seed in shared or values[best]]), tuple(comparisons))
