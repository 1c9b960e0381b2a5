import numpy as np
import pytest
from scipy import stats

from search.statistics import compute_deviations, compute_normal_tail, compute_p_value
from search.statistics._student_t import compute_critical_value, make_largest_lead_tail, make_range_tail


@pytest.mark.parametrize("freedom", [1, 2, 5, 30])
def test_one_variance_makes_it_students_t(freedom):
    spread = compute_deviations((4.0, freedom))
    assert compute_critical_value(compute_normal_tail, spread, 0.05) == pytest.approx(
        2 * stats.t.ppf(0.975, freedom), rel=1e-3
    )
    assert compute_p_value(compute_normal_tail, 5.0, spread) == pytest.approx(2 * stats.t.sf(2.5, freedom), rel=5e-3)


def test_a_known_variance_makes_it_normal():
    assert compute_critical_value(compute_normal_tail, compute_deviations((4.0, float("inf"))), 0.05) == pytest.approx(
        2 * stats.norm.ppf(0.975), rel=1e-4
    )


@pytest.mark.parametrize(("count", "freedom"), [(2, 5), (3, 4), (17, 64)])
def test_the_range_of_many_is_tukeys(count, freedom):
    told = compute_critical_value(make_range_tail(count), compute_deviations((1.0, freedom)), 0.05)
    assert told == pytest.approx(stats.studentized_range.ppf(0.95, count, freedom), rel=1e-3)


def test_the_lead_over_one_is_dunnetts():
    drawn = np.random.default_rng(0).standard_normal((200_000, 5))
    told = compute_critical_value(make_largest_lead_tail(4), np.ones(1), 0.025)
    assert told == pytest.approx(np.quantile((drawn[:, 1:] - drawn[:, :1]).max(1), 0.975), rel=0.01)


def test_two_parts_are_wider_than_their_sum_known_to_either():
    both = compute_critical_value(compute_normal_tail, compute_deviations((1.0, 2), (1.0, 13)), 0.05)
    assert both > np.sqrt(2) * stats.t.ppf(0.975, 13)
    assert both < stats.t.ppf(0.975, 2) + stats.t.ppf(0.975, 13)
