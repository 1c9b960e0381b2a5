"""Effects of order, position, joint training, learning rates and noise on transfer: over all families, by family, by target."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from search.analysis._arms import ScoreArray
from search.analysis._contrasts import EffectKind, find_contrasts
from search.analysis._measures import Measure, build_family_measures, build_overall_measure, build_target_measures
from search.analysis._regression import build_nuisance_matrix, estimate_partial_effect, iterate_effect_columns
from search.statistics import Estimate, adjust_holm


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one difference on transfer."""

    kind: EffectKind
    name: str
    is_paired: bool
    """Whether it compares trials that agree otherwise, on the same seeds; else it is from a regression."""
    pairs: int
    """Number of pairs; with a regression, number of trials whose regressor is not zero."""
    overall: Estimate
    families: dict[str, Estimate]
    targets: dict[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            "kind": self.kind,
            "name": self.name,
            "method": "paired" if self.is_paired else "model",
            "split": "test" if self.is_paired else "dev",
            "pairs": self.pairs,
            "overall": self.overall.to_json(),
            "families": {name: each.to_json() for name, each in self.families.items()},
            "targets": {name: each.to_json() for name, each in self.targets.items()},
            "found": self.overall.is_significant,
        }


def estimate_effects(repeated: ScoreArray | None, single: ScoreArray | None) -> list[Effect]:
    """Every effect that the trials allow, with p-values corrected over all effects, and over all families of all effects.

    Args:
        repeated: trials on fresh seeds, for paired effects.
        single: all trials on one seed, for the other effects, by regression.
    """
    found = _estimate_paired(repeated) if repeated is not None and repeated.is_repeated else []
    known = {(effect.kind, effect.name) for effect in found}
    found += (
        [effect for effect in _estimate_by_regression(single) if (effect.kind, effect.name) not in known]
        if single is not None
        else []
    )
    return _correct_effects(found)


def _estimate_paired(scored: ScoreArray) -> list[Effect]:
    everything, families, targets = _build_measures(scored)
    contrasts = find_contrasts(scored.arms)
    weights = [contrast.weights(len(scored.arms)) for contrast in contrasts]
    over_all = everything.compare(scored, weights)
    by_family = {name: measure.compare(scored, weights) for name, measure in families.items()}
    by_target = {name: measure.compare(scored, weights) for name, measure in targets.items()}
    return [
        Effect(
            contrast.kind,
            contrast.name,
            True,
            len(contrast.pairs),
            over_all[index],
            {name: estimates[index] for name, estimates in by_family.items()},
            {name: estimates[index] for name, estimates in by_target.items()},
        )
        for index, contrast in enumerate(contrasts)
    ]


def _estimate_by_regression(scored: ScoreArray) -> list[Effect]:
    everything, families, targets = _build_measures(scored)
    values = scored.values[:, 0]
    effects = []
    for kind, name, column in iterate_effect_columns(scored.arms):
        of = np.array([column(arm) for arm in scored.arms])
        given = build_nuisance_matrix(scored.arms, kind, name)

        def estimate(measure: Measure, of: np.ndarray = of, given: np.ndarray = given) -> Estimate | None:
            return estimate_partial_effect(of, given, measure.average(values), measure.max_difference)

        if (over_all := estimate(everything)) is not None:
            by_family = {name: estimate(each) for name, each in families.items()}
            by_target = {name: estimate(each) for name, each in targets.items()}
            effects.append(
                Effect(
                    kind,
                    name,
                    False,
                    int((of != 0).sum()),
                    over_all,
                    {name: each for name, each in by_family.items() if each},
                    {name: each for name, each in by_target.items() if each},
                )
            )
    return effects


def _build_measures(
    scored: ScoreArray,
) -> tuple[Measure, dict[str, Measure], dict[str, Measure]]:
    return build_overall_measure(scored), build_family_measures(scored), build_target_measures(scored)


def _correct_effects(effects: Sequence[Effect]) -> list[Effect]:
    """The effects with Holm-corrected p-values: over all effects, and over all families (targets) of all effects."""
    over_all = adjust_holm([effect.overall for effect in effects])
    families = iter(adjust_holm([each for effect in effects for each in effect.families.values()]))
    targets = iter(adjust_holm([each for effect in effects for each in effect.targets.values()]))
    return [
        replace(
            effect,
            overall=corrected,
            families={name: next(families) for name in effect.families},
            targets={name: next(targets) for name in effect.targets},
        )
        for effect, corrected in zip(effects, over_all, strict=True)
    ]
