"""The importance of parts of a curriculum for being among the best trials: Optuna's PED-ANOVA."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator

from search.analysis._arms import Arm
from search.analysis._contrasts import comes_before

MIN_TRIALS = 10
"""Trials that importance needs at least."""
MIN_BEST_TRIALS = 5
"""Least number of trials that count as the best, as Optuna advises."""
PERMUTATIONS = 19
"""Random permutations of the values; importance that no part reaches in any of them is above chance (5 %)."""


def analyse_importance(arms: Sequence[Arm], values: Sequence[float]) -> list[dict[str, Any]]:
    """The importance of each part, largest first, with its chance level; empty for few trials or equal values.

    PED-ANOVA (Watanabe et al., IJCAI 2023) compares, for each part by itself, its distribution among the best tenth of trials
    (at least five) with that among all.
    """
    parts = _describe_parts(arms)
    if len(arms) < MIN_TRIALS or not parts or len(set(values)) < 2:
        return []
    found = _compute_importances(parts, values)
    rng = np.random.default_rng(0)
    shuffled = [_compute_importances(parts, rng.permutation(values).tolist()) for _ in range(PERMUTATIONS)]
    null = np.array([[each[name] for name in found] for each in shuffled])
    middle, spread = null.mean(0), null.std(0, ddof=1)
    most = float(((null - middle) / np.maximum(spread, 1e-12)).max())
    chance = dict(zip(found, (middle + most * spread) * (1 + 1e-9), strict=True))
    return [
        {
            "parameter": name,
            "importance": share,
            "chance": float(chance[name]),
            "above_chance": bool(share > chance[name]),
        }
        for name, share in sorted(found.items(), key=lambda item: -item[1])
    ]


def _compute_importances(parts: Mapping[str, Sequence[str]], values: Sequence[float]) -> dict[str, float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    choices = {name: CategoricalDistribution(sorted(set(levels))) for name, levels in parts.items()}
    study.add_trials(
        [
            optuna.create_trial(
                params={name: levels[index] for name, levels in parts.items()}, distributions=dict(choices), value=value
            )
            for index, value in enumerate(values)
        ]
    )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=min(0.5, max(0.1, MIN_BEST_TRIALS / len(values))))
    return evaluator.evaluate(study)


def _describe_parts(arms: Sequence[Arm]) -> dict[str, list[str]]:
    """The value of each part of the curriculum by trial, for parts in which trials differ."""
    tasks = sorted({task for arm in arms for stage in arm.stages for task in stage.tasks})
    parts = {
        "how many stages": [str(len(arm.stages)) for arm in arms],
        "which task comes first": [arm.tasks[0] if arm.stages else "none" for arm in arms],
        "which task comes last": [arm.tasks[-1] if arm.stages else "none" for arm in arms],
        "mixed or in turn": [
            arm.condition if arm.condition in ("none", "single", "joint") else "in turn" for arm in arms
        ],
        "rate of targets": [arm.trial.target_settings.split(",")[0] for arm in arms],
        "noise of targets": [str(arm.trial.trained_target.noise) if arm.trial.trained_target else "" for arm in arms],
    }
    for task in tasks:
        stages = [next((stage for stage in arm.stages if task in stage.tasks), None) for arm in arms]
        parts[f"{task}: there or not"] = [str(stage is not None) for stage in stages]
        parts[f"{task}: learning rate"] = [f"{stage.learning_rate:g}" if stage else "none" for stage in stages]
        parts[f"{task}: noise"] = [str(stage.noise) if stage else "absent" for stage in stages]
    for one, other in combinations(tasks, 2):
        parts[f"order of {one} and {other}"] = [str(comes_before(arm, one, other)) for arm in arms]
    differing = {name: levels for name, levels in parts.items() if len(set(levels)) > 1}
    # A rate or a noise with one level only repeats whether the task is there.
    return {name: levels for name, levels in differing.items() if not _is_redundant(name, levels)}


def _is_redundant(name: str, levels: Sequence[str]) -> bool:
    return name.endswith((": learning rate", ": noise")) and len(set(levels) - {"none", "absent"}) < 2
