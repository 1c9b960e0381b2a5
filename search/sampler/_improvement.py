"""How probable it is that a search that goes on finds something better."""

import numpy as np
from scipy.stats import norm

from search.sampler.gaussian_process import limit_to_one_thread

SIMULATED_WORLDS = 40
"""Searches that are played on for each draw of the hyperparameters, each in a world that may be the true one."""
MAX_SIMULATED_TRIALS = 60
"""Trials of each that are played. Of a longer search all candidates that are left are taken to be tried: it goes on rather than stops."""


@limit_to_one_thread
def simulate_improvements(
    means: np.ndarray, covariance: np.ndarray, noise: float, tried: int, trials: int, rng: np.random.Generator
) -> np.ndarray:
    """By how much the best of the next trials is better in truth than the best of all before them.

    Worlds are drawn from what a model knows of all true values; in each of them the search goes on: the candidate of the highest
    expected improvement is tried, and its value, with noise, is learned from.

    Args:
        means: of true values, [curricula]: those tried, then candidates.
        covariance: of them, [curricula, curricula].
        noise: variance of a value about the true one.
        tried: how many were tried.
        trials: how many are to come.
        rng: of the worlds.

    Returns:
        In each world, [worlds], below zero where nothing better comes: in the units of the means.
    """
    truth, everyone = _draw_true_values(means, covariance, rng), np.arange(SIMULATED_WORLDS)
    steps = min(trials, MAX_SIMULATED_TRIALS, len(means) - tried)
    game = _Simulation(means, covariance, noise, steps)
    found, left = np.full(SIMULATED_WORLDS, -np.inf), np.ones(truth.shape, dtype=bool)
    left[:, :tried] = False
    for _ in range(steps):
        chosen = game.choose_candidates(left)
        values = truth[everyone, chosen]
        found = np.maximum(found, values)
        left[everyone, chosen] = False
        game.learn(chosen, values + np.sqrt(noise) * rng.standard_normal(SIMULATED_WORLDS))
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
    """What the searches know, one in each world; all begin with the same."""

    def __init__(self, means: np.ndarray, covariance: np.ndarray, noise: float, steps: int) -> None:
        self.means = np.tile(means, (SIMULATED_WORLDS, 1))
        self.variances = np.tile(np.diag(covariance), (SIMULATED_WORLDS, 1))
        self._covariance, self._noise = covariance, noise
        self._learned = np.zeros((SIMULATED_WORLDS, steps, len(means)))
        self._steps = 0

    def choose_candidates(self, left: np.ndarray) -> np.ndarray:
        """The curriculum of the highest expected improvement in each world, of those that are left: [worlds]."""
        best = np.where(left, -np.inf, self.means).max(1)[:, None]
        deviation = np.sqrt(np.maximum(self.variances, 1e-12))
        gain = (self.means - best) / deviation
        improvement = deviation * (gain * norm.cdf(gain) + norm.pdf(gain))
        chosen: np.ndarray = np.where(left, improvement, -1.0).argmax(1)
        return chosen

    def learn(self, chosen: np.ndarray, values: np.ndarray) -> None:
        """Condition each world's search on a value (Rasmussen & Williams, 2006, section 2.2), one at a time."""
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
