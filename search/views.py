"""A search's trials as its sampler sees them."""

import math
from statistics import variance
from typing import Any

from search.sampler import Candidate, StageView
from search.sampler.candidate import Setting
from search.space import CurriculumSpace, paths
from search.stored import described
from trainables.curriculum import Noise, Stage
from trainables.noise.catalogue import passes
from trainables.outcome import Outcome
from trainables.transfer import Objective


def view(space: CurriculumSpace, ask: Any) -> Candidate:
    """Ask for a trial; what its curriculum looks like, and what its stages would cost in plain optimiser steps."""
    trial = space.suggest(ask)
    example = next((stage for stage in trial.targets if stage.steps), None)
    targets = set(trial.targets)
    return Candidate(
        tuple(StageView(stage.tasks, _settings(stage)) for stage in trial.curriculum),
        {} if example is None else _settings(example),
        [(described(path, path[-1] in targets), _cost(path[-1])) for path in paths(trial)],
    )


def _cost(stage: Stage) -> float:
    return stage.steps * passes(stage.noise).work / passes(Noise()).work * stage.batch_size * stage.max_length


def _settings(stage: Stage) -> dict[str, Setting]:
    settings: dict[str, Setting] = {"rate": math.log(stage.learning_rate), "noise": stage.noise.kind}
    for name, size in (("magnitude", stage.noise.magnitude), ("weight", stage.noise.weight)):
        if size:
            settings[name] = math.log(size)
    return settings


def variance_over_seeds(repeats: dict[int, dict[int, Outcome]], objective: Objective) -> float | None:
    """Pooled variance of a trial's value over fresh seeds; None before there are enough repeats."""
    values = [[outcome.transfer.objective(objective) for outcome in seeds.values()] for seeds in repeats.values()]
    freedom = sum(len(seeds) - 1 for seeds in values)
    if freedom < 4:
        return None
    return sum(variance(seeds) * (len(seeds) - 1) for seeds in values if len(seeds) > 1) / freedom
