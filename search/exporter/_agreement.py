"""Compare the scores of a trial that was trained again with the recorded scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from search.analysis import find_differences
from trainables.transfer import SplitScores, Transfer

RERUN_TOLERANCE = 0.05
"""Largest acceptable mean difference (dev) where arithmetic, device or versions differ. Dropout and rounding differ there, so that a stage
is another draw, as with another seed."""


@dataclass(frozen=True, slots=True)
class ScoreAgreement:
    """Recorded scores beside those of a second run."""

    largest: float
    """Largest difference of any score, by its absolute value."""
    where: str
    """Which score that is."""
    mean: float
    """Mean difference, again minus recorded: over languages, then targets, of each target's main metric."""
    reasons: tuple[str, ...]
    """What differs between the two runs; empty where the scores must be bit-identical."""
    missing: tuple[str, ...] = ()
    """Targets and languages that have a main score in one of the runs only."""

    @property
    def is_identical(self) -> bool:
        """Whether all scores are bit-identical and none is missing in either run."""
        return self.largest == 0.0 and not self.missing

    @property
    def is_acceptable(self) -> bool:
        """Whether the scores are bit-identical or, where the runs differ in something, within `RERUN_TOLERANCE` on the mean."""
        return abs(self.mean) <= RERUN_TOLERANCE and not self.missing if self.reasons else self.is_identical

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            "same": self.is_identical,
            "holds": self.is_acceptable,
            "largest": self.largest,
            "where": self.where,
            "mean": self.mean,
            "tolerance": RERUN_TOLERANCE if self.reasons else 0.0,
            "reasons": list(self.reasons),
            "lacking": list(self.missing),
        }

    def __str__(self) -> str:
        if self.is_identical:
            return "every score is the recorded one to the last bit"
        if self.missing:
            return f"scores cannot be compared: only one of the runs has {'; '.join(self.missing)}"
        found = f"dev scores differ by {self.largest:.4f} at most ({self.where}), by {self.mean:+.4f} on average"
        if not self.reasons:
            return f"{found}, although device and versions are the same and the same bits are due"
        within = "within" if self.is_acceptable else "beyond"
        return f"{found}, {within} the tolerance of {RERUN_TOLERANCE:g} where runs differ in {'; '.join(self.reasons)}"


def compare_scores(
    recorded: Mapping[str, SplitScores],
    again: Transfer,
    environments: tuple[Mapping[str, str], Mapping[str, str]],
    *others: str,
) -> ScoreAgreement:
    """Compare a trial's dev scores with those of a second run.

    Args:
        recorded: by target, split, language and metric.
        again: the second run's, of the same targets.
        environments: what the first and the second run were trained with (`trainables.training.describe_environment`).
        others: further differences, in words.
    """
    was, is_now = _flatten_scores(recorded), _flatten_scores(again.scores)
    gaps = {name: abs(was[name] - is_now[name]) for name in was.keys() & is_now.keys()}
    where = max(sorted(gaps), key=lambda name: gaps[name], default="")
    reasons = [f"{field} ({then}, now {now})" for field, (then, now) in find_differences(environments).items()]
    if not environments[0]:
        reasons = ["an environment that the first run did not record"]
    before, after = _get_main_scores(Transfer(dict(recorded), again.metrics)), _get_main_scores(again)
    lacking = {f"{target}, {code}" for target, code in before.keys() ^ after.keys()}
    shared = sorted(before.keys() & after.keys())
    shifts = {target: fmean(after[at] - before[at] for at in shared if at[0] == target) for target, _ in shared}
    mean = fmean(shifts.values()) if shifts else 0.0
    lacking |= recorded.keys() ^ again.scores.keys()
    return ScoreAgreement(gaps.get(where, 0.0), where, mean, (*reasons, *others), tuple(sorted(lacking)))


def _get_main_scores(transfer: Transfer) -> dict[tuple[str, str], float]:
    """The main metric on dev by target and language, of targets whose metric is known."""
    return {
        (target, code): score
        for target in transfer.scores.keys() & transfer.metrics.keys()
        for code, score in transfer.languages(target, "dev").items()
    }


def _flatten_scores(scores: Mapping[str, SplitScores]) -> dict[str, float]:
    return {
        f"{target}, {language}, {metric}": value
        for target, by_split in scores.items()
        for language, metrics in by_split.get("dev", {}).items()
        for metric, value in metrics.items()
    }
