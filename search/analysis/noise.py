"""What robust training gains, by method, family and distance from the source language."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np

from search.analysis import measures, model
from search.analysis.arms import Arm, Scored
from search.analysis.contrasts import contrasts
from search.analysis.distance import distances
from search.analysis.effects import Effect
from search.analysis.estimates import Estimate, holm
from trainables.curriculum import Noise


def document(repeated: Scored | None, single: Scored | None, effects: Sequence[Effect]) -> dict[str, Any]:
    """Transfer by method and magnitude over all trials, what the method gains, and how gains go with distance."""
    found = _paired(repeated) if repeated is not None and repeated.repeated else {}
    if single is not None and not found:
        found = _modelled(single)
    slopes = iter(holm([each for _, told in found.values() for each in told.values()]))
    known = {effect.name: effect for effect in effects if effect.kind == "noise"}
    return {
        "methods": []
        if single is None
        else [row | _gain(noise, known, found) for noise, row in _methods(single).items()],
        "distance": [
            {"method": name, "measure": measure, "slope": next(slopes).to_json()}
            for name, (_, told) in found.items()
            for measure in told
        ],
        "distances": distances() if found else {},
    }


Gain = tuple[dict[str, float], dict[str, Estimate]]
"""The mean gain by language, slopes by distance."""


def _gain(noise: Noise, known: dict[str, Effect], found: dict[str, Gain]) -> dict[str, Any]:
    """What a method gains, by family and language, as far as an effect tells."""
    exact = f"{noise} rather than none"
    name = exact if exact in known else f"{noise.method} in one more stage"
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
        told = {each: model.effect(of, given, measure.of(values), measure.widest) for each, measure in slopes.items()}
        if known := {each: estimate for each, estimate in told.items() if estimate is not None}:
            means = np.where(scored.counts, values, 0.0).sum(1) / np.maximum(1, scored.counts.sum(0))
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


def _methods(scored: Scored) -> dict[Noise, dict[str, Any]]:
    """For each noise the trials that had it in some stage; not paired."""
    values = measures.overall(scored).of(scored.values[:, 0])
    found: dict[Noise, list[float]] = defaultdict(list)
    for arm, value in zip(scored.arms, values, strict=True):
        for noise in _noises(arm):
            found[noise].append(float(value))
    return {
        noise: {
            "method": noise.kind,
            "magnitude": noise.magnitude or noise.weight,
            "trials": len(told),
            "transfer": fmean(told),
        }
        for noise, told in sorted(found.items(), key=lambda item: (item[0].kind, item[0].magnitude, item[0].weight))
    }


def _noises(arm: Arm) -> set[Noise]:
    """The noises of a trial's stages; none if there is no other."""
    noises = [stage.noise for stage in (*arm.stages, *arm.trial.targets)]
    return {noise for noise in noises if noise.method != "none"} or {Noise()}
