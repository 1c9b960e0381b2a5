"""What a launch would do, before it does: the size of the space, stages asked and distinct, cost. Needs no torch."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna

from search.config import Config
from search.space import CurriculumSpace, paths
from trainables.curriculum import Trial


@dataclass(frozen=True, slots=True)
class Plan:
    """A launch, foreseen."""

    name: str
    space: int
    """Different trials in the space."""
    trials: int
    """Trials that will be run: no more than the space holds."""
    repeats: int
    """Finalists on fresh seeds, each as dear as a trial without anything to share."""
    stages_asked: int
    """Stages of the planned trials, each counted for every trial it is in."""
    stages_distinct: int
    """Of them the different ones: what has to be trained."""
    steps_asked: int
    """Optimiser steps, likewise."""
    steps_distinct: int
    languages: int
    seconds: float | None
    """Training time from what stages of the same tasks cost in this home; None if it holds none."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan(config: Config, stages: Path | None) -> Plan:
    """Foresee a launch, with trials drawn from the space at random in place of those the sampler will choose.

    Args:
        config: the search.
        stages: the stage store, for what stages cost before.
    """
    space = CurriculumSpace(config)
    trials = _draw(space, min(config.trials, space.size()))
    asked = [path for trial in trials for path in paths(trial)]
    distinct = set(asked)
    finalists = min(config.finalists.top + 1, len(trials)) if config.finalists.top else 0
    repeated = [path for trial in trials[:finalists] for path in paths(trial)]
    steps = [path[-1].steps for path in distinct] + [path[-1].steps for path in repeated] * config.finalists.seeds
    rates = _seconds_a_step(stages)
    return Plan(
        name=config.name,
        space=space.size(),
        trials=len(trials),
        repeats=finalists * config.finalists.seeds,
        stages_asked=len(asked),
        stages_distinct=len(distinct),
        steps_asked=sum(path[-1].steps for path in asked),
        steps_distinct=sum(path[-1].steps for path in distinct),
        languages=len(config.scored_languages),
        seconds=sum(steps) * fmean(rates) if rates else None,
    )


def _draw(space: CurriculumSpace, count: int) -> list[Trial]:
    """The baseline and further distinct trials at random."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=space.config.seed))
    study.enqueue_trial(space.baseline())
    drawn: dict[Trial, None] = {}
    for _ in range(20 * count):
        drawn.setdefault(space.suggest(study.ask()))
        if len(drawn) == count:
            break
    return list(drawn)


def _seconds_a_step(stages: Path | None) -> list[float]:
    """Seconds a step of every trained stage in the store."""
    records: Iterable[Path] = stages.glob("*/stage.json") if stages and stages.is_dir() else ()
    found = []
    for path in records:
        record = json.loads(path.read_text())
        if record["losses"]:
            found.append(record["seconds"] / len(record["losses"]))
    return found
