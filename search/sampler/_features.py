"""Features of curricula: tasks, ordered and adjacent pairs, positions, the last stage, settings."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from statistics import fmean, pstdev

import numpy as np

from search.sampler._candidate import Candidate, SettingValue

FEATURE_GROUPS = ("tasks", "pairs", "adjacent", "places", "last", "settings", "targets", "beliefs")
"""Features of one group share one variance, fitted by marginal likelihood."""

Feature = tuple[Hashable, ...]


def extract_features(candidate: Candidate, scale: "FeatureScale") -> Iterator[tuple[str, Feature, float]]:
    """Group, name and value of every nonzero feature."""
    stages, scale_settings = candidate.stages, scale.scale_settings
    yield "tasks", ("length",), len(stages) / 2
    for place, stage in enumerate(stages):
        for task in stage.tasks:
            yield "tasks", (task,), 1.0
            yield "places", (place, task), 1.0
            yield "places", ("from the end", len(stages) - place, task), 1.0
            for name, value in scale_settings(stage.settings):
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
            for name, value in scale_settings(stages[-1].settings):
                yield "last", (task, *name), value / 2
    for name, value in scale_settings(candidate.targets):
        yield "targets", name, value
    for belief, value in candidate.beliefs.items():
        yield "beliefs", (belief,), scale.standardise(belief, value)


class FeatureScale:
    """Mean and standard deviation of each numeric setting, for standardisation."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        found: dict[str, list[float]] = defaultdict(list)
        for candidate in candidates:
            for settings in (*(stage.settings for stage in candidate.stages), candidate.targets, candidate.beliefs):
                for name, value in settings.items():
                    if not isinstance(value, str):
                        found[name].append(value)
        self._moments = {name: (fmean(values), pstdev(values) or 1.0) for name, values in found.items()}

    def scale_settings(self, settings: Mapping[str, SettingValue]) -> Iterator[tuple[Feature, float]]:
        """Features of settings: 1 for a choice; the standardised value and its square for a number."""
        for name, value in settings.items():
            if isinstance(value, str):
                yield (name, value), 1.0
            else:
                standard = self.standardise(name, value)
                yield (name,), standard
                yield (name, "squared"), standard**2

    def standardise(self, name: str, value: float) -> float:
        """The value in standard deviations from the mean of the tried candidates."""
        mean, deviation = self._moments.get(name, (value, 1.0))
        return (value - mean) / deviation


class FeatureMatrix:
    """Feature vectors of candidates, one a row. Each group has mean square 1 over the tried candidates."""

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
        """Return itself: scikit-learn copies the parameters of a kernel whenever it changes them."""
        return self

    def append(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Append candidates; return their row numbers in the shape that scikit-learn expects, [candidates, 1]."""
        rows = [list(extract_features(candidate, self._scale)) for candidate in candidates]
        for features in rows:
            for group, name, _ in features:
                if (group, name) not in self._columns:
                    self._columns[group, name] = len(self._columns)
                    self._groups.append(FEATURE_GROUPS.index(group))
        first, grown = len(self._matrix), np.zeros((len(self._matrix) + len(rows), len(self._columns)))
        grown[:first, : self._matrix.shape[1]] = self._matrix
        for row, features in enumerate(rows, start=first):
            for group, name, value in features:
                grown[row, self._columns[group, name]] += value
        self._matrix, groups = grown, np.array(self._groups)
        self._by_group = [grown[:, groups == group] for group in range(len(FEATURE_GROUPS))]
        return np.arange(first, len(grown)).reshape(-1, 1)

    def truncate(self, rows: int) -> None:
        """Keep only the first rows."""
        self._matrix = self._matrix[:rows]
        self._by_group = [columns[:rows] for columns in self._by_group]

    def clear_products(self) -> None:
        """Clear the cached products."""
        self._products.clear()

    def compute_products(self, rows: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
        """Inner products by group, [groups, rows, others]; those of rows with themselves are cached."""
        if others is None:
            key = rows.tobytes()
            if key not in self._products:
                self._products[key] = self.compute_products(rows, rows)
            return self._products[key]
        one, other = rows.ravel().astype(int), others.ravel().astype(int)
        groups = zip(self._by_group, self._sizes, strict=True)
        return np.stack([columns[one] @ columns[other].T / size**2 for columns, size in groups])

    def compute_squares(self, rows: np.ndarray) -> np.ndarray:
        """Squared norms by group, [groups, rows]."""
        one = rows.ravel().astype(int)
        groups = zip(self._by_group, self._sizes, strict=True)
        return np.stack([(columns[one] ** 2).sum(1) / size**2 for columns, size in groups])
