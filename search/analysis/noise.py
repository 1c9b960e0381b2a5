"""What robust training gains, by method, family and distance from the source language."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np

from search.analysis import measures, model
from search.analysis.arms import Arm, Scored
from search.analysis.bootstrap import Estimate, holm
from search.analysis.contrasts import contrasts
from search.analysis.distance import distances
from search.analysis.effects import Effect


def document(repeated: Scored | None, single: Scored | None, effects: Sequence[Effect]) -> dict[str, Any]:
    """Transfer by method and magnitude over all trials, what the method gains, and how gains go with distance."""
    found = _paired(repeated) if repeated is not None and repeated.repeated else {}
    if single is not None and not found:
        found = _modelled(single)
    slopes = iter(holm([each for _, told in found.values() for each in told.values()]))
    known = {effect.name: effect for effect in effects if effect.kind == "noise"}
    return {
        "methods": [] if single is None else [row | _gain(row, known, found) for row in _methods(single)],
        "distance": [
            {"method": name, "measure": measure, "slope": next(slopes).to_json()}
            for name, (_, told) in found.items()
            for measure in told
        ],
        "distances": distances() if found else {},
    }


Gain = tuple[dict[str, float], dict[str, Estimate]]
"""The mean gain by language, slopes by distance."""


def _gain(row: dict[str, Any], known: dict[str, Effect], found: dict[str, Gain]) -> dict[str, Any]:
    """What a method gains, by family and language, as far as an effect tells."""
    exact = f"{row['method']} {row['magnitude']:g} rather than none"
    name = exact if exact in known else f"{row['method'].split(' (')[0]} in one more stage"
    effect = known.get(name)
    return {
        "gain": effect.overall.to_json() if effect else None,
        "gain_of": name if effect else None,
        "families": {family: each.to_json() for family, each in effect.families.items()} if effect else {},
        "languages": found.get(name, ({}, {}))[0],
    }


def _paired(scored: Scored) -> dict[str, Gain]:
    found = [contrast for contrast in contrasts(scored.arms) if contrast.kind == "noise"]
    weights = [contrast.weights(len(scored.arms)) for contrast in found]
    slopes = {name: measure.compare(scored, weights) for name, measure in _slopes(scored).items()}
    means = np.nan_to_num(scored.values).mean(1)
    return {
        contrast.name: (
            _by_language(scored, np.tensordot(weights[place], means, 1)),
            {name: told[place] for name, told in slopes.items()},
        )
        for place, contrast in enumerate(found)
    }


def _modelled(scored: Scored) -> dict[str, Gain]:
    found = {}
    slopes, values = _slopes(scored), scored.values[:, 0]
    for kind, name, column in model.columns(scored.arms):
        if kind != "noise":
            continue
        of = np.array([column(arm) for arm in scored.arms])
        given = model.nuisances(scored.arms, kind, name)
        told = {each: model.effect(of, given, measure.of(values)) for each, measure in slopes.items()}
        if known := {each: estimate for each, estimate in told.items() if estimate is not None}:
            means = np.nanmean(np.where(scored.counts, values, np.nan), 1, where=scored.counts)
            gains = {
                code: effect.mean
                for place, code in enumerate(scored.languages)
                if scored.counts[:, place].any() and (effect := model.effect(of, given, means[:, place])) is not None
            }
            found[name] = (gains, known)
    return found


def _slopes(scored: Scored) -> dict[str, measures.Measure]:
    told = {name: measures.slope(scored, each) for name, each in distances().items()}
    return {name: measure for name, measure in told.items() if measure is not None}


def _by_language(scored: Scored, difference: np.ndarray) -> dict[str, float]:
    """[targets, languages] as the mean over targets of each language that counts."""
    counts = scored.counts
    return {
        code: float(difference[counts[:, place], place].mean())
        for place, code in enumerate(scored.languages)
        if counts[:, place].any()
    }


def _methods(scored: Scored) -> list[dict[str, Any]]:
    """For each noise the trials that had it in some stage; not paired."""
    values = measures.overall(scored).of(scored.values[:, 0])
    found: dict[tuple[str, float], list[float]] = defaultdict(list)
    for arm, value in zip(scored.arms, values, strict=True):
        for method, magnitude in _noises(arm):
            found[method, magnitude].append(float(value))
    return [
        {"method": method, "magnitude": magnitude, "trials": len(told), "transfer": fmean(told)}
        for (method, magnitude), told in sorted(found.items())
    ]


def _noises(arm: Arm) -> set[tuple[str, float]]:
    """The noises of a trial's stages; none if there is no other."""
    noises = [stage.noise for stage in (*arm.stages, *arm.trial.targets)]
    return {(noise.kind, noise.magnitude or noise.weight) for noise in noises if noise.method != "none"} or {
        ("none", 0.0)
    }
