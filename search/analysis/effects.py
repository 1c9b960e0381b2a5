"""What order, position, mixing, rates and noise do to transfer: over all, by family, by target."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from search.analysis import measures, model
from search.analysis.arms import Scored
from search.analysis.contrasts import Kind, contrasts
from search.analysis.estimates import Estimate, holm


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing's effect on transfer."""

    kind: Kind
    name: str
    paired: bool
    """Whether trials were compared that are alike otherwise, on the same seeds; else it is from a model."""
    pairs: int
    """Comparisons that it is the mean of; trials that differ in it, if it is from a model."""
    overall: Estimate
    families: dict[str, Estimate]
    targets: dict[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            "kind": self.kind,
            "name": self.name,
            "method": "paired" if self.paired else "model",
            "split": "test" if self.paired else "dev",
            "pairs": self.pairs,
            "overall": self.overall.to_json(),
            "families": {name: each.to_json() for name, each in self.families.items()},
            "targets": {name: each.to_json() for name, each in self.targets.items()},
            "found": self.overall.found,
        }


def effects(repeated: Scored | None, single: Scored | None) -> list[Effect]:
    """Every effect that the trials allow, p-values corrected over all of them, and over all families of all of them.

    Args:
        repeated: trials on fresh seeds: what they can be compared in is compared there.
        single: all trials on one seed: the rest, by a model.
    """
    found = _paired(repeated) if repeated is not None and repeated.repeated else []
    known = {(effect.kind, effect.name) for effect in found}
    found += (
        [effect for effect in _modelled(single) if (effect.kind, effect.name) not in known]
        if single is not None
        else []
    )
    return _corrected(found)


def _paired(scored: Scored) -> list[Effect]:
    everything, families, targets = _measures(scored)
    found = contrasts(scored.arms)
    weights = [contrast.weights(len(scored.arms)) for contrast in found]
    over_all = everything.compare(scored, weights)
    by_family = {name: measure.compare(scored, weights) for name, measure in families.items()}
    by_target = {name: measure.compare(scored, weights) for name, measure in targets.items()}
    return [
        Effect(
            contrast.kind,
            contrast.name,
            True,
            len(contrast.pairs),
            over_all[place],
            {name: told[place] for name, told in by_family.items()},
            {name: told[place] for name, told in by_target.items()},
        )
        for place, contrast in enumerate(found)
    ]


def _modelled(scored: Scored) -> list[Effect]:
    everything, families, targets = _measures(scored)
    values = scored.values[:, 0]
    found = []
    for kind, name, column in model.columns(scored.arms):
        of = np.array([column(arm) for arm in scored.arms])
        given = model.nuisances(scored.arms, kind, name)

        def told(measure: measures.Measure, of: np.ndarray = of, given: np.ndarray = given) -> Estimate | None:
            return model.effect(of, given, measure.of(values), measure.widest)

        if (over_all := told(everything)) is not None:
            by_family = {name: told(each) for name, each in families.items()}
            by_target = {name: told(each) for name, each in targets.items()}
            found.append(
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
    return found


def _measures(
    scored: Scored,
) -> tuple[measures.Measure, dict[str, measures.Measure], dict[str, measures.Measure]]:
    return measures.overall(scored), measures.by_family(scored), measures.by_target(scored)


def _corrected(found: Sequence[Effect]) -> list[Effect]:
    """With p-values that hold for all effects together; those of families for all families of all effects."""
    over_all = holm([effect.overall for effect in found])
    families = iter(holm([each for effect in found for each in effect.families.values()]))
    targets = iter(holm([each for effect in found for each in effect.targets.values()]))
    return [
        replace(
            effect,
            overall=told,
            families={name: next(families) for name in effect.families},
            targets={name: next(targets) for name in effect.targets},
        )
        for effect, told in zip(found, over_all, strict=True)
    ]
