"""Measures of scores by target and language: over all families, of a family, of a target, a slope over languages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.analysis._arms import ScoreArray, compute_macro_weights
from search.statistics import Estimate, PriorVariance, estimate_hierarchical_mean

MIN_FAMILIES = 3
"""Families that are needed at least to estimate the variance between families."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A weighted mean over units, each the mean of some targets and languages."""

    unit_weights: np.ndarray
    """[targets, languages]: the weight of a score within its unit."""
    unit_of_language: np.ndarray
    """[languages]: the index of its unit; -1 for none."""
    weights: np.ndarray
    """[units]"""
    design: np.ndarray
    """[units, k], for `estimate_hierarchical_mean`."""

    def average_by_unit(self, values: np.ndarray) -> np.ndarray:
        """[..., units] of [..., targets, languages]."""
        members = (self.unit_of_language[:, None] == np.arange(len(self.weights))).astype(float)
        sums = np.nansum(values * self.unit_weights, axis=-2) @ members
        return np.asarray(sums / (self.unit_weights.sum(0) @ members))

    def average(self, values: np.ndarray) -> np.ndarray:
        """[...] of [..., targets, languages]."""
        return np.asarray(self.average_by_unit(values) @ self.weights)

    @property
    def max_difference(self) -> float:
        """The largest possible difference of two trials; scores lie in 0..1."""
        return float(np.abs(self.weights).sum())

    def compare(self, scored: ScoreArray, contrasts: Iterable[np.ndarray], tests: int = 1) -> list[Estimate]:
        """Estimates of contrasts of trials, with intervals that cover other seeds and other units.

        Args:
            scored: the trials.
            contrasts: [trials] each; positive weights sum to one, negative ones to minus one.
            tests: the number of simultaneous intervals.
        """
        by_unit = self.average_by_unit(scored.values)
        spread = PriorVariance.estimate(by_unit @ self.weights)
        found = (
            estimate_hierarchical_mean(
                np.tensordot(each, by_unit, 1), self.weights, self.design, spread, float(each @ each), tests
            )
            for each in contrasts
        )
        return [each.clip(-self.max_difference, self.max_difference) for each in found]


def build_overall_measure(scored: ScoreArray, counts: np.ndarray | None = None) -> Measure:
    """The mean over families, then targets; its units are families if there are enough, else languages.

    Args:
        scored: the scores.
        counts: [targets, languages], a subset of what counts; by default all.
    """
    within = compute_macro_weights(scored.counted if counts is None else counts, scored)
    families = [scored.rules.get_family(code) for code in scored.languages]
    names = families if len(_list_weighted_names(families, within)) >= MIN_FAMILIES else list(scored.languages)
    return _build_measure(within, within, names, [""] * len(names))


def build_family_measures(scored: ScoreArray) -> dict[str, Measure]:
    """The mean of each family over the targets that cover it; its units are languages, with one variance within all families."""
    families = np.array([scored.rules.get_family(code) for code in scored.languages])
    everywhere = compute_macro_weights(scored.counted, scored)
    found = {}
    for family in scored.families:
        own = compute_macro_weights(scored.counted & (families == family), scored)
        within = np.where(families == family, own, everywhere)
        found[family] = _build_measure(own, within, list(scored.languages), families.tolist())
    return found


def build_target_measures(scored: ScoreArray) -> dict[str, Measure]:
    """The mean over families of each target with a counted language."""
    found = {}
    for place, target in enumerate(scored.targets):
        only = np.zeros_like(scored.counted)
        only[place] = scored.counted[place]
        if only.any():
            found[target] = build_overall_measure(scored, only)
    return found


def build_slope_measure(scored: ScoreArray, distances: Mapping[str, float]) -> Measure | None:
    """The least-squares slope of scores over the distance of languages; None with too few languages or one distance."""
    known = np.array([code in distances for code in scored.languages]) & scored.counted.any(0)
    away = np.array([distances.get(code, 0.0) for code in scored.languages])
    if known.sum() < MIN_FAMILIES + 1 or np.ptp(away[known]) == 0:
        return None
    within = np.where(known, scored.counted / np.maximum(1, scored.counted.sum(0)), 0.0)
    centred = away[known] - away[known].mean()
    unit = np.where(known, np.cumsum(known) - 1, -1)
    return Measure(
        within, unit, centred / float((centred**2).sum()), np.column_stack([np.ones(len(centred)), away[known]])
    )


def _list_weighted_names(names: list[str], within: np.ndarray) -> list[str]:
    return sorted({name for name, weight in zip(names, within.sum(0), strict=True) if weight})


def _build_measure(own: np.ndarray, within: np.ndarray, names: list[str], groups: list[str]) -> Measure:
    """A measure with units by name; units are alike within a group.

    Args:
        own: [targets, languages]: weights in the measure.
        within: weights within units, also for units of no weight.
        names: [languages], of the units.
        groups: [languages], of the units' groups.
    """
    units = _list_weighted_names(names, within)
    unit = np.array([units.index(name) if name in units else -1 for name in names])
    group_of = dict(zip(names, groups, strict=True))
    own_groups = sorted({group_of[name] for name in units})
    design = np.array([[float(group_of[name] == group) for group in own_groups] for name in units])
    weights = own.sum(0) @ (unit[:, None] == np.arange(len(units)))
    return Measure(within, unit, weights, design)
