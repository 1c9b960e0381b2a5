"""Tests and critical values for means whose variance has several parts with few degrees of freedom each (generalized Student's t)."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr

QUADRATURE_NODES = 2000
"""Equally likely deviations that represent a distribution."""
MAX_RANGE, STEPS_PER_DEVIATION = 14, 40
"""The largest range in deviations of a table of tails, and its steps per deviation."""

TailProbability = Callable[[np.ndarray], np.ndarray]
"""The probability that a statistic of values with deviation one exceeds each of some sizes."""


def compute_deviations(*parts: tuple[float, float]) -> np.ndarray:
    """[NODES] equally likely standard deviations of a mean: the root of the sum over parts of ``v f / chi2(f)``.

    With one part, quantiles of ``mean / deviation`` are Student's; with two they are Behrens-Fisher's: generalized intervals (Weerahandi,
    J. Am. Stat. Assoc. 88, 1993), whose coverage is at least the nominal one.

    Args:
        parts: pairs of a variance and its degrees of freedom f; infinite f means that the variance is known.
    """
    found = np.zeros(QUADRATURE_NODES)
    for place, (variance, freedom) in enumerate(parts):
        if variance > 0:
            found += variance * (_compute_inflation(float(f"{freedom:.2g}"), place) if math.isfinite(freedom) else 1.0)
    return np.sqrt(found)


@lru_cache(maxsize=512)
def _compute_inflation(freedom: float, place: int) -> np.ndarray:
    """``f / chi2(f)`` at evenly spaced probabilities, permuted by part; f has two digits, so that the cache is hit."""
    probabilities = (np.arange(QUADRATURE_NODES) + 0.5) / QUADRATURE_NODES
    found: np.ndarray = freedom / np.maximum(chdtri(freedom, probabilities), 1e-300)
    return np.random.default_rng(place).permutation(found)


def compute_normal_tail(size: np.ndarray) -> np.ndarray:
    """The tail probability of the absolute value of a standard normal variable."""
    return np.asarray(2 * ndtr(-size))


@lru_cache(maxsize=64)
def make_range_tail(count: int) -> TailProbability:
    """The tail of the range of `count` independent normal values (Tukey): any pairwise comparison."""
    return _tabulate_tail(
        lambda sizes, at, density: count * (density * (ndtr(at + sizes) - ndtr(at)) ** (count - 1)).sum(-1)
    )


@lru_cache(maxsize=64)
def make_largest_lead_tail(count: int) -> TailProbability:
    """The tail of the largest of `count` independent normal values minus another one (Dunnett): one-sided comparisons with one."""
    return _tabulate_tail(lambda sizes, at, density: (density * ndtr(at + sizes) ** count).sum(-1))


def _tabulate_tail(within: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> TailProbability:
    """A tail, interpolated from a table of ``1 - within``: the integral over a normal value `at` with its `density`, for sizes [n, 1]."""
    at = np.linspace(-9.0, 9.0, 721)
    density = np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi) * (at[1] - at[0])
    sizes = np.arange(MAX_RANGE * STEPS_PER_DEVIATION + 2) / STEPS_PER_DEVIATION
    table = np.clip(1 - within(sizes[:, None], at, density), 0.0, 1.0)
    slopes = np.diff(table, append=0.0)

    def tail(size: np.ndarray) -> np.ndarray:
        place = np.minimum(size, MAX_RANGE) * STEPS_PER_DEVIATION
        below = place.astype(np.intp)
        return np.asarray(table[below] + slopes[below] * (place - below))

    return tail


def compute_p_value(tail: TailProbability, size: float, spread: np.ndarray) -> float:
    """The probability that the statistic exceeds a size, with [NODES] equally likely deviations."""
    return float(tail(size / spread).mean())


def compute_critical_value(tail: TailProbability, spread: np.ndarray, level: float) -> float:
    """The size that the statistic exceeds with probability `level`."""
    most = float(np.median(spread))
    while compute_p_value(tail, most, spread) > level:
        most *= 2
    return float(brentq(lambda size: compute_p_value(tail, size, spread) - level, 0.0, most, xtol=1e-9))


def draw_scale_factors(rng: np.random.Generator, freedom: float, shape: int | tuple[int, ...]) -> np.ndarray:
    """[shape] draws of ``sqrt(f / chi2(f))``: by how much a standard deviation with f degrees of freedom may be underestimated."""
    found: np.ndarray = np.sqrt(freedom / rng.chisquare(freedom, shape))
    return found
