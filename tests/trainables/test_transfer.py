from collections import Counter
from dataclasses import replace
from itertools import permutations
from statistics import StatisticsError
from typing import get_args

import pytest

from trainables.transfer import Objective, Transfer, draw_language_pairs, format_language_pair

MAIN = {
    "choice": {"en": 0.9, "de": 0.8, "fr": 0.6, "fi": 0.5, "ht": 0.1, "yo": 0.2},
    "tagging": {"en": 0.7, "fi": 0.3, "et": 0.1, "yo": 0.4},
}


def transfer(main: dict[str, dict[str, float]] = MAIN, split: str = "dev") -> Transfer:
    scores = {
        target: {split: {language: {"main": score, "other": 1.0} for language, score in table.items()}}
        for target, table in main.items()
    }
    return Transfer(scores, dict.fromkeys(main, "main"))


def test_a_target_stands_by_its_main_metric():
    assert transfer().languages("choice", "dev") == MAIN["choice"]


def test_family_means_leave_out_the_source_and_the_unseen_languages():
    assert transfer().families("choice") == pytest.approx({"Indo-European": 0.7, "Uralic": 0.5})


def test_families_come_in_alphabetical_order():
    table = transfer({"choice": {"fi": 0.1, "tr": 0.2, "eu": 0.3, "de": 0.4}}).families("choice")
    assert list(table) == ["Basque", "Indo-European", "Turkic", "Uralic"]


def test_a_family_counts_alike_however_many_languages_it_has():
    assert transfer().target_means() == pytest.approx({"choice": 0.6, "tagging": 0.2})


def test_a_family_mean_is_over_the_targets_that_cover_it():
    assert transfer().family_means() == pytest.approx({"Indo-European": 0.7, "Uralic": (0.5 + 0.2) / 2})


def test_targets_that_cover_different_languages_are_never_pooled():
    wide = {"choice": {"de": 1.0}, "tagging": {"de": 0.0, "fr": 0.0, "es": 0.0}}
    assert transfer(wide).family_means() == pytest.approx({"Indo-European": 0.5})
    assert transfer(wide).mean() == pytest.approx(0.5)


def test_the_mean_is_over_targets_of_the_mean_over_families():
    assert transfer().mean() == pytest.approx(0.4)


def test_the_source_stands_apart():
    assert transfer().source_scores() == {"choice": 0.9, "tagging": 0.7}


def test_a_target_without_the_source_language_has_no_source_score():
    assert transfer(MAIN | {"retrieval": {"de": 0.5}}).source_scores() == {"choice": 0.9, "tagging": 0.7}


def test_unseen_languages_are_averaged_over_the_targets_that_have_them():
    assert transfer().unseen_means() == pytest.approx({"ht": 0.1, "yo": 0.3})


def test_the_worst_family_is_the_lowest_mean_over_targets():
    name, score = transfer().worst_family()
    assert name == "Uralic"
    assert score == pytest.approx(0.35)


def test_a_split_is_not_mixed_with_another():
    scores = transfer().scores
    scores["choice"]["test"] = {"de": {"main": 0.25}}
    found = Transfer({"choice": scores["choice"]}, {"choice": "main"})
    assert found.mean("test") == 0.25
    assert found.mean("dev") == pytest.approx(0.6)


def test_each_objective_names_its_number():
    numbers = {name: transfer().objective(name) for name in get_args(Objective)}
    assert numbers == pytest.approx({"transfer_dev": 0.4, "source_dev": 0.8, "worst_family_dev": 0.35})


def test_an_objective_reads_dev_scores_only():
    with pytest.raises(StatisticsError):
        transfer(split="test").objective("transfer_dev")


PAIRS = {"de-fi": 0.2, "fr-fi": 0.4, "fi-de": 0.5, "fi-et": 0.9, "en-fi": 0.0, "de-en": 0.0, "yo-de": 0.0, "de-ht": 0.0}


def generalized(split: str = "dev") -> Transfer:
    scores = {pair: {"main": score, "other": 1.0} for pair, score in PAIRS.items()}
    return replace(transfer(), generalized={"choice": {split: scores}})


def test_pairs_of_families_are_ordered_and_leave_out_the_source_and_the_unseen():
    assert generalized().family_pairs("choice") == pytest.approx(
        {("Indo-European", "Uralic"): 0.3, ("Uralic", "Indo-European"): 0.5, ("Uralic", "Uralic"): 0.9}
    )


def test_a_pair_of_families_counts_alike_however_many_languages_it_has():
    assert generalized().generalized_means() == pytest.approx({"choice": (0.3 + 0.5 + 0.9) / 3})


def test_pairs_of_another_split_are_not_counted():
    assert generalized("test").generalized_means() == {}
    assert generalized("test").family_pair_means("test")["Uralic", "Uralic"] == 0.9


def test_a_trial_without_pairs_has_no_generalized_means():
    assert transfer().generalized_means() == {}
    assert transfer().family_pair_means() == {}


@pytest.mark.parametrize("count", [0, 1, 5, 7, 14, 56])
def test_pairs_of_languages_are_different_ordered_and_even(count):
    codes = ["de", "en", "es", "fi", "fr", "hi", "sw", "zh"]
    pairs = draw_language_pairs(codes, count, seed=0)
    assert len(pairs) == len(set(pairs)) == count
    assert all(first != second for first, second in pairs)
    for side in (0, 1):
        often = Counter(pair[side] for pair in pairs)
        assert max(often[code] for code in codes) - min(often[code] for code in codes) <= 1


def test_no_more_pairs_are_drawn_than_there_are():
    assert set(draw_language_pairs(["de", "en", "fi"], 100, 0)) == set(permutations(["de", "en", "fi"], 2))
    assert draw_language_pairs(["de"], 3, 0) == ()


def test_the_pairs_come_from_the_seed_alone():
    codes = ["de", "en", "es", "fi", "fr"]
    assert draw_language_pairs(codes, 4, 1) == draw_language_pairs(codes[::-1], 4, 1)
    assert draw_language_pairs(codes, 4, 1) != draw_language_pairs(codes, 4, 2)


def test_what_mixing_would_cost_nothing_is_told_over_the_same_pairs():
    """Each pair as the mean of its two languages alone: (0.8 + 0.5) / 2 and so on, then families as for the mixed ones."""
    one, other, same = (0.65 + 0.55) / 2, 0.65, (0.5 + 0.1) / 2
    pairs = {pair: {"main": 0.0} for pair in ("de-fi", "fr-fi", "fi-de", "fi-et", "en-fi")}
    table = {"choice": MAIN["choice"] | {"et": 0.1}}
    found = replace(transfer(table), generalized={"choice": {"dev": pairs}}).unmixed_means()
    assert found == pytest.approx({"choice": (one + other + same) / 3})


def test_where_pairs_score_what_their_languages_do_mixing_costs_nothing():
    codes = MAIN["choice"]
    halves = {
        format_language_pair(*pair): {"main": (codes[pair[0]] + codes[pair[1]]) / 2}
        for pair in permutations(("de", "fr", "fi"), 2)
    }
    found = replace(transfer(), generalized={"choice": {"dev": halves}})
    assert found.unmixed_means() == pytest.approx(found.generalized_means())


def test_the_published_mean_is_over_all_languages_the_source_and_unseen_ones_among_them():
    assert transfer(split="test").published_means({}) == pytest.approx({"choice": 3.1 / 6, "tagging": 1.5 / 4})


def test_a_benchmark_may_publish_the_mean_of_two_metrics():
    rows = {"en": {"f1": 0.8, "exact_match": 0.6}, "de": {"f1": 0.4, "exact_match": 0.2}}
    told = Transfer({"xquad": {"test": rows}}, {"xquad": "f1"})
    assert told.published_means({"xquad": ("f1", "exact_match")}) == pytest.approx({"xquad": 0.5})


def test_the_published_number_is_the_official_one_where_there_are_two():
    rows = {
        "en": {"f1": 0.8, "exact_match": 0.6, "official_f1": 0.7, "official_exact_match": 0.5},
        "de": {"f1": 0.4, "exact_match": 0.2, "official_f1": 0.4, "official_exact_match": 0.2},
    }
    told = Transfer({"xquad": {"test": rows}}, {"xquad": "f1"})
    assert told.published_means({"xquad": ("f1", "exact_match")}) == pytest.approx({"xquad": 0.45})
    assert told.published_means({}) == pytest.approx({"xquad": 0.55})
    assert told.languages("xquad", "test") == {"en": 0.8, "de": 0.4}


def test_a_target_that_a_split_lacks_is_in_no_mean_of_it():
    told = Transfer(
        {"xnli": {"dev": {"de": {"accuracy": 0.5}}}, "tatoeba": {"dev": {}}},
        {"xnli": "accuracy", "tatoeba": "accuracy"},
    )
    assert told.target_means() == {"xnli": 0.5}
    assert told.mean() == 0.5
    assert told.published_means({}, "dev") == {"xnli": 0.5}
    assert told.source_scores() == {}
