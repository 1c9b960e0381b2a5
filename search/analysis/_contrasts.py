"""Contrasts: comparisons of trials that differ in one setting, such as the order of the same stages, or one learning rate."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from search.analysis._arms import Arm
from trainables.curriculum import JOINT_SEPARATOR, Noise

EffectKind = Literal["resource", "precedence", "position", "joint", "length", "single", "rate", "noise"]

HIGH_FIRST = "high-resource before low-resource tasks"
SEQUENTIAL = "tasks one after the other, not mixed"


@dataclass(frozen=True, slots=True)
class Contrast:
    """One difference between trials, with all the pairs of trials that differ in it alone."""

    kind: EffectKind
    name: str
    pairs: list[tuple[list[int], list[int]]] = field(default_factory=list)
    """Indices of trials with it and of trials without it that agree otherwise."""

    def weights(self, count: int) -> np.ndarray:
        """[trials]: the weights of the mean difference over pairs."""
        found = np.zeros(count)
        for with_it, without in self.pairs:
            found[with_it] += 1 / (len(with_it) * len(self.pairs))
            found[without] -= 1 / (len(without) * len(self.pairs))
        return found


def find_contrasts(arms: Sequence[Arm]) -> list[Contrast]:
    """Every contrast that these trials allow."""
    found: dict[tuple[EffectKind, str], Contrast] = {}
    for make in (
        _contrast_resources,
        _contrast_precedence,
        _contrast_positions,
        _contrast_joint,
        _contrast_lengths,
        _contrast_single_tasks,
        _contrast_rates,
        _contrast_noises,
    ):
        for kind, name, with_it, without in make(arms):
            if with_it and without:
                found.setdefault((kind, name), Contrast(kind, name)).pairs.append((with_it, without))
    return list(found.values())


ContrastPairs = Iterator[tuple[EffectKind, str, list[int], list[int]]]


def compute_high_resource_lead(arm: Arm) -> float | None:
    """Mean position of low-resource tasks minus that of high-resource tasks; None unless the curriculum has both."""
    places = {
        resource: [place for place, each in enumerate(arm.resources) if each == resource]
        for resource in ("high", "low")
    }
    if not all(places.values()):
        return None
    return sum(places["low"]) / len(places["low"]) - sum(places["high"]) / len(places["high"])


def comes_before(arm: Arm, one: str, other: str) -> bool | None:
    """Whether a task comes before another; None unless the curriculum has both in separate stages."""
    if one not in arm.tasks or other not in arm.tasks:
        return None
    return arm.tasks.index(one) < arm.tasks.index(other)


def _contrast_resources(arms: Sequence[Arm]) -> ContrastPairs:
    for group in _group_permutations(arms):
        lead = {place: compute_high_resource_lead(arms[place]) or 0.0 for place in group}
        yield (
            "resource",
            HIGH_FIRST,
            [place for place in group if lead[place] > 0],
            [place for place in group if lead[place] < 0],
        )


def _contrast_precedence(arms: Sequence[Arm]) -> ContrastPairs:
    for one, other in combinations(_list_tasks(arms), 2):
        for group in _group_permutations(arms):
            order = {place: comes_before(arms[place], one, other) for place in group}
            yield "precedence", f"{one} before {other}", _select_equal(order, True), _select_equal(order, False)


def _contrast_positions(arms: Sequence[Arm]) -> ContrastPairs:
    longest = max((len(arm.stages) for arm in arms), default=0)
    for task in _list_tasks(arms):
        for group in (group for group in _group_permutations(arms) if task in arms[group[0]].tasks):
            for place, word in ((-1, "last"), (0, "first")) if longest > 2 else ((-1, "last"),):
                there = {each: arms[each].tasks[place] == task for each in group}
                yield "position", f"{task} {word}", _select_equal(there, True), _select_equal(there, False)


def _contrast_joint(arms: Sequence[Arm]) -> ContrastPairs:
    mixed = {
        (frozenset(arm.stages[0].tasks), _get_stage_settings(arm)): place
        for place, arm in enumerate(arms)
        if arm.condition == "joint"
    }
    for group in _group_permutations(arms):
        place = mixed.get((frozenset(arms[group[0]].tasks), _get_stage_settings(arms[group[0]])))
        if place is not None:
            yield "joint", SEQUENTIAL, group, [place]


def _contrast_lengths(arms: Sequence[Arm]) -> ContrastPairs:
    alone = {
        (arm.stages[0], get_target_stages(arm)): place for place, arm in enumerate(arms) if arm.condition == "single"
    }
    for group in _group_permutations(arms, least=2):
        arm = arms[group[0]]
        there = [
            alone[stage, get_target_stages(arm)] for stage in arm.stages if (stage, get_target_stages(arm)) in alone
        ]
        if len(there) == len(arm.stages):
            yield "length", f"{len(arm.stages)} tasks in turn rather than one of them", group, there


def _contrast_single_tasks(arms: Sequence[Arm]) -> ContrastPairs:
    plain = {get_target_stages(arm): place for place, arm in enumerate(arms) if not arm.stages}
    for place, arm in enumerate(arms):
        if arm.condition in ("single", "joint") and get_target_stages(arm) in plain:
            name = arm.tasks[0].replace(JOINT_SEPARATOR, " and ") + (" mixed" if arm.condition == "joint" else "")
            yield "single", f"{name} rather than no intermediate task", [place], [plain[get_target_stages(arm)]]


def _contrast_rates(arms: Sequence[Arm]) -> ContrastPairs:
    """Neighbouring rates of the grid in one stage."""
    for group, place in _group_differing_in_one_stage(arms, lambda arm, at: replace(arm.stages[at], learning_rate=0.0)):
        rates = sorted(group, key=lambda each: arms[each].stages[place].learning_rate)
        task = arms[rates[0]].tasks[place]
        for low, high in pairwise(rates):
            yield "rate", f"a higher rate of {task}", [high], [low]


def _contrast_noises(arms: Sequence[Arm]) -> ContrastPairs:
    """A method at a magnitude against no noise in one stage."""
    for group, place in _group_differing_in_one_stage(arms, lambda arm, at: replace(arm.stages[at], noise=Noise())):
        noises = {each: arms[each].stages[place].noise for each in group}
        plain = [each for each, noise in noises.items() if noise == Noise()]
        for each, noise in noises.items():
            if noise != Noise():
                yield "noise", f"{noise} rather than none", [each], plain


def _group_permutations(arms: Sequence[Arm], least: int = 1) -> list[list[int]]:
    """Groups of trials with the same stages, two or more, in any order."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for place, arm in enumerate(arms):
        if len(arm.stages) > 1:
            found[frozenset(arm.stages), get_target_stages(arm)].append(place)
    return [group for group in found.values() if len(group) >= least]


def _group_differing_in_one_stage(
    arms: Sequence[Arm], blind: Callable[[Arm, int], Hashable]
) -> Iterator[tuple[list[int], int]]:
    """Groups of trials that differ in one stage alone, and there only in what `blind` hides; with that stage's index."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for place, arm in enumerate(arms):
        for at in range(len(arm.stages)):
            found[at, arm.stages[:at], blind(arm, at), arm.stages[at + 1 :], get_target_stages(arm)].append(place)
    yield from ((group, key[0]) for key, group in found.items() if len(group) > 1)  # type: ignore[index]


def _get_stage_settings(arm: Arm) -> Hashable:
    """The set of learning rates and noises of a curriculum, and its targets' settings."""
    return frozenset((stage.learning_rate, stage.noise) for stage in arm.stages), get_target_stages(arm)


def get_target_stages(arm: Arm) -> Hashable:
    """The targets with their learning rates and noises."""
    return frozenset(arm.trial.targets)


def _list_tasks(arms: Iterable[Arm]) -> list[str]:
    return sorted({task for arm in arms if len(arm.stages) > 1 for task in arm.tasks})


def _select_equal(answers: Mapping[int, bool | None], value: bool) -> list[int]:
    return [index for index, answer in answers.items() if answer is value]
