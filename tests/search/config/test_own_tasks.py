"""Tasks of one's own in a config: read, checked and written back; a search goes on without its files as far as it is looked at."""

import json
from pathlib import Path

import pytest
import yaml

from search.config import dump_config, load_config, validate_config
from search.errors import ConfigError
from search.space import CurriculumSpace
from trainables.curriculum import Trial

LANGUAGES = ("en", "de", "sw")


def rows(code: str, split: str, count: int) -> list[dict]:
    return [
        {
            "text": f"{split} {n} in {code}",
            "label": "ab"[n % 2],
            "language": code,
            "split": split,
            "item": f"{split}{n}",
        }
        for n in range(count)
    ]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Files in the forms that a config names."""
    (tmp_path / "data").mkdir()
    sentiment = rows("en", "train", 40) + [
        row for code in LANGUAGES for split in ("dev", "test") for row in rows(code, split, 10)
    ]
    (tmp_path / "data/sentiment.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in sentiment))
    for split in ("train", "dev"):
        table = [f"{row['text']},{row['label']}" for row in rows("en", split, 20)]
        (tmp_path / f"data/{split}.en.csv").write_text("\n".join(["utterance,intent", *table]))
    for code in LANGUAGES:
        for split in ("train", "dev", "test"):
            (tmp_path / "conll" / code).mkdir(parents=True, exist_ok=True)
            sentence = f"{split}\tO\n{code}\tB-PER\n\nin{split}\tO\n"
            (tmp_path / "conll" / code / f"{split}.conll").write_text(sentence)
    return tmp_path


CONFIG = """
name: own
encoder: miniature
tasks:
  sentiment:
    kind: classification
    files: data/sentiment.jsonl
    columns: {text: text, label: label, language: language, split: split, item: item}
  intent:
    kind: classification
    files: data/{split}.{language}.csv
    columns: {text: utterance, label: intent}
  names:
    kind: tagging
    files: conll/{language}/{split}.conll
targets: [sentiment, names]
intermediate: {intent: {resource: high}, mnli: {resource: high}}
curriculum: {max_length: 1}
training: {intermediate: {steps: 5}, target: {epochs: 2}}
space: {learning_rate: 1e-3, target: {learning_rate: 1e-3}}
trials: 2
"""


def write(folder: Path, **changes: object) -> Path:
    document = yaml.safe_load(CONFIG)
    for key, value in changes.items():
        section, *names = key.split("__")
        place = document
        for name in [section, *names][:-1]:
            place = place[name]
        place[[section, *names][-1]] = value
    (folder / "own.yaml").write_text(yaml.safe_dump(document))
    return folder / "own.yaml"


def test_every_form_is_read_beside_the_tasks_of_the_hub_without_a_benchmark(folder, monkeypatch):
    monkeypatch.chdir("/")
    config = load_config(write(folder))
    assert config.benchmark == ""
    assert config.scored_languages == ("de", "en", "sw")
    assert config.tasks["sentiment"].labels == ("a", "b")
    assert config.tasks["sentiment"].rows["train"] == {"en": 40}
    assert config.tasks["intent"].rows == {"train": {"en": 20}, "dev": {"en": 20}}
    assert config.tasks["names"].labels == ("B-PER", "O")
    assert config.catalogue["sentiment"].train == 40
    assert config.catalogue["names"].train == 2, "English alone, for a target"
    assert config.get_resource("intent") == "high"
    assert config.get_stage_settings("sentiment").count_steps(40) == 3


def test_beside_a_benchmark_both_can_be_named(folder):
    config = load_config(
        write(
            folder,
            benchmark="miniature",
            targets=["sentiment", "choice"],
            intermediate={"facts": {}},
            tasks={"sentiment": yaml.safe_load(CONFIG)["tasks"]["sentiment"]},
        )
    )
    assert set(config.scored_languages) > {"en", "de", "sw", "fi"}
    with pytest.raises(ConfigError, match="miniature has tasks of these names: names; name yours differently"):
        load_config(write(folder, benchmark="miniature"))


def test_a_written_config_reads_back_the_same_and_says_what_was_found(folder):
    config = load_config(write(folder))
    again = validate_config(yaml.safe_load(dump_config(config)), "again")
    assert again == config
    assert yaml.safe_load(dump_config(config))["tasks"]["sentiment"]["rows"]["test"] == {"de": 10, "en": 10, "sw": 10}


def test_a_config_without_tasks_is_written_as_before(config):
    assert "tasks" not in yaml.safe_load(dump_config(config()))


def test_a_search_is_looked_at_without_its_files(folder):
    document = yaml.safe_load(dump_config(load_config(write(folder))))
    for file in (folder / "data").iterdir():
        file.unlink()
    looked = validate_config(document, "config.yaml", looking=True)
    assert looked.scored_languages == ("de", "en", "sw")
    assert looked.scored_targets == ("sentiment", "names")
    with pytest.raises(ConfigError, match=r"intent: no file matches .*; sentiment: there is no file"):
        validate_config(document, "config.yaml")


def test_trials_carry_their_tasks_and_others_are_written_as_before(folder, config):
    own = load_config(write(folder))
    trial = CurriculumSpace(own).suggest(FirstChoice())
    assert Trial.from_json(json.loads(json.dumps(trial.to_json()))).own_tasks == own.own_tasks == trial.own_tasks
    assert "own_tasks" not in CurriculumSpace(config()).suggest(FirstChoice()).to_json()


class FirstChoice:
    """Suggests the first of everything."""

    def suggest_categorical(self, name, choices):
        return choices[0]

    def suggest_int(self, name, low, high):
        return low


WRONG = {
    "kind": (
        {"tasks__intent__kind": "guessing"},
        r"tasks\.intent\.kind: unknown kind 'guessing'; allowed: classification",
    ),
    "column": (
        {"tasks__intent__columns": {"words": "w"}},
        r"unknown column 'words' of kind classification; allowed: text",
    ),
    "split": ({"tasks__intent__splits": {"heldout": "x"}}, r"unknown split 'heldout'; allowed: train, dev, test"),
    "key": ({"tasks__intent__delimiter": ";"}, r"tasks\.intent\.delimiter: unknown key; allowed here: kind, files"),
    "target": ({"targets": ["intent2"]}, r"unknown target task: 'intent2'; allowed: .*sentiment"),
    "intermediate": ({"intermediate": {"x": {}}}, r"unknown intermediate task: 'x'; allowed: .*mnli.*intent"),
    "language": ({"languages": ["en", "fi"]}, r"unknown language: 'fi'; allowed: de, en, sw"),
    "language column": (
        {"tasks__sentiment__columns": {"text": "text", "label": "label", "split": "split"}, "languages": ["en", "de"]},
        r"sentiment needs a language other than English .* it has: en; name the column .* under tasks\.sentiment\.columns",
    ),
    "nothing": ({"tasks": {}}, "name a benchmark, or describe tasks of your own"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(folder, what):
    changes, message = WRONG[what]
    with pytest.raises(ConfigError, match=message):
        load_config(write(folder, **changes))
