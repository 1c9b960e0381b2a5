"""Gains of noise methods by magnitude, family and distance from the source language."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np

from search.analysis._arms import Arm, ScoreArray
from search.analysis._contrasts import find_contrasts
from search.analysis._effects import Effect
from search.analysis._language_distance import load_language_distances
from search.analysis._measures import Measure, build_overall_measure, build_slope_measure
from search.analysis._regression import build_nuisance_matrix, estimate_partial_effect, iterate_effect_columns
from search.statistics import Estimate, adjust_holm
from trainables.curriculum import Noise


def analyse_noise(repeated: ScoreArray | None, single: ScoreArray | None, effects: Sequence[Effect]) -> dict[str, Any]:
    """Transfer by method and magnitude over all trials, gains of each method, and slopes of gains over distance."""
    gains = _estimate_paired(repeated) if repeated is not None and repeated.is_repeated else {}
    if single is not None and not gains:
        gains = _estimate_by_regression(single)
    scored = repeated if repeated is not None else single
    slopes = iter(adjust_holm([each for _, estimates in gains.values() for each in estimates.values()]))
    known = {effect.name: effect for effect in effects if effect.kind == "noise"}
    return {
        "methods": []
        if single is None
        else [row | _describe_gain(noise, known, gains) for noise, row in _summarise_noises(single).items()],
        "distance": [
            {"method": name, "measure": measure, "slope": next(slopes).to_json()}
            for name, (_, estimates) in gains.items()
            for measure in estimates
        ],
        "distances": load_language_distances(scored.languages, scored.rules) if gains and scored else {},
    }


NoiseGain = tuple[dict[str, float], dict[str, Estimate]]
"""The mean gain by language, slopes by distance."""


def _describe_gain(noise: Noise, known: dict[str, Effect], found: dict[str, NoiseGain]) -> dict[str, Any]:
    """The gain of a method by family and language, from the effects."""
    exact = f"{noise} rather than none"
    name = exact if exact in known else f"{noise.method} in one more stage"
    effect = known.get(name)
    return {
        "gain": effect.overall.to_json() if effect else None,
        "gain_of": name if effect else None,
        "families": {family: each.to_json() for family, each in effect.families.items()} if effect else {},
        "languages": found.get(name, ({}, {}))[0],
    }


def _estimate_paired(scored: ScoreArray) -> dict[str, NoiseGain]:
    contrasts = [contrast for contrast in find_contrasts(scored.arms) if contrast.kind == "noise"]
    weights = [contrast.weights(len(scored.arms)) for contrast in contrasts]
    slopes = {name: measure.compare(scored, weights) for name, measure in _build_slope_measures(scored).items()}
    means = np.nan_to_num(scored.values).mean(1)
    return {
        contrast.name: (
            _average_by_language(scored, np.tensordot(weights[index], means, 1)),
            {name: estimates[index] for name, estimates in slopes.items()},
        )
        for index, contrast in enumerate(contrasts)
    }


def _estimate_by_regression(scored: ScoreArray) -> dict[str, NoiseGain]:
    gains_by_name = {}
    slopes, values = _build_slope_measures(scored), scored.values[:, 0]
    for kind, name, column in iterate_effect_columns(scored.arms):
        if kind != "noise":
            continue
        of = np.array([column(arm) for arm in scored.arms])
        given = build_nuisance_matrix(scored.arms, kind, name)
        estimates = {
            each: estimate_partial_effect(of, given, measure.average(values), measure.max_difference)
            for each, measure in slopes.items()
        }
        if known := {each: estimate for each, estimate in estimates.items() if estimate is not None}:
            means = np.where(scored.counted, values, 0.0).sum(1) / np.maximum(1, scored.counted.sum(0))
            gains = {
                code: effect.mean
                for index, code in enumerate(scored.languages)
                if scored.counted[:, index].any()
                and (effect := estimate_partial_effect(of, given, means[:, index])) is not None
            }
            gains_by_name[name] = (gains, known)
    return gains_by_name


def _build_slope_measures(scored: ScoreArray) -> dict[str, Measure]:
    measures = {
        name: build_slope_measure(scored, each)
        for name, each in load_language_distances(scored.languages, scored.rules).items()
    }
    return {name: measure for name, measure in measures.items() if measure is not None}


def _average_by_language(scored: ScoreArray, difference: np.ndarray) -> dict[str, float]:
    """By counted language, the mean of [targets, languages] over targets."""
    counts = scored.counted
    return {
        code: float(difference[counts[:, place], place].mean())
        for place, code in enumerate(scored.languages)
        if counts[:, place].any()
    }


def _summarise_noises(scored: ScoreArray) -> dict[Noise, dict[str, Any]]:
    """For each noise, the number and mean transfer of the trials that have it in a stage; not paired."""
    values = build_overall_measure(scored).average(scored.values[:, 0])
    transfers_by_noise: dict[Noise, list[float]] = defaultdict(list)
    for arm, value in zip(scored.arms, values, strict=True):
        for noise in _list_noises(arm):
            transfers_by_noise[noise].append(float(value))
    return {
        noise: {
            "method": noise.kind,
            "magnitude": noise.magnitude or noise.weight,
            "trials": len(transfers),
            "transfer": fmean(transfers),
        }
        for noise, transfers in sorted(
            transfers_by_noise.items(), key=lambda item: (item[0].kind, item[0].magnitude, item[0].weight)
        )
    }


def _list_noises(arm: Arm) -> set[Noise]:
    """The noises of a trial's stages; none if there is no other."""
    noises = [stage.noise for stage in (*arm.stages, *arm.trial.targets)]
    return {noise for noise in noises if noise.method != "none"} or {Noise()}
