"""LogME: the logarithm of the maximum evidence of a linear model of labels on features (You et al., ICML 2021)."""

import math
from dataclasses import dataclass

import numpy as np

GRID_POINTS = 41
"""Ratios of the two precisions that are tried at a time."""
GRID_ROUNDS = 6
"""How often the neighbourhood of the best ratio is searched on a finer grid: the last step is below 1e-6 of its logarithm's."""


@dataclass(frozen=True, slots=True)
class EvidenceFit:
    """The linear model of the highest evidence."""

    logme: float
    """The log evidence per example, averaged over the outputs."""
    weights: np.ndarray
    """[width, outputs]: the posterior mean of the weights."""


def fit_evidence(features: np.ndarray, outputs: np.ndarray) -> EvidenceFit:
    """Maximise the evidence of ``output ~ N(intercept + features @ w, 1 / beta)`` with ``w ~ N(0, 1 / alpha)`` over alpha and beta.

    As in the paper each output has its own alpha and beta, and the result is the mean over outputs. Two things differ. There is an
    intercept with a flat prior, so that features and outputs are centred and one example is spent on it; the paper's model has none. And
    beta is eliminated: given ``t = alpha / beta``, the evidence is highest at ``1 / beta = y' (I + F F' / t)^-1 y / n``. What is left is
    searched on a grid of t, which cannot diverge where features say nothing, as the paper's iteration does.

    Args:
        features: [examples, width].
        outputs: [examples, outputs]: 0 and 1 for each class, or numbers. Constant ones are left out.

    Raises:
        ValueError: with fewer than three examples, or only constant outputs.
    """
    if len(features) < 3:
        raise ValueError(f"LogME needs at least three examples; got {len(features)}")
    centred = outputs - outputs.mean(0)
    centred = centred[:, (np.abs(centred) > 1e-12).any(0)]
    if not centred.shape[1]:
        raise ValueError("LogME needs outputs that differ between examples")
    spectrum, directions, projected = _decompose(features - features.mean(0), centred)
    fits = [
        _fit_output(spectrum, column, float(own @ own), len(features))
        for column, own in zip(projected.T, centred.T, strict=True)
    ]
    ratios = np.array([ratio for _, ratio in fits])
    scales = np.sqrt(spectrum)[:, None]
    shrunk = projected * (scales / (scales**2 + ratios))
    return EvidenceFit(float(np.mean([evidence for evidence, _ in fits])), directions @ shrunk)


def _decompose(features: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared singular values of the features, their right singular vectors, and the outputs in the directions of the left ones.

    By the eigenvalues of the covariance, several times faster than a singular value decomposition. Directions whose singular value is
    below about 1e-7 of the largest are lost: they are rounding errors of float32 vectors.
    """
    eigenvalues, vectors = np.linalg.eigh(features.T @ features)
    largest = max(float(eigenvalues[-1]), 0.0)
    kept = eigenvalues > max(features.shape) * np.finfo(np.float64).eps * largest
    spectrum, vectors = eigenvalues[kept][::-1], vectors[:, kept][:, ::-1]
    return spectrum, vectors, (vectors.T @ (features.T @ outputs)) / np.sqrt(spectrum)[:, None]


def _fit_output(spectrum: np.ndarray, projected: np.ndarray, square: float, examples: int) -> tuple[float, float]:
    """The highest log evidence per degree of freedom of one output, and its ratio of alpha to beta.

    Args:
        spectrum: squared singular values of the centred features.
        projected: the output in the directions of the features.
        square: the squared norm of the output.
        examples: the number of examples.
    """
    if not len(spectrum):
        return _compute_evidence(np.array([0.0]), spectrum, projected, square, examples - 1)[0], 1.0
    low, high = math.log(float(spectrum[0]) * 1e-10), math.log(float(spectrum[0]) * 1e6)
    for _ in range(GRID_ROUNDS):
        grid = np.linspace(low, high, GRID_POINTS)
        values = _compute_evidence(grid, spectrum, projected, square, examples - 1)
        best, step = int(values.argmax()), grid[1] - grid[0]
        low, high = grid[best] - step, grid[best] + step
    return float(values[best]), float(np.exp(grid[best]))


def _compute_evidence(
    log_ratios: np.ndarray, spectrum: np.ndarray, projected: np.ndarray, square: float, freedom: int
) -> np.ndarray:
    """[ratios]: the log evidence per degree of freedom at the best beta for each ratio."""
    growth = 1 + spectrum / np.exp(log_ratios)[:, None]
    outside = max(0.0, square - float(projected @ projected))
    misfit = np.maximum(outside + (projected**2 / growth).sum(1), 1e-12 * square)
    found: np.ndarray = -0.5 * (math.log(2 * math.pi) + 1 + np.log(misfit / freedom) + np.log(growth).sum(1) / freedom)
    return found
