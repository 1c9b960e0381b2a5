"""On simulated searches with effects that we know, and with none."""

import numpy as np
import pytest

from search.analysis import collect_repeated_scores
from search.analysis._arms import collect_single_scores
from search.analysis._contrasts import HIGH_FIRST, find_contrasts
from search.analysis._effects import estimate_effects
from search.analysis._measures import build_overall_measure
from search.statistics import adjust_holm
from tests.search.analysis.simulated import CODES, FAMILIES, HIGH, LOW, Noise, scored, scores, search, square

QUIET = Noise(seed=1e-6, shared=0.01, family=1e-6, language=1e-6, rest=1e-6)


def high_first(size):
    """Half of a difference between orders, to either side."""

    def planted(tasks):
        if len(tasks) != 2:
            return 0.0
        return (
            size / 2 * (int(tasks[0] in HIGH) - int(tasks[0] in LOW))
            if {*tasks} & {*HIGH} and {*tasks} & {*LOW}
            else 0.0
        )

    return planted


def truth(contrast, arms, planted):
    return float(contrast.weights(len(arms)) @ np.array([planted(arm.tasks) for arm in arms]))


def seen(rng, seeds, planted, noise):
    """Every contrast of the square over all families, with its true size."""
    found = scored(scores(rng, square(), seeds, planted, noise), square())
    told = build_overall_measure(found).compare(found, [each.weights(len(found.arms)) for each in SQUARE])
    return list(zip(SQUARE, adjust_holm(told), (truth(each, found.arms, planted) for each in SQUARE), strict=True))


SQUARE = find_contrasts(scored(np.zeros((len(square()), 1, 1, 1)), square()).arms)
"""Twenty-three of them."""


@pytest.mark.parametrize(
    ("seeds", "noise"),
    [
        (5, Noise()),
        (3, Noise()),
        (5, Noise(tails=5)),
    ],
)
def test_intervals_hold_the_truth_and_nothing_is_found_where_nothing_is(seeds, noise):
    """500 searches of 17 and more curricula: one contrast of each, and all tests of each."""
    rng, planted, held, false = np.random.default_rng(7), high_first(0.02), 0, 0
    for _ in range(500):
        found = seen(rng, seeds, planted, noise)
        _, estimate, size = found[int(rng.integers(len(found)))]
        held += estimate.low <= size <= estimate.high
        false += any(estimate.is_significant for _, estimate, size in found if abs(size) < 1e-12)
    assert 0.92 < held / 500 < 0.98
    assert false / 500 < 0.07  # 0.05 and two standard errors


def test_an_effect_of_the_size_that_the_order_study_sees_is_mostly_found():
    rng, planted = np.random.default_rng(8), high_first(0.02)
    found = [
        estimate.is_significant
        for _ in range(100)
        for contrast, estimate, _ in seen(rng, 5, planted, Noise())
        if contrast.name == HIGH_FIRST
    ]
    assert np.mean(found) > 0.75


def test_planted_effects_are_recovered_over_all_in_every_family_and_target():
    results = search(np.random.default_rng(0), square(), 3, high_first(0.04), QUIET)
    found = {
        effect.name: effect
        for effect in estimate_effects(collect_repeated_scores(results), collect_single_scores(results))
    }
    told = found[HIGH_FIRST]
    assert told.is_paired
    assert told.pairs == 4
    assert told.overall.mean == pytest.approx(0.04, abs=1e-4)
    assert told.overall.is_significant
    assert {*told.families} == {
        *FAMILIES[:0],
        *(family for family in set(FAMILIES) if family not in ("Creole", "Quechuan")),
    }
    assert all(each.mean == pytest.approx(0.04, abs=1e-4) for each in [*told.families.values(), *told.targets.values()])
    assert abs(found["dates before facts"].overall.mean) < 1e-4


def test_an_effect_in_one_family_alone_shows_there():
    uralic = {code: 1.0 for code, family in zip(CODES, FAMILIES, strict=True) if family == "Uralic"}
    results = search(np.random.default_rng(1), square(), 5, high_first(0.1), languages=uralic)
    told = next(each for each in estimate_effects(collect_repeated_scores(results), None) if each.name == HIGH_FIRST)
    assert told.families["Uralic"].mean == pytest.approx(0.1, abs=0.02)
    assert told.families["Uralic"].is_significant
    others = [each for family, each in told.families.items() if family != "Uralic"]
    assert max(abs(each.mean) for each in others) < 0.05
    assert not any(each.is_significant for each in others)


def test_one_seed_is_left_to_the_model_and_says_so():
    results = search(np.random.default_rng(2), square(), 0, high_first(0.04), QUIET)
    found = {
        effect.name: effect
        for effect in estimate_effects(collect_repeated_scores(results), collect_single_scores(results))
    }
    told = found[HIGH_FIRST]
    assert not told.is_paired
    assert told.overall.mean == pytest.approx(0.04, abs=1e-3)
    assert told.overall.is_significant


def test_the_model_finds_nothing_where_nothing_is():
    rng, false, held = np.random.default_rng(3), 0, []
    for _ in range(200):
        single = scored(scores(rng, square(), 1), square())
        found = [
            each
            for each in estimate_effects(None, single)
            if each.kind in ("resource", "precedence", "position", "joint")
        ]
        false += any(each.overall.is_significant for each in found)
        held += [each.overall.low <= 0 <= each.overall.high for each in found]
    assert false / 200 < 0.085  # 0.05 and 2.3 standard errors
    assert 0.92 < np.mean(held) < 0.98


def test_few_trials_give_no_effect():
    results = search(np.random.default_rng(4), square()[:5], 0)
    assert estimate_effects(None, collect_single_scores(results)) == []
