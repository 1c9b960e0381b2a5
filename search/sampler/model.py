"""What the tried curricula say of others: scikit-learn's Gaussian process."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from threadpoolctl import ThreadpoolController

from search.sampler.candidate import Candidate
from search.sampler.features import Points
from search.sampler.kernel import GroupedKernel

_THREADS = ThreadpoolController()
F = TypeVar("F", bound=Callable[..., Any])


def one_thread(work: F) -> F:
    """Arithmetic on one thread: trials have the cores meanwhile, and threads that wait for each other are tens of times slower."""
    return cast(F, _THREADS.wrap(limits=1)(work))


FITTED = 150
"""Trials that the hyperparameters are fitted to, the best and the latest; all of them are conditioned on."""
STEPS = 25
"""Of the optimiser of the marginal likelihood."""


class Model:
    """A Gaussian process over curricula, fitted to those that were tried."""

    @one_thread
    def __init__(self, tried: Sequence[Candidate], values: np.ndarray, noise: float | None) -> None:
        """Fit the hyperparameters by marginal likelihood.

        Args:
            tried: curricula.
            values: theirs, higher is better.
            noise: variance of a value over seeds; None to fit it.
        """
        self.deviation = float(values.std()) or 1.0
        standard = (values - values.mean()) / self.deviation
        known = None if noise is None else max(noise / self.deviation**2, 1e-4)
        self.points = Points(tried)
        rows = np.arange(len(tried)).reshape(-1, 1)
        sample = _sample(standard)
        kernel = GroupedKernel(self.points, noise=known or 0.3, fixed=known is not None)
        process = GaussianProcessRegressor(kernel, optimizer=_optimise)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(rows[sample], standard[sample])
        self.process = GaussianProcessRegressor(process.kernel_, optimizer=None).fit(rows, standard)
        self.points.forget_products()
        self.best = float(self.process.predict(rows).max())

    @one_thread
    def expect(self, running: Sequence[Candidate]) -> None:
        """Take running trials to come out as expected, so that nobody asks for the same again (Ginsbourger et al., 2010)."""
        if running:
            rows = self.points.add(running)
            known = np.vstack([self.process.X_train_, rows])
            values = np.concatenate([self.process.y_train_, self.process.predict(rows)])
            self.process = GaussianProcessRegressor(self.process.kernel_, optimizer=None).fit(known, values)

    @one_thread
    def mean(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """What is expected of candidates, in deviations of the values from their mean."""
        rows = self.points.add(candidates)
        found: np.ndarray = self.process.predict(rows)
        self.points.cut(int(rows[0, 0]))
        return found

    @one_thread
    def probability(self, candidates: Sequence[Candidate], by: float) -> np.ndarray:
        """Of a candidate's being better than the best mean among the tried by so much, in the units of the values."""
        mean, deviation = self.process.predict(self.points.add(candidates), return_std=True)
        found: np.ndarray = norm.sf((self.best + by / self.deviation - mean) / np.maximum(deviation, 1e-12))
        return found

    @one_thread
    def improvement(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Expected improvement over the best mean among the tried, in the units of the values."""
        mean, deviation = self.process.predict(self.points.add(candidates), return_std=True)
        gain = mean - self.best
        improvement = gain * norm.cdf(gain / deviation) + deviation * norm.pdf(gain / deviation)
        found: np.ndarray = self.deviation * np.maximum(improvement, 1e-300)
        return found


def _optimise(loss: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """What scikit-learn does, for a few steps: more change no proposal worth mentioning."""
    limits = [(float(low), float(high)) for low, high in bounds]
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": STEPS})
    return found.x, float(found.fun)


def _sample(values: np.ndarray) -> np.ndarray:
    if len(values) <= FITTED:
        return np.arange(len(values))
    best = np.argsort(-values)[: FITTED // 2]
    rest = np.setdiff1d(np.arange(len(values)), best)
    return np.concatenate([best, rest[-(FITTED - len(best)) :]])
