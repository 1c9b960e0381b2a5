"""How well measures rank tasks as a search then found them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

DRAWS = 2000
"""Bootstrap draws of tasks."""
MIN_TASKS = 3
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's rank correlation over tasks."""

    value: float
    low: float
    high: float
    """Percentiles of a bootstrap over tasks: what another pool of the same kind might give."""
    tasks: int

    def to_json(self) -> dict[str, float]:
        """As JSON's own types."""
        return asdict(self)


def correlate_ranks(measures: Mapping[str, float], effects: Mapping[str, float]) -> RankCorrelation | None:
    """Spearman's rank correlation of a measure and the effects of the tasks that have both; None for fewer than `MIN_TASKS` tasks, or
    where all measures or all effects are equal.

    Draws of the bootstrap in which all measures or all effects are equal have no correlation, and are left out.
    """
    tasks = sorted(measures.keys() & effects.keys())
    pairs = np.array([[measures[task], effects[task]] for task in tasks])
    if len(tasks) < MIN_TASKS or (value := _correlate(pairs)) is None:
        return None
    rng = np.random.default_rng(0)
    drawn = [_correlate(pairs[rng.integers(len(pairs), size=len(pairs))]) for _ in range(DRAWS)]
    known = [each for each in drawn if each is not None]
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return RankCorrelation(value, float(low), float(high), len(tasks))


def _correlate(pairs: np.ndarray) -> float | None:
    from scipy.stats import rankdata  # takes long to import, and every command imports this package

    ranks = rankdata(pairs, axis=0)
    if (ranks == ranks[0]).all(0).any():
        return None
    one, other = (ranks - ranks.mean(0)).T
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))
