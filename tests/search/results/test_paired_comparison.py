import numpy as np
import pytest

from search.results import is_significantly_worse
from search.results._paired_comparison import build_finalist_scores, correlate_ranks
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


def test_means_are_the_objectives():
    rng = np.random.default_rng(0)
    trials = [[transfer(rng.random(8)) for _ in range(3)] for _ in range(2)]
    found = build_finalist_scores(trials, "transfer_dev")
    assert found.values.shape == (2, 3, 5)  # families
    assert found.means == pytest.approx([np.mean([each.objective("transfer_dev") for each in t]) for t in trials])


def test_few_families_are_taken_language_by_language():
    codes = dict(zip(CODES, np.random.default_rng(0).random(8), strict=True))
    table = {"dev": {code: {"accuracy": codes[code]} for code in ("de", "fr", "fi", "et")}}
    found = build_finalist_scores([[Transfer({"choice": table}, {"choice": "accuracy"})] * 2] * 2, "transfer_dev")
    assert found.values.shape == (2, 2, 4)


def test_what_is_no_mean_over_languages_is_taken_by_seed_alone():
    rng = np.random.default_rng(1)
    trials = [[transfer(rng.random(8)) for _ in range(4)] for _ in range(2)]
    found = build_finalist_scores(trials, "worst_family_dev")
    assert found.values[1, :, 0] == pytest.approx([each.objective("worst_family_dev") for each in trials[1]])


def test_a_trial_is_behind_when_it_is_worse_nearly_everywhere():
    best = transfer([0.5, 0.6, 0.4, 0.5, 0.6, 0.5, 0.4, 0.6], ("choice", "tagging"))
    rng = np.random.default_rng(0)
    worse = transfer(np.array([0.5, 0.6, 0.4, 0.5, 0.6, 0.5, 0.4, 0.6]) - 0.1 + rng.normal(0, 0.01, 8))
    assert is_significantly_worse(worse, best, 0.99, 0.0)
    assert is_significantly_worse(worse, best, 0.99, 0.01**2)
    assert not is_significantly_worse(best.restrict_to(["choice"]), best, 0.99, 0.0)
    assert not is_significantly_worse(worse, best, 0.99, 0.1**2)


def test_a_trial_that_is_worse_here_and_better_there_is_not_behind():
    best = transfer([0.5] * 8)
    mixed = transfer([0.4, 0.6, 0.3, 0.6, 0.4, 0.6, 0.45, 0.5])
    assert not is_significantly_worse(mixed, best, 0.99, 0.0)


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
        found += is_significantly_worse(trial(), trial(), 0.95, by_seed**2 / len(targets))
    assert found / 600 < 0.075  # 0.05 and 2.8 standard errors


def test_ranks_agree_disagree_or_cannot_be_told():
    assert correlate_ranks([1, 2, 3, 4, 5, 6], [2, 3, 5, 7, 8, 9])[0] == pytest.approx(1.0)
    rho, low, high = correlate_ranks([1, 2, 3, 4, 5, 6, 7, 8], [8, 6, 7, 5, 4, 2, 3, 1])
    assert -1 <= low < rho < high < 0
    assert correlate_ranks([1, 2, 3, 4], [1, 2, 3, 4]) is None
    assert correlate_ranks([1] * 6, [1, 2, 3, 4, 5, 6]) is None
