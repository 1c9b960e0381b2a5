"""A trial of a search as a candidate of `search.sampler.CurriculumSampler`."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from search.sampler import Candidate, SettingValue, StageView
from search.space import compute_path_signature, iterate_stage_paths
from trainables.curriculum import Noise, Stage, Trial
from trainables.noise_methods import count_passes

PRIOR_BELIEF = "prior.tasks"


def build_candidate(trial: Trial, priors: Mapping[str, float] = MappingProxyType({})) -> Candidate:
    """Describe a trial for the sampler: its stages, what each costs in plain optimiser steps, and prior beliefs about it.

    Args:
        trial: the trial.
        priors: `prior.tasks` of the config: how well tasks are believed to transfer.
    """
    example = trial.trained_target
    targets = set(trial.targets)
    return Candidate(
        tuple(StageView(stage.tasks, _extract_settings(stage)) for stage in trial.curriculum),
        {} if example is None else _extract_settings(example),
        [
            (compute_path_signature(path, path[-1] in targets), _estimate_cost(path[-1]))
            for path in iterate_stage_paths(trial)
        ],
        {PRIOR_BELIEF: sum(priors.get(task, 0.0) for stage in trial.curriculum for task in stage.tasks)}
        if priors
        else {},
    )


def _estimate_cost(stage: Stage) -> float:
    """Cost of a stage: tokens at most, times the cost of a step relative to one without noise."""
    return (
        stage.steps
        * count_passes(stage.noise).forward_equivalents
        / count_passes(Noise()).forward_equivalents
        * stage.batch_size
        * stage.max_length
    )


def _extract_settings(stage: Stage) -> dict[str, SettingValue]:
    """Settings of a stage. Sizes are logarithms: they lie on logarithmic grids."""
    settings: dict[str, SettingValue] = {"rate": math.log(stage.learning_rate), "noise": stage.noise.kind}
    for name, size in (("magnitude", stage.noise.magnitude), ("weight", stage.noise.weight)):
        if size:
            settings[name] = math.log(size)
    return settings
