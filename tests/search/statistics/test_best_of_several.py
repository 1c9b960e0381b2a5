import numpy as np
import pytest
from scipy import stats

from search.statistics import FinalistScores

UNITS = 14


def scores(rng, truth, seeds, by_seed=0.012, common=0.0, by_unit=0.004, rest=0.01):
    """[trials, seeds, units]"""
    trials = len(truth)
    found = 0.5 + np.array(truth)[:, None, None] + rng.normal(0, by_seed, (trials, seeds, 1))
    found = found + rng.normal(0, common, (1, seeds, 1)) + rng.normal(0, by_unit, (trials, 1, UNITS))
    return found + rng.normal(0, rest, (trials, seeds, UNITS))


def finalists(*asked, **noise):
    return FinalistScores(scores(*asked, **noise), np.full(UNITS, 1 / UNITS))


@pytest.fixture(scope="module")
def alike():
    """200 searches of 17 finalists that are all alike, on five seeds."""
    rng = np.random.default_rng(0)
    return [finalists(rng, [0.0] * 17, 5) for _ in range(200)]


def test_the_interval_of_the_highest_of_seventeen_holds_the_truth(alike):
    """Student's over its own five seeds holds it in four of five."""
    told, plain = [each.correct_best_score() for each in alike], []
    for each in alike:
        found = stats.ttest_1samp(each.values.mean(2)[each.best], 0.0).confidence_interval()
        plain.append(found.low <= each.values.mean((1, 2))[each.best] - each.means[each.best] + 0.5 <= found.high)
    held = [each.low <= 0.5 <= each.high for each in told]
    assert np.mean(held) > 0.92
    assert np.mean(plain) < 0.86


def test_the_highest_of_seventeen_is_corrected_for_being_it(alike):
    raw, corrected = (
        np.mean([getattr(each.correct_best_score(), name) for each in alike]) - 0.5 for name in ("uncorrected", "mean")
    )
    assert raw > 0.008
    assert abs(corrected) < 0.003


def test_seldom_is_any_of_seventeen_alike_called_worse(alike):
    called = [any(found.p <= 0.05 for found in each.compare_best().values()) for each in alike]
    assert np.mean(called) < 0.1  # 0.05 and three standard errors


def test_one_far_ahead_is_hardly_corrected_and_separated():
    found = finalists(np.random.default_rng(1), [0.1, *[0.0] * 6], 5)
    told = found.correct_best_score()
    assert told.uncorrected - told.mean < 0.001
    assert all(each.p <= 0.05 and each.low >= 0 for each in found.compare_best().values())


def test_two_trials_are_compared_by_students_t():
    """Where seeds alone differ."""
    gaps = np.array([0.01, 0.03, -0.02, 0.02, 0.05])
    values = np.stack([0.5 + gaps, np.full(5, 0.5)])[..., None]
    (found,) = FinalistScores(values, np.ones(1)).compare_best().values()
    low, high = stats.t.interval(0.95, 4, loc=gaps.mean(), scale=stats.sem(gaps))
    assert (found.low, found.high) == (pytest.approx(low, abs=2e-5), pytest.approx(high, abs=2e-5))
    assert found.p == pytest.approx(stats.ttest_1samp(gaps, 0).pvalue, abs=2e-4)


def test_three_trials_are_compared_by_tukeys_range():
    rng = np.random.default_rng(2)
    values = rng.normal(0.5, 0.01, (3, 4))
    values += 0.5 - values.mean(0)  # no seed differs
    found = FinalistScores(values[..., None], np.ones(1))
    error = np.sqrt(((values - values.mean(1, keepdims=True)) ** 2).sum() / 6 / 4)
    for told in found.compare_best().values():
        assert told.p > 0.05
        assert told.mean - told.low == pytest.approx(stats.studentized_range.ppf(0.95, 3, 6) * error, rel=1e-3)
        assert told.high - told.mean < told.mean - told.low


@pytest.mark.parametrize("trials", [2, 3, 5])
def test_seeds_that_agree_by_luck_do_not_narrow_an_interval(trials):
    """Means by seed are alike to the last digit; what is left, seed by unit, says that this is luck."""
    rng = np.random.default_rng(trials)
    values = scores(rng, [0.03, *[0.0] * (trials - 1)], 3, rest=0.03)
    values = values - values.mean(2, keepdims=True) + values.mean((1, 2), keepdims=True)
    found = FinalistScores(values, np.full(UNITS, 1 / UNITS))
    for place, told in found.compare_best().items():
        effects = values[found.best].mean(0) - values[place].mean(0)
        floor = stats.t.ppf(0.975, UNITS - 1) * stats.sem(effects)
        assert told.high - told.mean >= 0.9 * floor
    left = values - values.mean(1, keepdims=True)
    least = np.sqrt(left.var() * 1.5 / UNITS / 3)
    assert found.correct_best_score().high - found.correct_best_score().mean >= least


def test_bounds_stay_where_scores_and_their_differences_can_be():
    values = np.array([[[0.99], [0.01]], [[0.02], [0.9]]])
    found = FinalistScores(values, np.ones(1))
    assert (found.correct_best_score().low, found.correct_best_score().high) == (0.0, 1.0)
    assert all((told.low, told.high) == (-1.0, 1.0) for told in found.compare_best().values())


def test_the_same_scores_everywhere_are_a_point():
    found = FinalistScores(np.full((3, 2, 4), 0.5), np.full(4, 0.25))
    assert (found.best, found.correct_best_score().low, found.correct_best_score().high) == (0, 0.5, 0.5)
    assert all((told.low, told.mean, told.high) == (0, 0, 0) for told in found.compare_best().values())


def test_the_same_scores_give_the_same_words():
    rng = np.random.default_rng(4)
    values = scores(rng, [0.0] * 4, 3)
    one, other = (FinalistScores(values, np.full(UNITS, 1 / UNITS)) for _ in range(2))
    assert one.correct_best_score() == other.correct_best_score()
    assert one.compare_best() == other.compare_best()
