import numpy as np
import pytest

from search.analysis._gains import compute_seed_gains, estimate_family_gains, shrink_family_gains
from search.analysis._measures import build_family_measures
from tests.search.analysis.simulated import Noise, scored, scores, square

ALIKE = Noise(family=0.0)


def gains(rng, trials, seeds, planted=lambda tasks: 0.0, noise=ALIKE):
    curricula = square()[:trials]
    found = scored(scores(rng, curricula, seeds, planted, noise), curricula)
    families, pairs = build_family_measures(found), dict.fromkeys(range(1, trials), 0)
    return found, families, pairs, compute_seed_gains(found, families, pairs)


@pytest.mark.parametrize(("trials", "seeds"), [(2, 3), (3, 5)])
def test_all_families_together_seldom_differ_where_none_does(trials, seeds):
    rng = np.random.default_rng(trials)
    called = [
        any(each.is_significant for each in estimate_family_gains(*gains(rng, trials, seeds)).values())
        for _ in range(60)
    ]
    assert np.mean(called) <= 0.13  # 0.05 and three standard errors


def test_a_gain_of_every_family_is_significant_in_most():
    found = estimate_family_gains(*gains(np.random.default_rng(1), 2, 5, lambda tasks: 0.12 * bool(tasks)))
    assert len(found) == 14
    assert np.mean([each.is_significant for each in found.values()]) > 0.7


def test_intervals_and_tests_agree():
    found = estimate_family_gains(*gains(np.random.default_rng(2), 3, 5, lambda tasks: 0.05 * bool(tasks)))
    assert {each.is_significant for each in found.values()} == {True, False}
    for each in found.values():
        assert each.is_significant == (each.low > 0 or each.high < 0)
        assert each.p <= each.p_max
        assert each.p_holm is None


def test_bounds_are_those_of_a_difference_of_scores():
    found = estimate_family_gains(*gains(np.random.default_rng(3), 2, 2, noise=Noise(seed=0.4)))
    assert all(-1.0 <= each.low < each.high <= 1.0 for each in found.values())


def test_families_are_drawn_towards_their_mean():
    given = gains(np.random.default_rng(4), 2, 3)
    measured = {name: each.mean for (_, name), each in estimate_family_gains(*given).items()}
    drawn = shrink_family_gains(given[1], given[3][1])
    middle = np.mean(list(measured.values()))
    assert np.mean(list(drawn.values())) == pytest.approx(middle)
    assert all(abs(drawn[name] - middle) <= abs(measured[name] - middle) for name in measured)
    assert np.std(list(drawn.values())) < 0.9 * np.std(list(measured.values()))


def test_without_a_trial_to_compare_with_there_are_no_gains():
    found, families, *_ = gains(np.random.default_rng(5), 2, 3)
    assert estimate_family_gains(found, families, {}, {}) == {}
