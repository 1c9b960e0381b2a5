"""The trial of a space that is like one of another space: the way back from a curriculum to parameters."""

import math
from collections.abc import Sequence

from search.space import ALL, JOINT_CHOICE, MIXED, TARGET, CurriculumSpace, Parameters, rank_of
from search.stage_space import NoiseSpace
from trainables.curriculum import Noise, Trial


def like(space: CurriculumSpace, trial: Trial) -> Parameters | None:
    """Parameters of the space's trial with the same tasks in the same order and the nearest rates and noise; None if it has none."""
    config, stages = space.config, trial.curriculum
    mixed = [stage for stage in stages if len(stage.tasks) > 1]
    if len(mixed) > (config.curriculum.joint and len(stages) == 1):
        return None
    tasks = [task for stage in stages for task in stage.tasks]
    known = set(tasks) <= config.intermediate.keys() and len(set(tasks)) == len(tasks)
    if len(tasks) > config.curriculum.max_length or not known:
        return None
    found: Parameters = {"length": len(tasks)}
    if len(tasks) > 1 and config.curriculum.joint:
        found[JOINT_CHOICE] = bool(mixed)
    found |= _mixture(space, tasks) if mixed else _order(space, tasks)
    for place, stage in enumerate(stages):
        found |= _place(f"rate.{place}", space.config.space.learning_rate.values, stage.learning_rate)
    return found | _targets(space, trial) | _noises(space, trial)


def _order(space: CurriculumSpace, tasks: Sequence[str]) -> Parameters:
    """Lehmer digits."""
    left, found = list(space.config.intermediate), {}
    for place, task in enumerate(tasks):
        found[f"task.{place}"] = left.index(task)
        left.remove(task)
    return found


def _mixture(space: CurriculumSpace, tasks: Sequence[str]) -> Parameters:
    """The set's place among all of its size, where there are several."""
    names = list(space.config.intermediate)
    if len(tasks) == len(names):
        return {}
    return {f"{MIXED}.{len(tasks)}": rank_of([names.index(task) for task in tasks], len(names))}


def _targets(space: CurriculumSpace, trial: Trial) -> Parameters:
    rates = space.config.space.target.learning_rate.values
    example = trial.example
    return _place(f"rate.{TARGET}", rates, example.learning_rate if example else rates[len(rates) // 2])


def _noises(space: CurriculumSpace, trial: Trial) -> Parameters:
    noise, example = space.config.space.noise, trial.example
    on_targets = example.noise if example else Noise()
    match noise.along:
        case "none":
            return {}
        case "every_stage":
            return _noise(ALL, noise, next((stage.noise for stage in trial.curriculum), on_targets))
        case "targets":
            return _noise(TARGET, noise, on_targets)
    found = _noise(TARGET, space.config.space.target_noise, on_targets)
    for place, stage in enumerate(trial.curriculum):
        found |= _noise(str(place), noise, stage.noise)
    return found


def _noise(place: str, space: NoiseSpace, noise: Noise) -> Parameters:
    """The method of the same kind, else of the same name, else none or the first."""
    names = {method.noise().kind: name for name, method in space.by_name.items()}
    usual = "none" if "none" in space.by_name else next(iter(space.by_name))
    name = names.get(noise.kind, noise.method if noise.method in space.by_name else usual)
    method = space.by_name[name]
    found: Parameters = {f"noise.{place}": name} if len(space.by_name) > 1 else {}
    found |= _place(f"magnitude.{place}", space.magnitudes(method), noise.magnitude)
    return found | _place(f"weight.{place}", space.weights(method), noise.weight)


def _place(name: str, values: Sequence[float], wanted: float) -> Parameters:
    """The place of the nearest value on a log scale; nothing where there is no choice."""
    if len(values) < 2:
        return {}
    return {name: min(range(len(values)), key=lambda place: abs(math.log(values[place] / (wanted or values[0]))))}
