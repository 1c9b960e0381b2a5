"""How far the scores of a trial that was run again lie from those that were recorded, and whether that was to be expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from search.provenance import differences
from trainables.transfer import Scores, Transfer

TOLERANCE = 0.05
"""Of the mean difference (dev), where arithmetic, device or versions differ: dropout and rounding are other ones there, so that a stage is
another draw, as with another seed."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Recorded scores beside those of a second run."""

    largest: float
    """Largest difference of any score, by its absolute value."""
    where: str
    """Which score that is."""
    mean: float
    """Mean difference, again minus recorded: over languages, then targets, of each target's main metric."""
    reasons: tuple[str, ...]
    """What differs between the two runs; nothing where the same bits are due."""

    @property
    def same(self) -> bool:
        """Whether every score is the recorded one to the last bit."""
        return self.largest == 0.0

    @property
    def holds(self) -> bool:
        """Whether the scores agree as they have to: to the last bit, or where something differs within `TOLERANCE` on the mean."""
        return abs(self.mean) <= TOLERANCE if self.reasons else self.same

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        told = {"same": self.same, "holds": self.holds, "largest": self.largest, "where": self.where}
        return told | {
            "mean": self.mean,
            "tolerance": TOLERANCE if self.reasons else 0.0,
            "reasons": list(self.reasons),
        }

    def __str__(self) -> str:
        if self.same:
            return "every score is the recorded one to the last bit"
        found = f"dev scores differ by {self.largest:.4f} at most ({self.where}), by {self.mean:+.4f} on average"
        if not self.reasons:
            return f"{found}, although device and versions are the same and the same bits are due"
        within = "within" if self.holds else "beyond"
        return f"{found}, {within} the tolerance of {TOLERANCE:g} where runs differ in {'; '.join(self.reasons)}"


def agreement(
    recorded: Mapping[str, Scores],
    again: Transfer,
    environments: tuple[Mapping[str, str], Mapping[str, str]],
    *others: str,
) -> Agreement:
    """Compare a trial's dev scores with those of a second run.

    Args:
        recorded: by target, split, language and metric.
        again: the second run's, of the same targets.
        environments: what the first and the second run were trained with (`trainables.arithmetic.environment`).
        others: what else differs, in words.
    """
    was, is_now = _flat(recorded), _flat(again.scores)
    gaps = {name: abs(was[name] - is_now[name]) if name in was and name in is_now else 1.0 for name in was | is_now}
    where = max(gaps, key=lambda name: gaps[name], default="")
    reasons = [f"{field} ({then}, now {now})" for field, (then, now) in differences(environments).items()]
    if not environments[0]:
        reasons = ["an environment that the first one did not record"]
    before = Transfer(dict(recorded), again.metrics)
    shifts = [
        fmean(theirs[code] - ours[code] for code in ours.keys() & theirs.keys())
        for target in recorded.keys() & again.scores.keys()
        if (ours := before.languages(target, "dev")).keys() & (theirs := again.languages(target, "dev")).keys()
    ]
    return Agreement(gaps.get(where, 0.0), where, fmean(shifts) if shifts else 0.0, (*reasons, *others))


def _flat(scores: Mapping[str, Scores]) -> dict[str, float]:
    return {
        f"{target}, {language}, {metric}": value
        for target, by_split in scores.items()
        for language, metrics in by_split.get("dev", {}).items()
        for metric, value in metrics.items()
    }
