"""The probability that further trials improve on the best value so far, by simulation."""

import numpy as np
from scipy.stats import norm

from search.sampler.gaussian_process import limit_to_one_thread

SIMULATED_WORLDS = 40
"""Simulated searches for each draw of the hyperparameters, each with its own draw of the true values."""
MAX_SIMULATED_TRIALS = 60
"""Most trials of a simulated search. A longer one is assumed to try all remaining candidates, so that it stops too late rather than too
early."""


@limit_to_one_thread
def simulate_improvements(
    means: np.ndarray, covariance: np.ndarray, noise: float, tried: int, trials: int, rng: np.random.Generator
) -> np.ndarray:
    """Improvement of the best true value of the next trials over the best true value so far, in simulated searches.

    True values are drawn from the posterior of the model, once for each world. In each world the search goes on: it tries the candidate
    with the highest expected improvement and learns from its noisy value.

    Args:
        means: posterior means of true values, [curricula]: tried curricula, then candidates.
        covariance: their posterior covariance, [curricula, curricula].
        noise: variance of a value around its true value.
        tried: number of tried curricula.
        trials: number of further trials.
        rng: random generator of the draws.

    Returns:
        Improvement in each world, [worlds], in the units of the means; negative where no trial is better.
    """
    truth, everyone = _draw_true_values(means, covariance, rng), np.arange(SIMULATED_WORLDS)
    steps = min(trials, MAX_SIMULATED_TRIALS, len(means) - tried)
    simulation = _Simulation(means, covariance, noise, steps)
    found, left = np.full(SIMULATED_WORLDS, -np.inf), np.ones(truth.shape, dtype=bool)
    left[:, :tried] = False
    for _ in range(steps):
        chosen = simulation.choose_candidates(left)
        values = truth[everyone, chosen]
        found = np.maximum(found, values)
        left[everyone, chosen] = False
        simulation.learn(chosen, values + np.sqrt(noise) * rng.standard_normal(SIMULATED_WORLDS))
    if trials > MAX_SIMULATED_TRIALS:
        found = np.maximum(found, np.where(left, truth, -np.inf).max(1))
    gained: np.ndarray = found - truth[:, :tried].max(1)
    return gained


def _draw_true_values(means: np.ndarray, covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """True values, [worlds, curricula]."""
    sizes, axes = np.linalg.eigh(covariance)
    scaled = axes * np.sqrt(np.maximum(sizes, 0.0))
    drawn: np.ndarray = means + rng.standard_normal((SIMULATED_WORLDS, len(means))) @ scaled.T
    return drawn


class _Simulation:
    """The posterior of each simulated search, one a world; all start with the same."""

    def __init__(self, means: np.ndarray, covariance: np.ndarray, noise: float, steps: int) -> None:
        self.means = np.tile(means, (SIMULATED_WORLDS, 1))
        self.variances = np.tile(np.diag(covariance), (SIMULATED_WORLDS, 1))
        self._covariance, self._noise = covariance, noise
        self._learned = np.zeros((SIMULATED_WORLDS, steps, len(means)))
        self._steps = 0

    def choose_candidates(self, left: np.ndarray) -> np.ndarray:
        """The untried curriculum with the highest expected improvement in each world, [worlds]."""
        best = np.where(left, -np.inf, self.means).max(1)[:, None]
        deviation = np.sqrt(np.maximum(self.variances, 1e-12))
        gain = (self.means - best) / deviation
        improvement = deviation * (gain * norm.cdf(gain) + norm.pdf(gain))
        chosen: np.ndarray = np.where(left, improvement, -1.0).argmax(1)
        return chosen

    def learn(self, chosen: np.ndarray, values: np.ndarray) -> None:
        """Condition the posterior of each world on one value (Rasmussen & Williams, 2006, section 2.2)."""
        worlds = np.arange(SIMULATED_WORLDS)
        learned = self._learned[:, : self._steps]
        known = learned[worlds, :, chosen]
        covariance = self._covariance[chosen] - (known[:, None] @ learned)[:, 0]
        size = np.sqrt(np.maximum(covariance[worlds, chosen], 0.0) + self._noise)[:, None]
        step = covariance / size
        self.means = self.means + step * ((values - self.means[worlds, chosen])[:, None] / size)
        self.variances = self.variances - step**2
        self._learned[:, self._steps] = step
        self._steps += 1
