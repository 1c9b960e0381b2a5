import numpy as np
import pytest
from scipy.stats import norm

from search.sampler._improvement import MAX_SIMULATED_TRIALS, simulate_improvements


def independent(tried: float, candidates: list[float], deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """One curriculum of which all is known, and candidates of which nothing tells the other's value."""
    means = np.array([tried, *candidates])
    return means, np.diag([0.0, *[deviation**2] * len(candidates)])


def played(means, covariance, trials, by, tried=1) -> float:
    rng = np.random.default_rng(0)
    return float(np.mean([simulate_improvements(means, covariance, 0.01, tried, trials, rng) > by for _ in range(20)]))


@pytest.mark.parametrize("trials", [1, 3, 12, MAX_SIMULATED_TRIALS + 1])
def test_of_independent_candidates_it_is_one_minus_the_chance_that_all_fail(trials):
    means, covariance = independent(0.0, [-1.0] * 12, 1.0)
    expected = 1 - norm.cdf(0.5 + 1.0) ** min(trials if trials <= MAX_SIMULATED_TRIALS else 12, 12)
    assert played(means, covariance, trials, 0.5) == pytest.approx(expected, abs=0.06)


def test_what_is_known_for_certain_is_certain():
    means, covariance = independent(0.0, [0.3, -1.0], 0.0)
    assert played(means, covariance, 1, 0.2) == 1.0
    assert played(means, covariance, 2, 0.4) == 0.0
    assert played(means, covariance, 0, 0.2) == 0.0


def test_the_best_of_those_tried_is_the_best_in_truth():
    """Of two curricula whose values are known no better than the candidate's the better one counts."""
    assert played(np.zeros(3), np.eye(3), 1, 0.0, tried=2) == pytest.approx(1 / 3, abs=0.06)


def test_a_search_learns_where_to_go():
    """Forty candidates of two kinds, and which kind is good is found out by the first trial: two trials of forty come far."""
    kinds = np.repeat([0, 1], 20)
    covariance = np.zeros((41, 41))
    covariance[1:, 1:] = (np.equal.outer(kinds, kinds) * 2 - 1) + 1e-4 * np.eye(40)
    means = np.array([0.0, *[0.0] * 40])
    assert played(means, covariance, 1, 0.3) == pytest.approx(norm.sf(0.3), abs=0.06)
    assert played(means, covariance, 2, 0.3) == pytest.approx(2 * norm.sf(0.3), abs=0.06)
