"""The forms of tasks of one's own that a config names, word for word, beside a task of the hub, on a folder of mirrors."""

from pathlib import Path

import pytest
import yaml

from search.config import load_config
from search.errors import ConfigError
from tests import mirrors
from tests.own_files import LANGUAGES_OF_FILES, list_rows, write_files, write_mirror

FORMS = """
tasks:
  sentiment:                         # one file; columns say language and split
    kind: classification
    files: data/sentiment.jsonl      # csv, tsv, jsonl, parquet, also a list or a glob; relative to this file
    columns: {text: text, label: label, language: language, split: split, item: id}
  intent:                            # a file a split and language
    kind: classification
    files: data/{split}.{language}.csv
    columns: {text: utterance, label: intent}
    metric: macro_f1
  names:
    kind: tagging
    files: conll/{language}/{split}.conll
  topics:                            # a set of the hub, or of a folder of mirrors
    kind: classification
    hub: Davlan/sib200
    configuration: "{flores}"        # one a language
    columns: {text: text, label: category}
    splits: {train: train, dev: validation, test: test}
targets: [sentiment]
intermediate: {intent: {resource: high}, mnli: {resource: high}}
"""
REST = """
name: forms
encoder: miniature
curriculum: {max_length: 1}
training: {intermediate: {steps: 4}, target: {steps: 4}}
space: {learning_rate: 1e-3, target: {learning_rate: 1e-3}}
trials: 2
finalists: {top: 1, seeds: 1}
resources: {workers: 1}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    write_files(folder)
    write_mirror(folder / "mirrors")
    mirrors.write(folder / "mirrors", ["nyu-mll/glue"])
    return folder


@pytest.fixture
def load(folder, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(folder / "mirrors"))

    def load_changed(**changes: object):
        document = yaml.safe_load(FORMS + REST)
        for key, value in changes.items():
            if key in document["tasks"]:
                document["tasks"][key] |= value
            else:
                document[key] = value
        (folder / "forms.yaml").write_text(yaml.safe_dump(document))
        return load_config(folder / "forms.yaml")

    return load_changed


def test_the_four_forms_work_as_written(folder, load):
    (folder / "forms.yaml").write_text(FORMS + REST)
    config = load()
    assert set(config.scored_languages) == set(LANGUAGES_OF_FILES)
    categories = ("country", "currency", "language")
    assert {name: config.tasks[name].labels for name in ("sentiment", "intent", "topics")} == dict.fromkeys(
        ("sentiment", "intent", "topics"), categories
    )
    assert config.catalogue["intent"].metric == "macro_f1"
    counts = {code: sum(row["split"] == "test" for row in list_rows(code)) for code in LANGUAGES_OF_FILES}
    assert config.tasks["topics"].rows["test"] == config.tasks["sentiment"].rows["test"] == counts
    assert set(config.tasks["topics"].rows["train"]) == set(LANGUAGES_OF_FILES)
    assert set(config.tasks["names"].rows["dev"]) == set(LANGUAGES_OF_FILES)


def test_a_target_of_the_hub_reads_the_languages_that_the_config_names_and_trains_in_the_source(load):
    config = load(targets=["topics"], languages=["swh_Latn", "is"], source=["en"])
    assert set(config.tasks["topics"].rows["train"]) == {"en", "sw", "is"}
    assert config.scored_languages == ("sw", "is")
    card = config.catalogue["topics"]
    assert (card.language, card.train) == ("en", config.tasks["topics"].rows["train"]["en"])


@pytest.mark.parametrize("placeholder", ["{language}", "{flores}", "{iso639_3}", "{bcp47}"])
def test_every_placeholder_understands_every_form_of_a_code(load, placeholder):
    assert set(load(topics={"configuration": placeholder}).tasks["topics"].rows["train"]) == set(LANGUAGES_OF_FILES)


def test_a_split_that_the_config_does_not_name_has_its_usual_name(load):
    assert load(topics={"splits": {"dev": "validation"}}).tasks["topics"].rows == load().tasks["topics"].rows


WRONG = {
    "pattern": (
        {"configuration": "x-{flores}"},
        r"no configuration fits 'x-\{flores\}'; it has arb_Arab, .* and 15 more",
    ),
    "configuration": ({"configuration": "eng"}, "Davlan/sib200 has no configuration eng; it has arb_Arab"),
    "set": ({"hub": "Davlan/sib201"}, "there is no .*Davlan/sib201: xlt data fetch --to"),
    "name": ({"hub": "sib200"}, "'sib200' is no data set of the hub; write namespace/name"),
    "splits": (
        {"splits": {"train": "learn"}},
        "no configuration has a split learn; the splits are test, train, validation: correct tasks.topics.splits",
    ),
    "split of dev": ({"splits": {"train": "train", "dev": "validaton"}}, "no configuration has a split validaton"),
    "path": ({"hub": "../sib200"}, "'../sib200' is no data set of the hub"),
    "column": (
        {"columns": {"text": "sentence", "label": "category"}},
        "no column sentence; it has index_id, category, text",
    ),
    "language": ({"languages": ["en", "yo"]}, "no configuration in yo; it has"),
    "both": ({"files": "a.csv"}, "files or hub says where the rows are"),
    "metric": ({"metric": "bleu"}, "metric: 'bleu' is no metric of classification: choose accuracy, macro_f1"),
    "label of a metric": (
        {"metric": "f1:sport"},
        "'f1:sport' names a label that the task does not have: its labels are country, ",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_set_of_the_hub_is_said(load, what):
    changes, message = WRONG[what]
    with pytest.raises(ConfigError, match=message):
        load(topics=changes)
