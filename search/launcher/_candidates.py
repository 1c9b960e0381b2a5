"""A search's trials as its sampler sees them."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import variance
from types import MappingProxyType

import numpy as np

from search.sampler import Candidate, SettingValue, StageView
from search.space import compute_path_signature, iterate_stage_paths
from trainables.curriculum import Noise, Stage, Trial
from trainables.noise_methods import count_passes
from trainables.outcome import Outcome
from trainables.transfer import Objective

PRIOR_BELIEF = "prior.tasks"


def build_candidate(trial: Trial, believed: Mapping[str, float] = MappingProxyType({})) -> Candidate:
    """What a trial's curriculum looks like, what its stages would cost in plain optimiser steps, and what is believed of it.

    Args:
        trial: what to look at.
        believed: how well tasks transfer, as far as something is believed of them.
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
        {PRIOR_BELIEF: sum(believed.get(task, 0.0) for stage in trial.curriculum for task in stage.tasks)}
        if believed
        else {},
    )


class EarlierSearch:
    """An earlier search: what its trials tell of others."""

    def __init__(self, name: str, trials: Sequence[Trial], values: Sequence[float]) -> None:
        """
        Args:
            name: the search's.
            trials: two or more, the best first.
            values: theirs.
        """
        from search.sampler.gaussian_process import GaussianProcessModel

        self.name, self.trials = name, trials
        self._model = GaussianProcessModel([build_candidate(trial) for trial in trials], np.array(values), None)
        self._predict_mean = lru_cache(maxsize=4096)(
            lambda trial: float(self._model.predict_mean([build_candidate(trial)])[0])
        )

    def predict_belief(self, trial: Trial) -> dict[str, float]:
        """What it would expect of a trial, in deviations of its own values from their mean."""
        return {f"search {self.name}": self._predict_mean(trial)}


def _estimate_cost(stage: Stage) -> float:
    return (
        stage.steps
        * count_passes(stage.noise).forward_equivalents
        / count_passes(Noise()).forward_equivalents
        * stage.batch_size
        * stage.max_length
    )


def _extract_settings(stage: Stage) -> dict[str, SettingValue]:
    settings: dict[str, SettingValue] = {"rate": math.log(stage.learning_rate), "noise": stage.noise.kind}
    for name, size in (("magnitude", stage.noise.magnitude), ("weight", stage.noise.weight)):
        if size:
            settings[name] = math.log(size)
    return settings


def estimate_seed_variance(repeats: dict[int, dict[int, Outcome]], objective: Objective) -> float | None:
    """Pooled variance of a trial's value over fresh seeds; None before there are enough repeats."""
    values = [[outcome.transfer.objective(objective) for outcome in seeds.values()] for seeds in repeats.values()]
    freedom = sum(len(seeds) - 1 for seeds in values)
    if freedom < 4:
        return None
    return sum(variance(seeds) * (len(seeds) - 1) for seeds in values if len(seeds) > 1) / freedom
