"""The benchmarks of many languages, from mirrors: read, trained on in their source language, scored in all their languages."""

from math import isfinite

import pytest

from trainables.benchmarks import BENCHMARKS, explain_unknown_benchmark, get_benchmark_languages, get_task_catalogue
from trainables.benchmarks import load_task as load
from trainables.benchmarks._flores import BELEBELE_CONFIGURATIONS, SIB_200_CONFIGURATIONS
from trainables.benchmarks._massive import INTENTS, MASSIVE_CODES, MASSIVE_LOCALES, SCENARIOS, SLOTS
from trainables.curriculum import Stage
from trainables.data import load_encoded_dataset
from trainables.evaluation._scoring import score_languages
from trainables.languages import LANGUAGES
from trainables.training import train_stage

SOURCES = {
    "sib200": "en",
    "belebele": "en",
    "massive": "en",
    "masakhanews": "en",
    "afrisenti": "ha",
    "afrixnli": "en",
    "nusax": "id",
    "masakhapos": "sw",
    "americasnli": "en",
    "indicxnli": "en",
}
TASKS = [(name, task) for name in SOURCES for task, card in BENCHMARKS[name].items() if card.is_scored]
METRICS = {
    "masakhanews": "weighted_f1",
    "afrisenti": "weighted_f1",
    "nusax": "macro_f1",
    "masakhapos": "accuracy",
    "massive_slots": "f1",
}
COUNTS = {
    "sib200": 205,
    "belebele": 122,
    "massive_intent": 51,
    "massive_scenario": 51,
    "massive_slots": 51,
    "masakhanews": 16,
    "afrisenti": 12,
    "afrixnli": 18,
    "nusax": 12,
    "masakhapos": 20,
    "xnli_americas": 10,
    "xnli_indic": 11,
}
LENGTH = 96
SHOWN = {"en", "am", "ar_Latn", "gn", "hi", "id", "ja", "nqo", "or", "ace", "sw", "ta", "yo", "zh_Hant"}
"""Languages in which sets are read here: opening one of hundreds of configurations takes a second."""


@pytest.fixture
def prepared(at_mirror, tiny_xlm_r, tables):
    return lambda benchmark, task, *source: load_encoded_dataset(
        benchmark, task, tiny_xlm_r, LENGTH, data=tables, source=source or ("en",)
    )


@pytest.mark.parametrize(("benchmark", "task"), TASKS)
def test_a_target_is_trained_in_its_source_and_scored_in_its_languages(benchmark, task, prepared):
    source = SOURCES[benchmark]
    card = get_task_catalogue(benchmark, (), (source,))[task]
    assert card.language == source
    found, languages = prepared(benchmark, task, source), SHOWN.intersection(card.languages)
    found.build_tables(["test"], languages)
    stage = Stage(task=task, learning_rate=1e-3, steps=2, batch_size=4, max_length=LENGTH)
    done = train_stage(stage, "ab" * 16, found.encoder.weights, [found])
    assert all(map(isfinite, done.losses))
    scores = score_languages(done.models[0], found, "test", languages)
    assert set(scores) == languages != set()
    assert len(card.languages) == len(found.data.evaluation["test"]) == COUNTS[task]
    assert found.kind.metrics[0] == METRICS.get(task, "accuracy")
    for metrics in scores.values():
        assert found.kind.metrics[0] in metrics
        assert all(0 <= value <= 1 for value in metrics.values())


@pytest.mark.parametrize(("benchmark", "task"), TASKS)
def test_dev_sets_are_read_where_the_card_has_them(benchmark, task, at_mirror):
    data, card = load(benchmark, task), get_task_catalogue(benchmark)[task]
    few = [code for code in ("en", "sw", "id", "gn", "hi") if code in data.evaluation["dev"]]
    assert few
    assert all(list(data.evaluation["dev"][code]) for code in few)
    assert card.dev_languages(card.languages) == ({"en"} if task == "belebele" else set(card.languages))


def test_labels_and_configurations_are_whole():
    assert (len(SIB_200_CONFIGURATIONS), len(BELEBELE_CONFIGURATIONS)) == (205, 122)
    assert (len(INTENTS), len(SCENARIOS), len(SLOTS)) == (60, 18, 55)
    assert SIB_200_CONFIGURATIONS["sw"] == BELEBELE_CONFIGURATIONS["sw"] == "swh_Latn"
    assert (MASSIVE_LOCALES["zh_Hant"], MASSIVE_CODES["zh_Hant"], MASSIVE_CODES["sw"]) == ("zh-TW", "zh-TW", "sw")
    assert all(LANGUAGES[ours].flores == theirs for ours, theirs in SIB_200_CONFIGURATIONS.items())
    assert all(LANGUAGES[ours].flores == theirs for ours, theirs in BELEBELE_CONFIGURATIONS.items())


def test_a_set_in_many_languages_is_trained_in_any_of_them_or_several(at_mirror):
    one, two = (get_task_catalogue("sib200", (), source)["sib200"] for source in (("sw",), ("en", "ar")))
    assert (one.train, one.language, two.train, two.language) == (701, "sw", 1402, "mul")
    texts = {
        source: [row["text"] for row in load("sib200", "sib200", (), source).train] for source in (("sw",), ("en",))
    }
    assert texts["sw",] != texts["en",]
    assert len(list(load("sib200", "sib200", (), ("en", "ar")).train)) == 2 * len(texts["en",])
    assert load("sib200", "sib200", (), ("sw",)).train.source != load("sib200", "sib200").train.source


def test_a_target_that_lacks_the_source_keeps_all_its_languages_for_the_message():
    card = get_task_catalogue("afrisenti")["afrisenti"]
    assert (card.language, card.train) == ("mul", 63_685)
    assert get_task_catalogue("masakhapos")["masakhapos"].train == 21_253
    assert get_task_catalogue("masakhapos", (), ("en", "sw"))["masakhapos"].train == 21_253 + 693


def test_parallel_rows_share_their_items_whatever_their_order(at_mirror):
    found = load("belebele", "belebele").evaluation["test"]
    english, russian, kurdish = ({row["item"]: row["label"] for row in found[code]} for code in ("en", "ru", "ckb"))
    assert english == russian == kurdish
    assert [row["item"] for row in found["en"]] != [row["item"] for row in found["ckb"]]
    assert "https://en.wikinews.org/wiki/0 1" in english
    topics = load("sib200", "sib200").evaluation["test"]
    assert [row["item"] for row in topics["en"]] == [row["item"] for row in topics["nqo"]]


def test_race_trains_belebele_and_afrixnli_is_trained_as_xnli(at_mirror):
    data = load("belebele", "belebele")
    row = next(iter(data.train))
    assert len(row["choices"]) == 4 and row["choices"][row["label"]].split(",")[0] in row["context"]
    assert list(load("afrixnli", "afrixnli").train) == list(load("xtreme", "xnli").train)


def test_numbers_of_parts_of_speech_are_those_of_both_sets(at_mirror):
    labels = get_task_catalogue("masakhapos")["masakhapos"].labels
    english, african = load("masakhapos", "masakhapos"), load("masakhapos", "masakhapos", (), ("sw",))
    for rows in (english.train, african.train, english.evaluation["test"]["yo"]):
        tagged = [(word, labels[tag]) for row in rows for word, tag in zip(row["words"], row["tags"], strict=True)]
        assert {tag for word, tag in tagged if word.isdecimal()} == {"NUM"}


def test_slots_are_tags_of_words(at_mirror):
    data = load("massive", "massive_slots")
    labels = get_task_catalogue("massive")["massive_slots"].labels
    for code in ("en", "zh", "ja", "am"):
        rows = list(data.evaluation["test"][code])
        tags = [[labels[tag] for tag in row["tags"]] for row in rows]
        assert all("B-date" in each for number, each in enumerate(tags) if number % 5)
        assert set(tags[0]) == {"O"}


COMBINATIONS = {
    "sib200+afrixnli": "",
    "miniature": "",
    "sib200+sib200": "a benchmark is listed twice: sib200, sib200",
    "sib200+nothing": "unknown benchmark 'nothing'; allowed: miniature",
    "": "unknown benchmark ''",
    "miniature+sib200": "miniature generates its own text and languages",
    "xtreme+xglue": "xtreme and xglue both have a task xnli",
}


@pytest.mark.parametrize(("benchmark", "problem"), COMBINATIONS.items())
def test_benchmarks_are_combined_or_refused_in_words(benchmark, problem):
    assert explain_unknown_benchmark(benchmark).startswith(problem)
    assert bool(explain_unknown_benchmark(benchmark)) == bool(problem)


def test_a_combination_has_the_tasks_and_languages_of_both():
    cards = get_task_catalogue("sib200+afrixnli")
    assert {"sib200", "afrixnli", "mnli"} <= set(cards)
    assert len(get_benchmark_languages("sib200+afrixnli")) == 205
    assert set(get_benchmark_languages("nusax+afrixnli")) == {
        *cards["afrixnli"].languages,
        *BENCHMARKS["nusax"]["nusax"].languages,
    }
