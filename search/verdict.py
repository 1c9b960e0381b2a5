"""What may be called best: finalists compared on fresh seeds, paired by seed and family."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from search.config import Config
from search.intervals import Interval, interval
from search.paired import difference
from search.recorded import Recorded, finalists
from trainables.outcome import Outcome
from trainables.transfer import Transfer


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best finalist against another, on the seeds both have."""

    other: int
    """The other's trial number."""
    difference: Interval
    """Best minus other, paired by seed and family."""

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

    def on_seeds(number: int) -> dict[int, Transfer]:
        return {seed: repeats[number][seed].transfer for seed in shared}

    means = {number: fmean(by_seed[seed] for seed in shared or by_seed) for number, by_seed in values.items()}
    best = max(means, key=lambda number: (means[number], -number))
    comparisons = sorted(
        (
            Comparison(other, difference(on_seeds(best), on_seeds(other), config.objective))
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
