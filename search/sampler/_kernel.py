"""The kernel: linear in each group of features, a smooth term for interactions, and noise."""

from typing import Any

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

from search.sampler._features import FEATURE_GROUPS, FeatureMatrix

Array = np.ndarray
VARIANCE_BOUNDS, LENGTH_BOUNDS, NOISE_BOUNDS = (1e-3, 1e2), (0.3, 5.0), (1e-3, 1e1)
"""Bounds of the hyperparameters, for values of variance one and groups of mean square one."""

INITIAL_VARIANCES = (0.3,) * len(FEATURE_GROUPS)
VARIANCE_PRIOR, LENGTH_PRIOR, NOISE_PRIOR = (0.03, 1.5), (1.5, 0.5), (0.2, 1.5)
"""Log-normal priors of the hyperparameters: median, and standard deviation of the logarithm. Chosen on simulations of
`tests/benchmarks/bench_outlook.py` with other seeds than it reports, so that noise and improvement probabilities are calibrated."""


def build_priors(kernel: "GroupedKernel") -> tuple[Array, Array]:
    """Means and standard deviations of the priors of a kernel's `theta`."""
    priors = [VARIANCE_PRIOR] * (len(FEATURE_GROUPS) + 1) + [LENGTH_PRIOR] + ([] if kernel.fixed else [NOISE_PRIOR])
    return np.log([median for median, _ in priors]), np.array([deviation for _, deviation in priors])


class GroupedKernel(Kernel):  # type: ignore[misc]
    """Covariance sum_g v_g <x_g, y_g> + v exp(-|x - y|^2 / 2 l^2), plus noise where x is y.

    A sum of linear kernels is a linear regression whose coefficients have one variance for each group (Rasmussen & Williams, 2006,
    section 2.1). With few trials, groups that explain nothing get small variances.
    """

    def __init__(
        self,
        points: FeatureMatrix,
        variances: Any = INITIAL_VARIANCES,
        rest: float = 0.3,
        length: float = 1.5,
        noise: float = 0.3,
        fixed: bool = False,
    ) -> None:
        """
        Args:
            points: the feature matrix; the kernel is called with its row numbers.
            variances: variance of each group.
            rest: variance of the smooth term.
            length: length scale of the smooth term.
            noise: variance of a value over seeds.
            fixed: whether the noise is known, and so not fitted.
        """
        self.points, self.variances, self.rest = points, variances, rest
        self.length, self.noise, self.fixed = length, noise, fixed

    @property
    def hyperparameters(self) -> list[Hyperparameter]:
        found = [Hyperparameter(f"variance_{name}", "numeric", VARIANCE_BOUNDS) for name in FEATURE_GROUPS]
        found += [
            Hyperparameter("rest", "numeric", VARIANCE_BOUNDS),
            Hyperparameter("length", "numeric", LENGTH_BOUNDS),
        ]
        return [*found, *([] if self.fixed else [Hyperparameter("noise", "numeric", NOISE_BOUNDS)])]

    @property
    def theta(self) -> Array:
        """Logarithms of the hyperparameters."""
        theta: Array = np.log([*self.variances, self.rest, self.length, *([] if self.fixed else [self.noise])])
        return theta

    @theta.setter
    def theta(self, theta: Array) -> None:
        values = [float(value) for value in np.exp(theta)]
        self.variances, (self.rest, self.length) = (
            tuple(values[: len(FEATURE_GROUPS)]),
            values[len(FEATURE_GROUPS) : len(FEATURE_GROUPS) + 2],
        )
        if not self.fixed:
            self.noise = values[-1]

    @property
    def bounds(self) -> Array:
        limits: Array = np.log(
            np.array(
                [*[VARIANCE_BOUNDS] * (len(FEATURE_GROUPS) + 1), LENGTH_BOUNDS, *([] if self.fixed else [NOISE_BOUNDS])]
            )
        )
        return limits

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Any:  # noqa: N803 - sklearn's names
        parts = self.points.compute_products(X, Y)
        mine = self.points.compute_squares(X).sum(0)
        theirs = mine if Y is None else self.points.compute_squares(Y).sum(0)
        smooth, squares = self._compute_smooth(parts, mine, theirs)
        variances = np.array(self.variances)
        covariance = np.tensordot(variances, parts, 1) + smooth
        if Y is not None:
            return covariance
        noise = self.noise * np.eye(len(X))
        if not eval_gradient:
            return covariance + noise
        by_length = smooth * squares / self.length**2
        return covariance + noise, np.stack(
            [*(variances[:, None, None] * parts), smooth, by_length, *([] if self.fixed else [noise])], axis=-1
        )

    def compute_noiseless(self, parts: Array, mine: Array, theirs: Array) -> Array:
        """The covariance of true values, [rows, others], from inner products by group and squared norms."""
        found: Array = np.tensordot(np.array(self.variances), parts, 1) + self._compute_smooth(parts, mine, theirs)[0]
        return found

    def _compute_smooth(self, parts: Array, mine: Array, theirs: Array) -> tuple[Array, Array]:
        """The smooth term, and squared distances."""
        squares = np.maximum(mine[:, None] + theirs - 2 * parts.sum(0), 0.0)
        return self.rest * np.exp(-squares / (2 * self.length**2)), squares

    def diag(self, X: Array) -> Array:  # noqa: N803
        """Variances of true values, without noise: predictions are of a curriculum, not of one more seed."""
        total: Array = self.rest + np.array(self.variances) @ self.points.compute_squares(X)
        return total

    def is_stationary(self) -> bool:
        """False: the linear terms depend on more than distances."""
        return False
