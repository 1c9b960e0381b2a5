"""One benchmark or several, and the languages in which their targets can be trained."""

import pytest

from search.config import Config, dump_config, validate_config
from search.errors import ConfigError

DOCUMENT = {
    "name": "many",
    "encoder": "FacebookAI/xlm-roberta-base",
    "benchmark": ["sib200", "afrixnli"],
    "targets": ["sib200", "afrixnli"],
    "intermediate": {"mnli": {}},
    "curriculum": {"max_length": 1},
    "training": {"intermediate": {"steps": 4}, "target": {"steps": 4}},
    "space": {"learning_rate": 1e-5, "target": {"learning_rate": 1e-5}},
    "trials": 2,
    "finalists": {"top": 1, "seeds": 1},
}
REFUSED = [
    ({"benchmark": ["sib200", "sib2000"]}, "benchmark: unknown benchmark 'sib2000'; allowed: miniature, "),
    ({"benchmark": ["sib200", "sib200"]}, "benchmark: a benchmark is listed twice: sib200, sib200"),
    ({"benchmark": ["miniature", "sib200"]}, "benchmark: miniature generates its own text"),
    ({"benchmark": ["xtreme", "xtreme_r"]}, "benchmark: xtreme and xtreme_r both have a task xnli"),
    ({"benchmark": ["sib200", 3]}, "benchmark: input should be a valid string"),
    ({"benchmark": []}, "benchmark: input should be a valid string"),
    ({"benchmark": "sib200"}, "targets: unknown target task: 'afrixnli'"),
    (
        {"benchmark": "afrisenti", "targets": ["afrisenti"]},
        "targets: afrisenti has no training rows in en, a source language; it has: am, arq, ary, ha, ",
    ),
    ({"source": ["yo"]}, "targets: afrixnli has no training rows in yo, a source language; it has: ar, bg, de, "),
    (
        {"benchmark": "belebele", "targets": ["belebele"]},
        "objective: transfer_dev needs a target with a dev set in a language other than English",
    ),
    (
        {"intermediate": {"americasnli": {}}},
        "intermediate: americasnli was made from dev items of afrixnli: training on it would leak",
    ),
]
TRAINED = [
    ({"source": ["fr"], "targets": ["sib200"]}, {"sib200": (701, "fr")}),
    ({"source": ["en", "arb_Arab"], "targets": ["sib200"]}, {"sib200": (1402, "mul")}),
    ({}, {"sib200": (701, "en"), "afrixnli": (392_702, "en")}),
    ({"benchmark": "afrisenti", "targets": ["afrisenti"], "source": ["hau"]}, {"afrisenti": (14_172, "ha")}),
    ({"benchmark": "masakhapos", "targets": ["masakhapos"], "source": ["swa"]}, {"masakhapos": (693, "sw")}),
    ({"benchmark": "masakhapos", "targets": ["masakhapos"]}, {"masakhapos": (21_253, "en")}),
    ({"benchmark": "belebele", "targets": ["belebele"], "objective": "source_dev"}, {"belebele": (87_866, "en")}),
]


def read(changes: dict) -> Config:
    return validate_config(DOCUMENT | changes, "here")


def test_several_benchmarks_have_the_targets_and_languages_of_all():
    config = read({})
    assert config.benchmark == "sib200+afrixnli"
    assert len(config.scored_languages) == 205
    assert validate_config({**DOCUMENT, "benchmark": "sib200+afrixnli"}, "here") == config
    assert "benchmark: sib200+afrixnli\n" in dump_config(config)


@pytest.mark.parametrize(("changes", "problem"), REFUSED)
def test_what_cannot_be_searched_is_refused_in_words(changes, problem):
    with pytest.raises(ConfigError) as refused:
        read(changes)
    assert problem in str(refused.value)


@pytest.mark.parametrize(("changes", "trained"), TRAINED)
def test_a_target_is_trained_in_the_source_languages(changes, trained):
    cards = read(changes).catalogue
    assert {name: (cards[name].train, cards[name].language) for name in trained} == trained
