"""The model of the sampler: scikit-learn's Gaussian process over features of curricula."""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from threadpoolctl import ThreadpoolController

from search.sampler._candidate import Candidate
from search.sampler._features import FeatureMatrix
from search.sampler._kernel import NOISE_PRIOR, GroupedKernel, build_priors

_THREADS = ThreadpoolController()
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def limit_to_one_thread(work: FunctionT) -> FunctionT:
    """Run `work` on one thread. Trials use the cores meanwhile, and threads that wait for each other are tens of times slower."""
    return cast(FunctionT, _THREADS.wrap(limits=1)(work))


MAX_FITTED_TRIALS = 150
"""Most trials for fitting hyperparameters: the best and the latest. Predictions condition on all trials."""
OPTIMISER_STEPS = 25
"""Most steps of the optimiser of the marginal likelihood."""
POSTERIOR_DRAWS, THINNING_STEPS = 10, 10
"""Posterior draws of the hyperparameters, and steps of the Markov chain between two of them."""
JITTER = 1e-8
MIN_DEVIATION = 1e-9
"""Smallest standard deviation of a prediction, in standard deviations of the values; avoids division by zero."""


class GaussianProcessModel:
    """A Gaussian process over curricula, fitted to the tried ones."""

    @limit_to_one_thread
    def __init__(self, tried: Sequence[Candidate], values: np.ndarray, noise: float | None) -> None:
        """Fit the hyperparameters by marginal likelihood, the noise with a prior.

        Args:
            tried: tried curricula.
            values: their values, higher is better.
            noise: variance of a value over seeds; None: it is fitted.
        """
        spread = float(values.std())
        self.deviation = spread if spread > 1e-12 * float(np.abs(values).max()) else 1.0
        standard = (values - values.mean()) / self.deviation
        known = None if noise is None else max(noise / self.deviation**2, 1e-4)
        self.points = FeatureMatrix(tried)
        rows = np.arange(len(tried)).reshape(-1, 1)
        sample = _select_fitted_trials(standard)
        kernel = GroupedKernel(self.points, noise=known or 0.3, fixed=known is not None)
        process = GaussianProcessRegressor(
            kernel, optimizer=_minimise_loss if kernel.fixed else _minimise_with_noise_prior
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(rows[sample], standard[sample])
        self._fitted_process = process
        self.process = GaussianProcessRegressor(process.kernel_, optimizer=None).fit(rows, standard)
        self.points.clear_products()
        self.best = float(self.process.predict(rows).max())

    @limit_to_one_thread
    def condition_on_running(self, running: Sequence[Candidate]) -> None:
        """Assume the expected value for running trials, so that they are not proposed again (Ginsbourger et al., 2010)."""
        if running:
            rows = self.points.append(running)
            known = np.vstack([self.process.X_train_, rows])
            values = np.concatenate([self.process.y_train_, self.process.predict(rows)])
            self.process = GaussianProcessRegressor(self.process.kernel_, optimizer=None).fit(known, values)

    @limit_to_one_thread
    def predict_mean(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Predicted means of candidates, as differences from the mean value in standard deviations of the values."""
        rows = self.points.append(candidates)
        found: np.ndarray = self.process.predict(rows)
        self.points.truncate(int(rows[0, 0]))
        return found

    @limit_to_one_thread
    def compute_posteriors(
        self, candidates: Sequence[Candidate], rng: np.random.Generator
    ) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """Posteriors of the true values of tried curricula, then candidates, for `POSTERIOR_DRAWS` draws of the hyperparameters.

        After few trials many hyperparameters explain the values, and the fitted ones alone underestimate the uncertainty.

        Returns:
            For each draw: means and covariance of the true values, and the variance of a value around them, in the units of `predict_mean`.
        """
        known, found = self.process.X_train_, []
        rows = np.vstack([known, self.points.append(candidates)])
        parts, squares = self.points.compute_products(rows, rows), self.points.compute_squares(rows).sum(0)
        self.points.truncate(len(known))
        for theta in draw_hyperparameters(self._fitted_process, rng):
            kernel = self.process.kernel_.clone_with_theta(theta)
            covariance = kernel.compute_noiseless(parts, squares, squares)
            count = len(known)
            factor = cho_factor(covariance[:count, :count] + (kernel.noise + JITTER) * np.eye(count), lower=True)
            gain = cho_solve(factor, covariance[:count]).T
            found.append((gain @ self.process.y_train_, covariance - gain @ covariance[:count], float(kernel.noise)))
        self.points.clear_products()
        return found

    @property
    def noise(self) -> float:
        """Variance of a value over seeds, relative to the variance of the values."""
        return float(self.process.kernel_.noise)

    @limit_to_one_thread
    def compute_expected_improvement(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Expected improvement over the best mean among the tried, in the units of the values."""
        mean, deviation = self.process.predict(self.points.append(candidates), return_std=True)
        gain = mean - self.best
        deviation = np.maximum(deviation, MIN_DEVIATION)
        improvement = gain * norm.cdf(gain / deviation) + deviation * norm.pdf(gain / deviation)
        found: np.ndarray = self.deviation * np.maximum(improvement, 1e-300)
        return found


def _minimise_loss(loss: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """scikit-learn's optimiser with fewer steps; more steps hardly change a proposal."""
    limits = [(float(low), float(high)) for low, high in bounds]
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": OPTIMISER_STEPS})
    return found.x, float(found.fun)


def _minimise_with_noise_prior(loss: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """The same with a prior on the noise, the last hyperparameter: by likelihood alone it ends at its bound in one search of ten.

    scikit-learn has no priors on hyperparameters.
    """
    middle, deviation = math.log(NOISE_PRIOR[0]), NOISE_PRIOR[1]

    def posterior(theta: np.ndarray, eval_gradient: bool = True) -> tuple[float, np.ndarray]:
        value, gradient = loss(theta, eval_gradient=eval_gradient)
        away = (theta[-1] - middle) / deviation
        slope = np.zeros(len(theta))
        slope[-1] = away / deviation
        return value + away**2 / 2, gradient + slope

    return _minimise_loss(posterior, start, bounds)


def draw_hyperparameters(process: GaussianProcessRegressor, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Draws from the posterior of the logarithms of the hyperparameters, under normal priors.

    Elliptical slice sampling (Murray, Adams & MacKay, AISTATS 2010), started at the fitted values.
    """
    means, deviations = build_priors(process.kernel_)
    theta = process.kernel_.theta.copy()
    level = process.log_marginal_likelihood(theta)
    for step in range(1, POSTERIOR_DRAWS * THINNING_STEPS + 1):
        other = means + deviations * rng.standard_normal(len(means))
        height = level + math.log(rng.uniform(1e-300, 1.0))
        angle = rng.uniform(0, 2 * math.pi)
        low, high = angle - 2 * math.pi, angle
        while True:
            moved = means + (theta - means) * math.cos(angle) + (other - means) * math.sin(angle)
            level = process.log_marginal_likelihood(moved)
            if level > height or high - low < 1e-6:
                break
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = rng.uniform(low, high)
        theta = moved
        if not step % THINNING_STEPS:
            yield theta


def _select_fitted_trials(values: np.ndarray) -> np.ndarray:
    if len(values) <= MAX_FITTED_TRIALS:
        return np.arange(len(values))
    best = np.argsort(-values)[: MAX_FITTED_TRIALS // 2]
    rest = np.setdiff1d(np.arange(len(values)), best)
    return np.concatenate([best, rest[-(MAX_FITTED_TRIALS - len(best)) :]])
