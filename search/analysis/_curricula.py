"""Transfer of curricula by family, language and target, and their gains over no curriculum."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from search.analysis._arms import Condition, ScoreArray
from search.analysis._contrasts import get_target_stages
from search.analysis._gains import compute_seed_gains, estimate_family_gains, shrink_family_gains
from search.analysis._measures import Measure, build_family_measures, build_overall_measure, build_target_measures
from search.statistics import Estimate, adjust_jointly, compute_interval


def analyse_curricula(scored: ScoreArray) -> list[dict[str, Any]]:
    """One row per trial, best first: scores are means over seeds, gains are over the trial without intermediate stages."""
    everything, families, targets = (
        build_overall_measure(scored),
        build_family_measures(scored),
        build_target_measures(scored),
    )
    overall = everything.average(scored.values)
    alone = {place: [place] for place in range(len(scored.arms))}
    gains = _estimate_gains(scored, {"": everything}, alone)
    pairs = _pair_with_baseline(scored)
    seed_gains = compute_seed_gains(scored, families, pairs)
    by_family = estimate_family_gains(scored, families, pairs, seed_gains) if scored.is_repeated else {}
    rows = []
    for place, arm in enumerate(scored.arms):
        values = scored.values[place]
        shrunk = shrink_family_gains(families, seed_gains[place]) if place in pairs else {}
        rows.append(
            {
                "trial": arm.number,
                "words": arm.description,
                "condition": arm.condition,
                "overall": _estimate_score(overall[place]),
                "families": {name: float(measure.average(values).mean()) for name, measure in families.items()},
                "languages": _average_languages(scored, values),
                "targets": {name: float(measure.average(values).mean()) for name, measure in targets.items()},
                "gain": gains[place, ""].to_json() if (place, "") in gains else None,
                "family_gains": {
                    name: by_family[place, name].to_json() | {"shrunk": shrunk[name]}
                    for name in families
                    if (place, name) in by_family
                },
            }
        )
    return sorted(rows, key=lambda row: (-row["overall"]["mean"], row["trial"]))


def analyse_conditions(scored: ScoreArray) -> list[dict[str, Any]]:
    """One row per kind of curriculum (high > low, joint, single, none, ...): means over its curricula."""
    grouped: dict[Condition, list[int]] = defaultdict(list)
    for place, arm in enumerate(scored.arms):
        grouped[arm.condition].append(place)
    everything, families = build_overall_measure(scored), build_family_measures(scored)
    gains = _estimate_gains(scored, {"": everything}, grouped)
    return sorted(
        (
            {
                "condition": condition,
                "curricula": len(places),
                "overall": _estimate_score(everything.average(scored.values[places].mean(0))),
                "families": {
                    name: _estimate_score(each.average(scored.values[places].mean(0)))
                    for name, each in families.items()
                },
                "gain": gains[condition, ""].to_json() if (condition, "") in gains else None,
            }
            for condition, places in grouped.items()
        ),
        key=lambda row: -row["overall"]["mean"],
    )


def _pair_with_baseline(scored: ScoreArray) -> dict[int, int]:
    """By index of a trial with intermediate stages, the index of the trial without, with the same targets."""
    plain = {get_target_stages(arm): place for place, arm in enumerate(scored.arms) if not arm.stages}
    return {
        place: plain[get_target_stages(arm)]
        for place, arm in enumerate(scored.arms)
        if arm.stages and get_target_stages(arm) in plain
    }


def _estimate_gains(
    scored: ScoreArray, measured: Mapping[str, Measure], groups: Mapping[Any, list[int]]
) -> dict[tuple[Any, str], Estimate]:
    """Gains of groups of trials over the trial without intermediate stages and with the same targets, by measure; empty without one.
    Tests are corrected and intervals simultaneous over all of them."""
    pairs = _pair_with_baseline(scored)
    others = {
        name: _build_contrast(places, [pairs[place] for place in places], len(scored.arms))
        for name, places in groups.items()
        if all(place in pairs for place in places)
    }
    tests = max(1, len(others) * len(measured))
    found = {
        (name, word): estimate
        for word, measure in measured.items()
        for name, estimate in zip(others, measure.compare(scored, others.values(), tests), strict=True)
    }
    return dict(zip(found, adjust_jointly(list(found.values())), strict=True))


def _build_contrast(places: list[int], plain: list[int], count: int) -> np.ndarray:
    """[trials]: weights of the mean of `places` minus the mean of `plain`, which may repeat."""
    weights = np.zeros(count)
    np.add.at(weights, places, 1 / len(places))
    np.add.at(weights, plain, -1 / len(plain))
    return weights


def _average_languages(scored: ScoreArray, values: np.ndarray) -> dict[str, float]:
    """By language, the mean of [seeds, targets, languages] over seeds and the targets that have it; with source and unseen languages."""
    there = ~np.isnan(values).any(0)
    return {
        code: float(values[:, there[:, place], place].mean())
        for place, code in enumerate(scored.languages)
        if there[:, place].any()
    }


def _estimate_score(by_seed: np.ndarray) -> dict[str, Any]:
    """A score with Student's interval over seeds."""
    interval = compute_interval([float(value) for value in by_seed]).clip(0.0, 1.0)
    return Estimate(interval.mean, interval.low, interval.high, interval.seeds).to_json(signed=False)
