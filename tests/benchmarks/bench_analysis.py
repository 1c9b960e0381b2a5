"""How often intervals of effects hold the truth, how often an effect is found that is none, and how often one that was planted.

``make bench`` runs 100 searches a setting; ``python -m tests.benchmarks.bench_analysis`` 500. A search is the square of the order study: none, each of four tasks,
every order of two, every two mixed, simulated with noise of the size that the miniature has.
"""

import sys

import numpy as np

from search.analysis._contrasts import HIGH_FIRST
from tests.search.analysis.simulated import Noise
from tests.search.analysis.test_effects import high_first, seen

SETTINGS = [
    ("five seeds", 5, Noise(), 0.02),
    ("five seeds, 1.5 points", 5, Noise(), 0.015),
    ("five seeds, 1 point", 5, Noise(), 0.01),
    ("three seeds", 3, Noise(), 0.02),
    ("five seeds, heavy tails", 5, Noise(tails=5), 0.02),
    ("five seeds, languages and families differ", 5, Noise(family=0.02, language=0.03), 0.02),
]
"""Its name, seeds, noise, and what high-resource tasks first are better than last by; two points where not told otherwise."""


def measure(seeds: int, noise: Noise, size: float, searches: int) -> tuple[float, float, float]:
    """The share of intervals that hold the truth, of searches with a false effect, and of those in which the planted one is found."""
    rng, held, false, found, planted = np.random.default_rng(11), [], 0, 0, high_first(size)
    for _ in range(searches):
        told = seen(rng, seeds, planted, noise)
        held += [estimate.low <= truth <= estimate.high for _, estimate, truth in told]
        false += any(estimate.is_significant for _, estimate, truth in told if abs(truth) < 1e-12)
        found += next(estimate.is_significant for contrast, estimate, _ in told if contrast.name == HIGH_FIRST)
    return float(np.mean(held)), false / searches, found / searches


def table(searches: int) -> list[tuple[float, float, float]]:
    print(f"{searches} searches a setting{'':22}  held   false  found")
    rows = []
    for name, seeds, noise, size in SETTINGS:
        rows.append(measure(seeds, noise, size, searches))
        print(f"{name:45}" + "".join(f"{value:7.3f}" for value in rows[-1]), flush=True)
    return rows


def test_intervals_hold_and_little_is_found_that_is_not_there():
    for held, false, _ in table(100):
        assert 0.92 < held < 0.98
        assert false <= 0.12  # 0.05 and three standard errors


if __name__ == "__main__":
    table(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
