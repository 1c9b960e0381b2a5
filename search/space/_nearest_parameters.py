"""The nearest trial of a space to a trial of another space: from a curriculum back to parameters."""

import math
from collections.abc import Sequence

from search.config import NoiseSpace
from search.space._space import (
    EVERY_STAGE_SUFFIX,
    JOINT_PARAMETER,
    MIXTURE_PARAMETER,
    TARGET_SUFFIX,
    CurriculumSpace,
    Parameters,
    rank_subset,
)
from trainables.curriculum import Noise, Trial


def find_nearest_parameters(space: CurriculumSpace, trial: Trial) -> Parameters | None:
    """Parameters of the trial with the same tasks in the same order and the nearest learning rates and noise; None if the space has no
    trial with these tasks."""
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
        found[JOINT_PARAMETER] = bool(mixed)
    found |= _encode_mixture(space, tasks) if mixed else _encode_order(space, tasks)
    for place, stage in enumerate(stages):
        found |= _encode_nearest(f"rate.{place}", space.config.space.learning_rate.values, stage.learning_rate)
    return found | _encode_targets(space, trial) | _encode_noises(space, trial)


def _encode_order(space: CurriculumSpace, tasks: Sequence[str]) -> Parameters:
    """The order as Lehmer digits."""
    left, found = list(space.config.intermediate), {}
    for place, task in enumerate(tasks):
        found[f"task.{place}"] = left.index(task)
        left.remove(task)
    return found


def _encode_mixture(space: CurriculumSpace, tasks: Sequence[str]) -> Parameters:
    """The rank of the set among all sets of its size; no parameter if there is only one such set."""
    names = list(space.config.intermediate)
    if len(tasks) == len(names):
        return {}
    return {f"{MIXTURE_PARAMETER}.{len(tasks)}": rank_subset([names.index(task) for task in tasks], len(names))}


def _encode_targets(space: CurriculumSpace, trial: Trial) -> Parameters:
    rates = space.config.space.target.learning_rate.values
    example = trial.trained_target
    return _encode_nearest(f"rate.{TARGET_SUFFIX}", rates, example.learning_rate if example else rates[len(rates) // 2])


def _encode_noises(space: CurriculumSpace, trial: Trial) -> Parameters:
    noise, example = space.config.space.noise, trial.trained_target
    on_targets = example.noise if example else Noise()
    match noise.along:
        case "none":
            return {}
        case "every_stage":
            return _encode_noise(
                EVERY_STAGE_SUFFIX, noise, next((stage.noise for stage in trial.curriculum), on_targets)
            )
        case "targets":
            return _encode_noise(TARGET_SUFFIX, noise, on_targets)
    found = _encode_noise(TARGET_SUFFIX, space.config.space.target_noise, on_targets)
    for place, stage in enumerate(trial.curriculum):
        found |= _encode_noise(str(place), noise, stage.noise)
    return found


def _encode_noise(place: str, space: NoiseSpace, noise: Noise) -> Parameters:
    """The method of the same kind, else of the same name, else ``none``, else the first method."""
    names = {method.make_noise().kind: name for name, method in space.by_name.items()}
    usual = "none" if "none" in space.by_name else next(iter(space.by_name))
    name = names.get(noise.kind, noise.method if noise.method in space.by_name else usual)
    method = space.by_name[name]
    found: Parameters = {f"noise.{place}": name} if len(space.by_name) > 1 else {}
    found |= _encode_nearest(f"magnitude.{place}", space.get_magnitudes(method), noise.magnitude)
    return found | _encode_nearest(f"weight.{place}", space.get_weights(method), noise.weight)


def _encode_nearest(name: str, values: Sequence[float], wanted: float) -> Parameters:
    """The position of the nearest value on a log scale; no parameter where the grid has one value."""
    if len(values) < 2:
        return {}
    return {name: min(range(len(values)), key=lambda place: abs(math.log(values[place] / (wanted or values[0]))))}
