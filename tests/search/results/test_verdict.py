import math
from statistics import fmean

import pytest
from scipy import stats

from search.results import decide_verdict
from search.statistics import Interval, compute_interval


@pytest.fixture
def searched(config, reopen, outcome):
    """Makes a study of complete trials with these values, and these values on fresh seeds, seeds counted from 1."""

    def make(values, repeats, changes=None):
        study = reopen(config(changes))
        for value, fresh in zip(values, repeats, strict=True):
            number, trial = study.ask()
            study.tell(number, outcome(trial, value))
            for seed, again in enumerate(fresh, 1):
                if again is not None:
                    study.tell_repeat(number, seed, outcome(trial, again, ("dev", "test")))
        return study

    return make


def verdict_of(study):
    return decide_verdict(study.get_complete_trials(), study.get_repeat_outcomes(), study.config)


def test_finalists_apart_on_paired_seeds_are_separated(searched):
    verdict = verdict_of(searched([0.4, 0.5, 0.6], [[0.40, 0.41, 0.42], [0.50, 0.51, 0.52], [0.60, 0.61, 0.62]]))
    assert (verdict.best, verdict.conclusion) == (2, "separated")
    assert [comparison.other for comparison in verdict.comparisons] == [1, 0]
    assert all(comparison.separated for comparison in verdict.comparisons)
    assert verdict.value.mean == pytest.approx(0.61)


def test_pairing_takes_the_noise_out_that_seeds_share(searched):
    noise = (0.0, 0.2, -0.2)
    fresh = [[0.4 + n for n in noise], [0.45 + n + e for n, e in zip(noise, (0.001, 0, -0.001), strict=True)]]
    verdict = verdict_of(searched([0.4, 0.5], fresh, {"finalists.top": 1}))
    assert (verdict.best, verdict.conclusion) == (1, "separated")
    assert verdict.value.low < 0.4 < verdict.value.high


def test_finalists_within_each_others_noise_are_a_tie(searched):
    verdict = verdict_of(searched([0.4, 0.5, 0.6], [[0.4, 0.5, 0.6], [0.5, 0.4, 0.6], [0.6, 0.5, 0.45]]))
    assert verdict.conclusion == "tie"


def test_one_finalist_that_is_not_separated_makes_it_a_tie(searched):
    verdict = verdict_of(searched([0.3, 0.5, 0.6], [[0.30, 0.31, 0.32], [0.5, 0.7, 0.6], [0.6, 0.61, 0.62]]))
    assert (verdict.best, verdict.conclusion) == (2, "tie")
    assert {comparison.other: comparison.separated for comparison in verdict.comparisons} == {1: False, 0: True}


def test_equal_finalists_are_a_tie_that_the_earlier_one_leads(searched):
    verdict = verdict_of(searched([0.5, 0.5], [[0.5] * 3, [0.5] * 3]))
    assert (verdict.best, verdict.conclusion) == (0, "tie")


def test_fresh_seeds_overrule_the_value_a_trial_was_chosen_by(searched):
    verdict = verdict_of(searched([0.4, 0.5, 0.9], [[0.4] * 3, [0.61, 0.6, 0.6], [0.5] * 3]))
    assert verdict.best == 1


def test_without_repeats_the_best_value_leads_unconfirmed(searched):
    verdict = verdict_of(searched([0.4, 0.6, 0.5], [[], [], []]))
    assert (verdict.best, verdict.conclusion, verdict.value, verdict.comparisons) == (1, "unconfirmed", None, ())


def test_fewer_seeds_than_asked_for_are_unconfirmed(searched):
    verdict = verdict_of(searched([0.4, 0.5, 0.6], [[0.4, 0.41], [0.5, 0.51], [0.6, 0.61]]))
    assert (verdict.best, verdict.conclusion) == (2, "unconfirmed")


def test_one_seed_is_unconfirmed_even_if_no_more_were_asked_for(searched):
    verdict = verdict_of(searched([0.4, 0.6], [[0.4], [0.6]], {"finalists.seeds": 1}))
    assert (verdict.conclusion, verdict.value) == ("unconfirmed", Interval(pytest.approx(0.6), None, None, 1))


def test_a_finalist_that_was_never_repeated_leaves_it_unconfirmed(searched):
    verdict = verdict_of(searched([0.4, 0.5, 0.6], [[0.40, 0.41, 0.42], [0.50, 0.51, 0.52], []]))
    assert verdict.conclusion == "unconfirmed"


def test_only_seeds_that_all_finalists_have_are_compared(searched):
    verdict = verdict_of(
        searched([0.4, 0.6], [[0.4, None, 0.4], [0.6, 0.1, 0.6]], {"finalists": {"top": 1, "seeds": 2}})
    )
    assert verdict.value.mean == pytest.approx(0.6)
    assert verdict.comparisons[0].difference.seeds == 2


def test_a_baseline_alone_is_unconfirmed(searched):
    assert verdict_of(searched([0.4], [[0.4, 0.4, 0.4]])).conclusion == "unconfirmed"


def test_no_complete_trial_has_no_best(searched):
    verdict = verdict_of(searched([], []))
    assert (verdict.best, verdict.conclusion) == (None, "unconfirmed")


def test_an_interval_is_students(searched):
    values = [0.41, 0.47, 0.44, 0.5]
    found = compute_interval(values)
    half = stats.t.ppf(0.975, 3) * stats.tstd(values) / math.sqrt(4)
    assert (found.low, found.high) == (pytest.approx(found.mean - half), pytest.approx(found.mean + half))


def test_an_interval_of_equal_values_is_a_point():
    assert compute_interval([0.5, 0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 3)


def test_an_interval_reads_as_mean_and_bounds():
    assert str(Interval(0.5, 0.4, 0.6, 3)) == "0.500 [0.400, 0.600]"
    assert str(compute_interval([0.5])) == "0.500"


def test_a_comparison_says_whether_it_separates(searched):
    verdict = verdict_of(searched([0.4, 0.6], [[0.4, 0.41, 0.42], [0.6, 0.61, 0.62]]))
    document = verdict.comparisons[0].to_json()
    assert (document["other"], document["separated"], document["difference"]["seeds"]) == (0, True, 3)


def test_bounds_of_a_score_stay_where_scores_can_be():
    assert compute_interval([0.1, 0.9]).low < 0
    assert str(compute_interval([0.1, 0.9]).clip(0.0, 1.0)) == "0.500 [0.000, 1.000]"
    assert compute_interval([0.5]).clip(0.0, 1.0) == compute_interval([0.5])


def test_the_value_comes_with_what_was_measured_its_split_and_its_method(searched):
    values = [[0.50, 0.47, 0.52], [0.51, 0.48, 0.50], [0.50, 0.49, 0.51]]
    verdict = verdict_of(searched([0.4, 0.5, 0.6], values))
    told = verdict.confirmed_to_json()
    assert told["raw"] == pytest.approx(max(fmean(each) for each in values))
    assert told["low"] < told["mean"] < told["raw"] < told["high"]
    assert (told["split"], told["seeds"]) == ("dev", 3)
    assert "highest of k" in told["method"]
    (document, *_) = [comparison.to_json() for comparison in verdict.comparisons]
    assert (document["split"], document["separated"]) == ("dev", False)
    assert 0.05 < document["p"] <= 1


def test_one_finalist_alone_is_not_corrected(searched):
    verdict = verdict_of(searched([0.4], [[0.4, 0.41, 0.42]]))
    assert verdict.value.low == pytest.approx(compute_interval([0.4, 0.41, 0.42]).low)
    assert verdict.confirmed_to_json()["method"] == "Student's t over seeds"


def test_no_interval_holds_zero_where_the_word_is_better(searched):
    verdict = verdict_of(searched([0.2, 0.5, 0.53], [[0.20, 0.21, 0.19], [0.50, 0.51, 0.50], [0.54, 0.54, 0.53]]))
    assert verdict.conclusion == "separated"
    assert all(comparison.separated and comparison.difference.low >= 0 for comparison in verdict.comparisons)
    assert all(comparison.p <= 0.05 for comparison in verdict.comparisons)


def test_two_seeds_that_disagree_are_bounded_by_what_is_possible(searched):
    verdict = verdict_of(searched([0.4, 0.6], [[0.9, 0.1], [0.2, 0.8]], {"finalists": {"top": 1, "seeds": 2}}))
    (comparison,) = verdict.comparisons
    assert (comparison.difference.low, comparison.difference.high) == (-1.0, 1.0)
    assert (verdict.value.low, verdict.value.high) == (0.0, 1.0)
