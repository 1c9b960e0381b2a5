"""Curricula as numbers: which tasks there are, which comes before which, places, the last one, settings."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from statistics import fmean, pstdev

import numpy as np

from search.sampler._candidate import Candidate, SettingValue

FEATURE_GROUPS = ("tasks", "pairs", "adjacent", "places", "last", "settings", "targets", "beliefs")
"""Features of a group share one variance, fitted by marginal likelihood."""

Feature = tuple[Hashable, ...]


def extract_features(candidate: Candidate, scale: "FeatureScale") -> Iterator[tuple[str, Feature, float]]:
    """Group, name and value of every feature that is not zero."""
    stages, told = candidate.stages, scale.scale_settings
    yield "tasks", ("length",), len(stages) / 2
    for place, stage in enumerate(stages):
        for task in stage.tasks:
            yield "tasks", (task,), 1.0
            yield "places", (place, task), 1.0
            yield "places", ("from the end", len(stages) - place, task), 1.0
            for name, value in told(stage.settings):
                yield "settings", (task, *name), value
        for one, other in combinations(sorted(stage.tasks), 2):
            yield "pairs", ("mixed", one, other), 1.0
    for before, after in combinations(stages, 2):
        for one in before.tasks:
            for other in after.tasks:
                yield "pairs", (one, other), 1.0
    for before, after in pairwise(stages):
        for one in before.tasks:
            for other in after.tasks:
                yield "adjacent", (one, other), 1.0
    if stages:
        for task in stages[-1].tasks:
            yield "last", (task,), 1.0
            for name, value in told(stages[-1].settings):
                yield "last", (task, *name), value / 2
    for name, value in told(candidate.targets):
        yield "targets", name, value
    for belief, value in candidate.beliefs.items():
        yield "beliefs", (belief,), scale.standardise(belief, value)


class FeatureScale:
    """Where the numbers of each setting lie: their mean, and their deviation from it."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        found: dict[str, list[float]] = defaultdict(list)
        for candidate in candidates:
            for settings in (*(stage.settings for stage in candidate.stages), candidate.targets, candidate.beliefs):
                for name, value in settings.items():
                    if not isinstance(value, str):
                        found[name].append(value)
        self._moments = {name: (fmean(values), pstdev(values) or 1.0) for name, values in found.items()}

    def scale_settings(self, settings: Mapping[str, SettingValue]) -> Iterator[tuple[Feature, float]]:
        """A choice as it is; a number standardised, and its square."""
        for name, value in settings.items():
            if isinstance(value, str):
                yield (name, value), 1.0
            else:
                standard = self.standardise(name, value)
                yield (name,), standard
                yield (name, "squared"), standard**2

    def standardise(self, name: str, value: float) -> float:
        """In deviations from the mean of what was tried."""
        mean, deviation = self._moments.get(name, (value, 1.0))
        return (value - mean) / deviation


class FeatureMatrix:
    """Feature vectors of candidates, by row; each group has mean square one over the rows it was made from."""

    def __init__(self, tried: Sequence[Candidate]) -> None:
        self._scale = FeatureScale(tried)
        self._columns: dict[tuple[str, Feature], int] = {}
        self._groups: list[int] = []
        self._matrix = np.zeros((0, 0))
        self._sizes = np.ones(len(FEATURE_GROUPS))
        self._products: dict[bytes, np.ndarray] = {}
        self.append(tried)
        for group, columns in enumerate(self._by_group):
            self._sizes[group] = np.sqrt((columns**2).sum(1).mean()) or 1.0

    def __deepcopy__(self, memo: object) -> "FeatureMatrix":
        """Itself: scikit-learn copies a kernel's parameters each time it moves them."""
        return self

    def append(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Append candidates; their rows, as scikit-learn wants points: [candidates, 1]."""
        told = [list(extract_features(candidate, self._scale)) for candidate in candidates]
        for features in told:
            for group, name, _ in features:
                if (group, name) not in self._columns:
                    self._columns[group, name] = len(self._columns)
                    self._groups.append(FEATURE_GROUPS.index(group))
        first, grown = len(self._matrix), np.zeros((len(self._matrix) + len(told), len(self._columns)))
        grown[:first, : self._matrix.shape[1]] = self._matrix
        for row, features in enumerate(told, start=first):
            for group, name, value in features:
                grown[row, self._columns[group, name]] += value
        self._matrix, groups = grown, np.array(self._groups)
        self._by_group = [grown[:, groups == group] for group in range(len(FEATURE_GROUPS))]
        return np.arange(first, len(grown)).reshape(-1, 1)

    def truncate(self, rows: int) -> None:
        """Forget all but the first rows."""
        self._matrix = self._matrix[:rows]
        self._by_group = [columns[:rows] for columns in self._by_group]

    def clear_products(self) -> None:
        """Let go of what fitting kept."""
        self._products.clear()

    def compute_products(self, rows: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
        """Inner products by group, [groups, rows, others]; those of rows with themselves are kept."""
        if others is None:
            key = rows.tobytes()
            if key not in self._products:
                self._products[key] = self.compute_products(rows, rows)
            return self._products[key]
        one, other = rows.ravel().astype(int), others.ravel().astype(int)
        told = zip(self._by_group, self._sizes, strict=True)
        return np.stack([columns[one] @ columns[other].T / size**2 for columns, size in told])

    def compute_squares(self, rows: np.ndarray) -> np.ndarray:
        """Squared lengths by group, [groups, rows]."""
        one = rows.ravel().astype(int)
        told = zip(self._by_group, self._sizes, strict=True)
        return np.stack([(columns[one] ** 2).sum(1) / size**2 for columns, size in told])
