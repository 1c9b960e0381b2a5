"""A small world of curricula: three tasks, two places, rates on a scale; what is best is known."""

import math
from collections.abc import Callable
from typing import Any

import optuna
import pytest

from search.sampler import Candidate, StageView

GAINS = {"nli": 1.0, "qa": 0.5, "ner": -0.5}
Stages = tuple[tuple[str, float], ...]


def stages(trial: Any) -> Stages:
    """The curriculum that a trial asks for."""
    left, found = list(GAINS), []
    for place in range(trial.suggest_int("length", 0, 2)):
        task = left.pop(trial.suggest_categorical(f"task.{place}", list(range(len(left)))))
        found.append((task, trial.suggest_float(f"rate.{place}", 1e-5, 1e-3, log=True)))
    return tuple(found)


def space(trial: Any) -> Candidate:
    """The same as the sampler wants it: a stage costs one, so do the targets."""
    told = stages(trial)
    views = tuple(StageView((task,), {"rate": math.log(rate)}) for task, rate in told)
    costs = [(told[: place + 1], 1.0) for place in range(len(told))]
    return Candidate(views, costs=[*costs, (("targets", told), 1.0)])


def worth(told: Stages) -> float:
    """Gains add up, the right rate is 1e-4, and what comes last counts double."""
    found = sum(GAINS[task] - 0.2 * abs(math.log10(rate) + 4) for task, rate in told)
    return found + (GAINS[told[-1][0]] if told else 0.0)


OPTIMUM = 2.5
"""qa, then nli, both at 1e-4."""


@pytest.fixture
def search() -> Callable[..., optuna.Study]:
    """Makes a study of this world after so many trials of a sampler."""

    def make(sampler: optuna.samplers.BaseSampler, trials: int, direction: str = "maximize") -> optuna.Study:
        study = optuna.create_study(direction=direction, sampler=sampler)
        sign = 1.0 if direction == "maximize" else -1.0
        study.optimize(lambda trial: sign * worth(stages(trial)), n_trials=trials)
        return study

    return make


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
