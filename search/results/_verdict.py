"""The verdict on finalists: compared on fresh seeds, paired by seed and family, corrected for all comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from search.config import Config
from search.results._paired_comparison import OBJECTIVE_SPLIT, build_finalist_scores
from search.statistics import CONFIDENCE, Interval, compute_interval
from search.study import TrialRecord, select_finalists
from trainables.outcome import Outcome
from trainables.transfer import Transfer

CORRECTED_METHOD = (
    "the mean less the expected excess of the highest of k; low by the largest of k errors (max-t), high by Student's t"
)
STUDENT_METHOD = "Student's t over seeds"
COMPARISON_METHOD = (
    "95 % for all comparisons together by the range of k means (Tukey), over seeds and families; p step-down"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best finalist against another, on the seeds both have."""

    other: int
    """The other's trial number."""
    difference: Interval
    """Best minus other, paired by seed and family; a simultaneous 95 % interval for all comparisons."""
    p: float | None = None
    """p-value of the difference, corrected for all comparisons; None with one seed."""

    @property
    def separated(self) -> bool:
        """Whether the best is significantly better than the other after correction for all comparisons."""
        return self.difference.low is not None and self.difference.mean > 0 and (self.p or 0.0) <= 1 - CONFIDENCE

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"separated": self.separated, "split": OBJECTIVE_SPLIT, "method": COMPARISON_METHOD}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The best trial, its value, and whether it is significantly better than the other finalists."""

    best: int | None
    """The trial with the highest mean over fresh seeds; before any, with the highest value; None without a complete trial."""
    conclusion: Literal["separated", "tie", "unconfirmed"]
    value: Interval | None
    """The objective of the best on fresh seeds, corrected for being the highest of all finalists."""
    comparisons: tuple[Comparison, ...]
    """The best against each other finalist, nearest first."""
    uncorrected: float | None = None
    """The mean that `value` corrects."""

    def confirmed_to_json(self) -> dict[str, Any] | None:
        """The value with its split and method, as JSON's own types."""
        if self.value is None:
            return None
        method = CORRECTED_METHOD if self.value.low is not None and self.comparisons else STUDENT_METHOD
        return asdict(self.value) | {"raw": self.uncorrected, "split": OBJECTIVE_SPLIT, "method": method}


def decide_verdict(ranked: Sequence[TrialRecord], repeats: dict[int, dict[int, Outcome]], config: Config) -> Verdict:
    """Choose the best trial and decide whether it is separated from the other finalists.

    Args:
        ranked: complete trials, best first.
        repeats: outcomes of finalists on fresh seeds, by trial number and seed.
        config: for the objective, the finalists' number and seeds.
    """
    if not ranked:
        return Verdict(None, "unconfirmed", None, ())
    chosen = select_finalists(ranked, config)
    transfers = {
        record.number: {seed: outcome.transfer for seed, outcome in repeats[record.number].items()}
        for record in sorted(chosen, key=lambda record: record.position or 0)
        if repeats.get(record.number)
    }
    if not transfers:
        return Verdict(ranked[0].number, "unconfirmed", None, ())
    best, value, raw, comparisons = _compare_finalists(transfers, config)
    shared = set.intersection(*(set(by_seed) for by_seed in transfers.values()))
    repeated = len(transfers) == len(chosen) and len(shared) >= config.finalists.seeds
    complete = repeated and config.finalists.seeds >= 2 and bool(comparisons)
    separated = complete and all(comparison.separated for comparison in comparisons)
    word: Literal["separated", "tie", "unconfirmed"] = (
        "separated" if separated else "tie" if complete else "unconfirmed"
    )
    return Verdict(best, word, value, comparisons, raw)


BestFinalist = tuple[int, Interval, float, tuple[Comparison, ...]]
"""The best, its value, the mean which that corrects, comparisons with the others."""


def _compare_finalists(transfers: Mapping[int, Mapping[int, Transfer]], config: Config) -> BestFinalist:
    """Compare finalists (by number and seed, best first) on the seeds that all have; with too few seeds or finalists, by means alone."""
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in transfers.values())))
    numbers = list(transfers)
    if len(shared) < 2 or len(numbers) < 2:
        return _compare_means(transfers, shared, config)
    finalist_scores = build_finalist_scores(
        [[transfers[number][seed] for seed in shared] for number in numbers], config.objective
    )
    score, best = finalist_scores.correct_best_score(), numbers[finalist_scores.best]
    comparisons = [
        Comparison(numbers[index], Interval(estimate.mean, estimate.low, estimate.high, estimate.seeds), estimate.p)
        for index, estimate in finalist_scores.compare_best().items()
    ]
    value = Interval(score.mean, score.low, score.high, len(shared))
    return best, value, score.uncorrected, tuple(sorted(comparisons, key=lambda comparison: comparison.difference.mean))


def _compare_means(
    transfers: Mapping[int, Mapping[int, Transfer]], shared: Sequence[int], config: Config
) -> BestFinalist:
    """The best by means alone, without correction: for one finalist or one shared seed."""
    values = {
        number: [by_seed[seed].objective(config.objective) for seed in shared or sorted(by_seed)]
        for number, by_seed in transfers.items()
    }
    best = max(values, key=lambda number: fmean(values[number]))
    comparisons = (
        Comparison(other, Interval(fmean(values[best]) - fmean(values[other]), None, None, len(shared)))
        for other in values
        if other != best and shared
    )
    value = compute_interval(values[best]).clip(0.0, 1.0)
    return best, value, value.mean, tuple(sorted(comparisons, key=lambda comparison: comparison.difference.mean))
