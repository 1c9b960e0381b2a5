"""Effects where no two trials differ in one setting alone: least squares over the trials of a search, one seed each."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
from scipy import stats

from search.analysis._arms import Arm
from search.analysis._contrasts import HIGH_FIRST, SEQUENTIAL, EffectKind, comes_before, compute_high_resource_lead
from search.statistics import CONFIDENCE, Estimate

REGRESSION_ASSUMPTIONS = (
    "Effects marked 'model' come from a linear regression over every complete trial on one seed. Covariates are the tasks, their mean learning rate, noise, joint "
    "training and the settings of the targets; one effect at a time is added.",
    "Intervals of the regression assume independent errors of equal variance. A sampler does not choose trials at random: read these effects as a hint of what "
    "to repeat on fresh seeds.",
)
MIN_DEGREES_OF_FREEDOM = 5
"""Degrees of freedom of the residual below which no effect is estimated."""
MIN_TRIALS_PER_LEVEL = 2
"""Trials that each level of an effect needs at least."""

EffectColumn = Callable[[Arm], float]


def iterate_effect_columns(arms: Sequence[Arm]) -> Iterator[tuple[EffectKind, str, EffectColumn]]:
    """The regressors: an effect's kind, its name, and a function that gives its value for a trial."""
    tasks = sorted({task for arm in arms for stage in arm.stages for task in stage.tasks})
    noises = sorted({stage.noise.method for arm in arms for stage in arm.stages} - {"none"})
    yield "resource", HIGH_FIRST, lambda arm: _encode_lead(compute_high_resource_lead(arm))
    for one, other in combinations(tasks, 2):
        yield (
            "precedence",
            f"{one} before {other}",
            lambda arm, one=one, other=other: _encode_order(comes_before(arm, one, other)),  # type: ignore[misc]
        )
    for task in tasks:
        yield "position", f"{task} last", lambda arm, task=task: _encode_last(arm, task)  # type: ignore[misc]
    yield "joint", SEQUENTIAL, lambda arm: -float(arm.condition == "joint")
    usual = _average_log_rate(arms)
    yield "rate", "twice the rate of intermediate stages", lambda arm: _encode_rate(arm, usual)
    for noise in noises:
        yield "noise", f"{noise} in one more stage", lambda arm, noise=noise: _count_noisy_stages(arm, noise)  # type: ignore[misc]


def build_nuisance_matrix(arms: Sequence[Arm], kind: EffectKind, name: str) -> np.ndarray:
    """[trials, columns]: the covariates of the regression of one effect: intercept, tasks, targets' settings, other effects."""
    tasks = sorted({task for arm in arms for stage in arm.stages for task in stage.tasks})
    columns = [[1.0] * len(arms)]
    columns += [[float(any(task in stage.tasks for stage in arm.stages)) for arm in arms] for task in tasks]
    recipes = sorted({arm.trial.target_settings for arm in arms})
    columns += [[float(arm.trial.target_settings == recipe) for arm in arms] for recipe in recipes[1:]]
    for other, other_name, column in iterate_effect_columns(arms):
        if other in ("joint", "rate", "noise") and (other, other_name) != (kind, name):
            columns.append([column(arm) for arm in arms])
    return np.array(columns).T


def estimate_partial_effect(
    of: np.ndarray, given: np.ndarray, values: np.ndarray, widest: float = 1.0
) -> Estimate | None:
    """The regression coefficient of one column with Student's interval; None where it is not identified.

    Args:
        of: [trials]: the column.
        given: [trials, columns]: the covariates.
        values: [trials].
        widest: the largest possible difference of two values.
    """
    freedom = len(values) - int(np.linalg.matrix_rank(given)) - 1
    levels = [int((of == level).sum()) for level in np.unique(of)]
    if freedom < MIN_DEGREES_OF_FREEDOM or len(levels) < 2 or sum(sorted(levels)[:-1]) < MIN_TRIALS_PER_LEVEL:
        return None
    own = of - given @ np.linalg.lstsq(given, of, rcond=None)[0]
    size = float(own @ own)
    if size < 1e-9 * max(1.0, float(of @ of)):
        return None
    rest = values - given @ np.linalg.lstsq(given, values, rcond=None)[0]
    slope = float(own @ rest) / size
    error = math.sqrt(max(0.0, float(((rest - slope * own) ** 2).sum())) / freedom / size)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    p = 2 * float(stats.t.sf(abs(slope) / error, freedom)) if error > 0 else None
    return Estimate(slope, slope - half, slope + half, 1, p).clip(-widest, widest)


def _encode_lead(lead: float | None) -> float:
    return 0.0 if not lead else math.copysign(0.5, lead)


def _encode_order(first: bool | None) -> float:
    return 0.0 if first is None else 0.5 if first else -0.5


def _encode_last(arm: Arm, task: str) -> float:
    """Whether a task comes last, minus its probability under a random order; 0 where there is no order."""
    if len(arm.stages) < 2 or task not in arm.tasks:
        return 0.0
    return float(arm.tasks[-1] == task) - 1 / len(arm.stages)


def _average_log_rate(arms: Sequence[Arm]) -> float:
    rates = [math.log2(stage.learning_rate) for arm in arms for stage in arm.stages]
    return sum(rates) / len(rates) if rates else 0.0


def _encode_rate(arm: Arm, usual: float) -> float:
    """Mean log2 of the learning rates minus that of all trials; 0 for a trial without stages."""
    return sum(math.log2(stage.learning_rate) - usual for stage in arm.stages) / len(arm.stages) if arm.stages else 0.0


def _count_noisy_stages(arm: Arm, noise: str) -> float:
    return float(sum(stage.noise.method == noise for stage in arm.stages))
