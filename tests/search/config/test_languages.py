"""Languages in a config: codes in any form, rows that the table lacks, what the encoder has seen, the source."""

import json

import pytest
import yaml

from search.config import dump_config, load_config, validate_config
from search.errors import ConfigError
from trainables.languages import LanguageRules

BASE = """
name: languages
encoder: miniature
targets: [choice]
curriculum: {max_length: 0}
training: {intermediate: {steps: 5}, target: {steps: 5}}
space: {learning_rate: 0.001, target: {learning_rate: 0.001}}
trials: 1
"""


@pytest.fixture
def document() -> dict:
    return yaml.safe_load(BASE) | {"benchmark": "miniature", "languages": ["en", "swh_Latn", "zho_Hans", "pt-BR"]}


def problem(document: dict, **changes) -> str:
    with pytest.raises(ConfigError) as error:
        validate_config(document | changes, "config")
    return str(error.value)


def test_codes_in_any_form_become_the_table_s(document):
    config = validate_config(document, "config")
    assert config.languages == ("en", "sw", "zh", "pt")
    assert yaml.safe_load(dump_config(config))["languages"] == ["en", "sw", "zh", "pt"]


def test_a_config_that_uses_none_of_it_is_written_as_before(document):
    config = validate_config(document, "config")
    assert not config.rules
    assert not {"source", "language_table", "encoder_languages"} & yaml.safe_load(dump_config(config)).keys()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"languages": ["en", "no"]}, "'no' means several languages; write one of: nb (Norwegian Bokmål, Latn), nn"),
        ({"languages": ["en", "sw", "swh_Latn"]}, "a language is listed twice: sw, swh_Latn"),
        ({"languages": ["en", "xx"]}, "unknown language 'xx': correct it, or add it to language_table"),
        ({"source": ["ht"]}, "has no training rows in ht, a source language; it has: af, ar, az"),
        ({"source": []}, "source"),
        (
            {"encoder_languages": "bert"},
            "unknown list 'bert'; allowed: xlm-r, mbert, mt5, rembert, labse, glot500, mmbert, unknown",
        ),
        ({"language_table": {"sw": {"name": "Swahili", "family": "Niger-Congo"}}}, "the table has sw (Swahili)"),
        ({"language_table": {"xx": {"name": "Xish"}}}, "language_table.xx.family: this key is required"),
        ({"language_table": {"x-x": {"name": "Xish", "family": "Xish"}}}, "language_table"),
    ],
)
def test_mistakes_are_told(document, changes, said):
    assert said in problem(document, **changes)


def test_what_the_encoder_has_seen_decides_which_languages_count(document):
    config = validate_config(document | {"encoder_languages": ["en", "swh"]}, "config")
    assert config.encoder_languages == ("en", "sw")
    assert [code for code in config.scored_languages if config.rules.counts(code)] == ["sw"]
    read = yaml.safe_load(dump_config(config))
    assert read["encoder_languages"] == ["en", "sw"]
    assert validate_config(read, "config").rules == config.rules


def test_a_config_that_is_only_read_keeps_the_rule_of_its_version(document):
    hub = document | {"encoder": "EuroBERT/EuroBERT-210m"}
    assert validate_config(hub, "config", looking=True).rules == LanguageRules()
    new = validate_config(hub, "config")
    assert new.rules.pretraining == "unknown"
    assert yaml.safe_load(dump_config(new))["encoder_languages"] == "unknown"


def rows(code: str, split: str, count: int) -> list[dict]:
    return [
        {"text": f"{split} {n} in {code}", "label": "ab"[n % 2], "language": code, "split": split} for n in range(count)
    ]


def test_a_language_of_one_s_own_and_another_source(tmp_path):
    found = rows("arb_Arab", "train", 40) + rows("en", "train", 30)
    for code in ("ar", "xx", "swa", "en"):
        found += rows(code, "dev", 10) + rows(code, "test", 10)
    (tmp_path / "own.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in found))
    columns = {name: name for name in ("text", "label", "language", "split")}
    own = yaml.safe_load(BASE) | {
        "tasks": {"mine": {"kind": "classification", "files": "own.jsonl", "columns": columns}},
        "targets": ["mine"],
        "source": ["arb"],
        "language_table": {"xx": {"name": "Xish", "family": "Isolate", "script": "Arab"}},
        "encoder_languages": "unknown",
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own))
    config = load_config(tmp_path / "own.yaml")
    assert config.source == ("ar",)
    assert config.scored_languages == ("ar", "en", "sw", "xx")
    assert config.catalogue["mine"].language == "ar"
    assert config.catalogue["mine"].train == 40
    assert [code for code in config.scored_languages if config.rules.counts(code)] == ["en", "sw", "xx"]
    assert config.rules.get_family("xx") == "Isolate"
    again = validate_config(yaml.safe_load(dump_config(config)), "config")
    assert again.rules == config.rules
    assert again.catalogue["mine"].train == 40
    both = load_config(tmp_path / "own.yaml", ["source=[ar, en]"])
    assert both.catalogue["mine"].train == 70


def test_a_benchmark_s_tasks_are_trained_in_the_source_where_they_have_rows_in_it(document):
    chosen = document | {"targets": ["choice", "retrieval"], "intermediate": {"facts": {}, "facts_sw": {}, "names": {}}}
    config = validate_config(chosen | {"source": ["arb"]}, "config")
    cards = config.catalogue
    assert {name: (cards[name].language, cards[name].train) for name in ("choice", "facts", "facts_sw", "names")} == {
        "choice": ("ar", 4000),
        "facts": ("ar", 4000),
        "facts_sw": ("sw", 300),
        "names": ("mul", 600),
    }
    both = validate_config(chosen | {"source": ["en", "ar"]}, "config").catalogue
    assert (both["choice"].language, both["choice"].train) == ("mul", 8000)
    assert both["facts@100"].sample == (100, 0)
    assert validate_config(chosen, "config").catalogue["choice"].language == "en"


@pytest.mark.parametrize(
    ("target", "source", "said"),
    [
        ("xquad", ["ar"], "xquad has no training rows in ar, a source language; it has: en"),
        ("pawsx", ["ar"], "pawsx has no training rows in ar, a source language; it has: de, en, es, fr, ja, ko, zh"),
        ("pawsx", ["de", "ar"], "pawsx has no training rows in ar, a source language"),
    ],
)
def test_a_target_without_rows_in_the_source_is_refused_with_those_that_it_has(document, target, source, said):
    changes = {"benchmark": "xtreme", "targets": [target], "source": source, "languages": ["en", "de", "zh", "es"]}
    assert said in problem(document, **changes)
    allowed = changes | {"targets": ["pawsx", "xnli"], "source": ["de", "zh"]}
    assert {part.languages for part in validate_config(document | allowed, "config").catalogue["xnli"].parts.train} == {
        ("de", "zh")
    }
