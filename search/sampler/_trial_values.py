"""What the trials of a study came to, pruned ones too."""

from collections.abc import Sequence
from statistics import linear_regression, quantiles

import numpy as np
from optuna.trial import FrozenTrial, TrialState

MIN_PAIRS = 5
"""Early values of complete trials that it takes to tell what pruned ones may have come to."""


def estimate_final_values(trials: Sequence[FrozenTrial], maximize: bool) -> dict[int, float]:
    """By number, higher is better: the values of complete trials, and what pruned ones may have come to by the line that leads from
    values at the same step to final ones."""
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
    """The final value that an early one leads to by the line through known pairs, within their range; a low one of theirs where the line
    does not rise. None for fewer than `MIN_PAIRS`."""
    if len(known) < MIN_PAIRS or len({at for at, _ in known}) < 2:
        return None
    slope, start = linear_regression(*zip(*known, strict=True))
    finals = [value for _, value in known]
    return quantiles(finals)[0] if slope <= 0 else min(max(finals), max(min(finals), start + slope * early))
