import numpy as np
import pytest
from scipy import stats

from search.statistics import Estimate, PriorVariance, adjust_holm, adjust_jointly, estimate_hierarchical_mean

EQUAL = {units: (np.full(units, 1 / units), np.ones((units, 1))) for units in (4, 12, 48)}


def layout(rng, seeds, units, by_seed, by_unit, rest, draw=None):
    draw = draw or rng.standard_normal
    return draw((seeds, 1)) * by_seed + draw(units) * by_unit + draw((seeds, units)) * rest


def test_equal_differences_everywhere_are_a_point():
    found = estimate_hierarchical_mean(np.full((3, 4), 0.25), *EQUAL[4])
    assert (found.low, found.mean, found.high, found.p) == (0.25, 0.25, 0.25, None)


def test_one_seed_has_no_interval():
    found = estimate_hierarchical_mean(np.array([[0.1, 0.2, 0.3, 0.4]]), *EQUAL[4])
    assert (found.mean, found.low, found.high, found.p) == (0.25, None, None, None)


def test_where_seeds_alone_differ_the_interval_is_students():
    values = np.tile(np.array([[0.01], [0.03], [-0.02], [0.02], [0.05]]), 12)
    found = estimate_hierarchical_mean(values, *EQUAL[12])
    low, high = stats.t.interval(0.95, 4, loc=values[:, 0].mean(), scale=stats.sem(values[:, 0]))
    assert found.low == pytest.approx(low, abs=0.004)
    assert found.high == pytest.approx(high, abs=0.004)


def test_a_gap_in_every_unit_is_found_with_few_seeds():
    rng = np.random.default_rng(3)
    found = estimate_hierarchical_mean(0.03 + layout(rng, 3, 48, 0, 0, 0.02), *EQUAL[48])
    assert found.low > 0


def test_the_same_data_give_the_same_interval():
    values = layout(np.random.default_rng(4), 3, 12, 0.01, 0.01, 0.01)
    assert estimate_hierarchical_mean(values, *EQUAL[12]) == estimate_hierarchical_mean(values, *EQUAL[12])


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("units", [4, 12, 48])
@pytest.mark.parametrize(
    "spread",
    [
        (0.01, 0.0, 0.05),
        (0.03, 0.02, 0.05),
        (0.0, 0.05, 0.05),
        (0.01, 0.05, 0.05),
        (0.03, 0.05, 0.02),
        (0.03, 0.0, 0.002),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(seeds, units, spread):
    """Two trials alone; with three seeds intervals may be too wide, not too narrow."""
    rng = np.random.default_rng(seeds * 100 + units)
    told = [estimate_hierarchical_mean(layout(rng, seeds, units, *spread), *EQUAL[units]) for _ in range(500)]
    held = np.mean([each.low <= 0 <= each.high for each in told])
    assert (0.92 < held <= 0.994) if seeds == 5 else held > 0.92


@pytest.mark.parametrize("seeds", [2, 3])
def test_p_values_of_two_trials_alone_are_seldom_too_small(seeds):
    rng = np.random.default_rng(seeds)
    told = [estimate_hierarchical_mean(layout(rng, seeds, 12, 0.01, 0.005, 0.03), *EQUAL[12]).p for _ in range(500)]
    assert np.mean(np.array(told) < 0.05) < 0.07
    assert np.mean(np.array(told) < 0.005) < 0.012


def trials(rng, count, seeds, sizes):
    """Values [trials, seeds, units] that differ by nothing but chance, seeds by a size of each trial's own."""
    return np.stack([layout(rng, seeds, 12, size, 0.004, 0.02) for size in sizes])


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("uneven", [False, True])
def test_trials_tell_of_one_anothers_seeds(seeds, uneven):
    """Sixteen trials: intervals are narrower than from two alone and still hold the truth."""
    rng, held, widths, seldom = np.random.default_rng(seeds), 0, np.zeros(2), 0
    sizes = np.where(np.arange(16) % 2, 0.02, 0.008) if uneven else np.full(16, 0.012)
    for _ in range(500):
        values = trials(rng, 16, seeds, sizes)
        spread = PriorVariance.estimate(values.mean(-1))
        pick = rng.choice(16, 2, replace=False)
        found = estimate_hierarchical_mean(values[pick[0]] - values[pick[1]], *EQUAL[12], spread, 2.0)
        alone = estimate_hierarchical_mean(values[pick[0]] - values[pick[1]], *EQUAL[12])
        held += found.low <= 0 <= found.high
        widths += (found.high - found.low, alone.high - alone.low)
        seldom += found.p < 0.005
    assert 0.9 < held / 500 <= 0.985
    assert widths[0] < widths[1]
    assert seldom / 500 < 0.016


def test_few_trials_tell_nothing_of_seeds():
    values = np.random.default_rng(0).random((3, 5))
    assert PriorVariance.estimate(values) is None
    assert PriorVariance.estimate(np.ones((8, 5))) is None
    assert PriorVariance.estimate(np.random.default_rng(0).random((8, 1))) is None


def test_what_a_seed_does_to_all_trials_is_no_spread():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 0.01, (16, 5))
    shifted = values + rng.normal(0, 1.0, 5)
    assert PriorVariance.estimate(shifted).variance == pytest.approx(PriorVariance.estimate(values).variance)


def test_units_in_groups_of_their_own_do_not_widen_the_interval():
    rng = np.random.default_rng(2)
    group = np.repeat([0.0, 1.0], 6)
    values = layout(rng, 5, 12, 0.001, 0.001, 0.001) + group
    design = np.column_stack([group, 1 - group])
    weights = np.where(group == 1, 1 / 6, 0.0)
    told = estimate_hierarchical_mean(values, weights, design)
    assert told.mean == pytest.approx(1.0, abs=0.01)
    assert told.high - told.low < 0.01


def estimate(p):
    return Estimate(0.1, 0.0, 0.2, 5, p)


def test_holm_multiplies_the_smallest_by_all_and_the_largest_by_one():
    found = adjust_holm([estimate(0.04), estimate(0.01), estimate(None), estimate(0.03)])
    assert [each.p_holm for each in found] == [pytest.approx(0.06), pytest.approx(0.03), None, pytest.approx(0.06)]
    assert [each.is_significant for each in found] == [False, True, False, False]


@pytest.mark.parametrize("seeds", [2, 3])
def test_seeds_that_agree_by_luck_do_not_narrow_the_interval(seeds):
    """Means by seed are alike to the last digit, families differ: they alone imply more than that."""
    values = 0.03 + layout(np.random.default_rng(seeds), seeds, 12, 0, 0, 0.026)
    values += values.mean() - values.mean(1, keepdims=True)
    found = estimate_hierarchical_mean(values, *EQUAL[12])
    floor = stats.t.ppf(0.975, 11) * stats.sem(values.mean(0))
    assert found.high - found.mean >= floor
    assert found.p > 2 * stats.t.sf(0.03 / stats.sem(values.mean(0)), 11) / 2


def test_intervals_of_many_tests_are_wider_and_agree_with_holm():
    rng = np.random.default_rng(6)
    values = [gain + layout(rng, 5, 12, 0.01, 0.004, 0.02) for gain in (0.0, 0.03, 0.1)]
    alone = [estimate_hierarchical_mean(each, *EQUAL[12]) for each in values]
    told = adjust_jointly([estimate_hierarchical_mean(each, *EQUAL[12], tests=3) for each in values])
    assert all(each.high - each.low > one.high - one.low for each, one in zip(told[:2], alone[:2], strict=True))
    assert all(each.is_significant == (each.low >= 0 or each.high <= 0) for each in told)
    assert told[2].is_significant


def test_a_difference_lies_between_minus_one_and_one():
    found = estimate_hierarchical_mean(np.array([[0.9, 0.1], [-0.9, 0.2]]), np.full(2, 0.5), np.ones((2, 1))).clip(
        -1.0, 1.0
    )
    assert (found.low, found.high) == (-1.0, 1.0)
