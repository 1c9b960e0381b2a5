"""How much a trial's value varies over seeds, from finalists' repeats."""

from collections.abc import Mapping
from statistics import variance

from trainables.outcome import Outcome
from trainables.transfer import Objective

MIN_DEGREES_OF_FREEDOM = 4
"""With fewer, the estimate is too uncertain to be used."""


def estimate_seed_variance(repeats: Mapping[int, Mapping[int, Outcome]], objective: Objective) -> float | None:
    """Estimate the variance of a trial's value over seeds, pooled over finalists.

    Args:
        repeats: outcomes by trial number, by seed.
        objective: what the value is.

    Returns:
        The sum of squared deviations from each finalist's mean, divided by their degrees of freedom; None with fewer than
        `MIN_DEGREES_OF_FREEDOM`.
    """
    values = [[outcome.transfer.objective(objective) for outcome in seeds.values()] for seeds in repeats.values()]
    degrees_of_freedom = sum(len(seeds) - 1 for seeds in values)
    if degrees_of_freedom < MIN_DEGREES_OF_FREEDOM:
        return None
    return sum(variance(seeds) * (len(seeds) - 1) for seeds in values if len(seeds) > 1) / degrees_of_freedom
