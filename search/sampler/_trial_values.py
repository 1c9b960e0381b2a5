"""Values of a study's trials, extrapolated for pruned trials."""

from collections.abc import Sequence
from statistics import linear_regression, quantiles

import numpy as np
from optuna.trial import FrozenTrial, TrialState

MIN_PAIRS = 5
"""Fewest complete trials from which the final value of a pruned trial is extrapolated."""


def estimate_final_values(trials: Sequence[FrozenTrial], maximize: bool) -> dict[int, float]:
    """Values by trial number, higher is better: those of complete trials, and for pruned trials an extrapolation by linear regression of
    final values on values at the same step."""
    sign = 1.0 if maximize else -1.0
    complete = {
        trial.number: (trial, sign * trial.value)
        for trial in trials
        if trial.state == TrialState.COMPLETE and trial.value is not None and np.isfinite(trial.value)
    }
    found = {number: value for number, (_, value) in complete.items()}
    for trial in trials:
        if trial.state == TrialState.PRUNED and trial.intermediate_values:
            step, early = max(trial.intermediate_values.items())
            known = [(each.intermediate_values.get(step), value) for each, value in complete.values()]
            value = extrapolate_final_value(sign * early, [(sign * at, value) for at, value in known if at is not None])
            if value is not None:
                found[trial.number] = value
    return dict(sorted(found.items()))


def extrapolate_final_value(early: float, known: Sequence[tuple[float, float]]) -> float | None:
    """The final value that a linear regression on known (early, final) pairs predicts, clipped to their range; the lower quartile of the
    final values if the slope is not positive; None for fewer than `MIN_PAIRS` pairs."""
    if len(known) < MIN_PAIRS or len({at for at, _ in known}) < 2:
        return None
    slope, start = linear_regression(*zip(*known, strict=True))
    finals = [value for _, value in known]
    return quantiles(finals)[0] if slope <= 0 else min(max(finals), max(min(finals), start + slope * early))
