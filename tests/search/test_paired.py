import numpy as np
import pytest

from search.intervals import interval
from search.paired import behind, difference, ranks
from trainables.transfer import Transfer

CODES = ("de", "fr", "hi", "fi", "et", "tr", "sw", "ja")

MANY = (
    "de",
    "fr",
    "es",
    "hi",
    "ru",
    "fa",
    "el",
    "bn",
    "fi",
    "et",
    "hu",
    "tr",
    "kk",
    "ja",
    "sw",
    "ta",
    "te",
    "id",
    "vi",
    "th",
    "ko",
    "zh",
)


def transfer(scores, targets=("choice",)):
    table = {"dev": {code: {"accuracy": value} for code, value in zip(CODES, scores, strict=True)}}
    return Transfer(dict.fromkeys(targets, table), dict.fromkeys(targets, "accuracy"))


def test_the_mean_of_the_difference_is_the_difference_of_the_objectives():
    rng = np.random.default_rng(0)
    mine, other = ({seed: transfer(rng.random(8)) for seed in range(3)} for _ in range(2))
    found = difference(mine, other, "transfer_dev")
    gaps = [mine[seed].objective("transfer_dev") - other[seed].objective("transfer_dev") for seed in range(3)]
    assert found.mean == pytest.approx(np.mean(gaps))
    assert found.seeds == 3


def test_seeds_that_one_of_the_two_lacks_are_left_out():
    mine = {1: transfer([0.5] * 8), 2: transfer([0.6] * 8), 3: transfer([0.9] * 8)}
    other = {1: transfer([0.4] * 8), 2: transfer([0.5] * 8)}
    found = difference(mine, other, "transfer_dev")
    assert (found.mean, found.seeds) == (pytest.approx(0.1), 2)


def test_what_is_no_mean_over_languages_is_compared_by_seed():
    rng = np.random.default_rng(1)
    mine, other = ({seed: transfer(rng.random(8)) for seed in range(4)} for _ in range(2))
    gaps = [mine[s].objective("worst_family_dev") - other[s].objective("worst_family_dev") for s in range(4)]
    assert difference(mine, other, "worst_family_dev") == interval(gaps)


def test_one_seed_has_no_interval():
    found = difference({1: transfer([0.5] * 8)}, {1: transfer([0.25] * 8)}, "transfer_dev")
    assert (found.mean, found.low, found.high) == (0.25, None, None)


def test_a_trial_is_behind_when_it_is_worse_nearly_everywhere():
    best = transfer([0.5, 0.6, 0.4, 0.5, 0.6, 0.5, 0.4, 0.6], ("choice", "tagging"))
    rng = np.random.default_rng(0)
    worse = transfer(np.array([0.5, 0.6, 0.4, 0.5, 0.6, 0.5, 0.4, 0.6]) - 0.1 + rng.normal(0, 0.01, 8))
    assert behind(worse, best, 0.99, 0.0)
    assert behind(worse, best, 0.99, 0.01**2)
    assert not behind(best.over(["choice"]), best, 0.99, 0.0)
    assert not behind(worse, best, 0.99, 0.1**2)


def test_a_trial_that_is_worse_here_and_better_there_is_not_behind():
    best = transfer([0.5] * 8)
    mixed = transfer([0.4, 0.6, 0.3, 0.6, 0.4, 0.6, 0.45, 0.5])
    assert not behind(mixed, best, 0.99, 0.0)


@pytest.mark.parametrize("targets", [("choice",), ("choice", "tagging", "answer")])
@pytest.mark.parametrize("by_seed", [0.0, 0.01, 0.03])
def test_equal_trials_are_called_behind_as_seldom_as_the_test_says(targets, by_seed):
    """Seeds shift a model in all languages of a target alike; languages count by their families."""
    rng, found = np.random.default_rng(5), 0

    def trial():
        tables = {}
        for target in targets:
            noisy = 0.5 + rng.normal(0, by_seed) + rng.normal(0, 0.03, len(MANY))
            tables[target] = {"dev": {code: {"accuracy": value} for code, value in zip(MANY, noisy, strict=True)}}
        return Transfer(tables, dict.fromkeys(targets, "accuracy"))

    for _ in range(600):
        found += behind(trial(), trial(), 0.95, by_seed**2 / len(targets))
    assert found / 600 < 0.075  # 0.05 and 2.8 standard errors


def test_ranks_agree_disagree_or_cannot_be_told():
    assert ranks([1, 2, 3, 4, 5, 6], [2, 3, 5, 7, 8, 9])[0] == pytest.approx(1.0)
    rho, low, high = ranks([1, 2, 3, 4, 5, 6, 7, 8], [8, 6, 7, 5, 4, 2, 3, 1])
    assert -1 <= low < rho < high < 0
    assert ranks([1, 2, 3, 4], [1, 2, 3, 4]) is None
    assert ranks([1] * 6, [1, 2, 3, 4, 5, 6]) is None
