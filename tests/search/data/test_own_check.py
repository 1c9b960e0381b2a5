"""What `xlt data check` says of tasks of one's own."""

import pytest
import yaml

from search.config import load_config
from search.data._own_check import describe_own_tasks

CONFIG = {
    "name": "own",
    "encoder": "miniature",
    "benchmark": "miniature",
    "tasks": {
        "mine": {
            "kind": "classification",
            "files": "rows.csv",
            "columns": {name: name for name in ("text", "label", "language", "split")},
        }
    },
    "targets": ["mine"],
    "intermediate": {"facts": {}},
    "curriculum": {"max_length": 1},
    "source": ["de"],
    "training": {"intermediate": {"steps": 1}, "target": {"steps": 1}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 1,
}


@pytest.fixture
def notes_of(tmp_path):
    """The notes about the config's own task, with some keys changed."""
    rows = [
        f"{code} {split} {n},{'ab'[n % 2]},{code},{split}"
        for code in ("de", "fr", "sw")
        for split in ("train", "dev", "test")
        for n in range(6)
        if (code, split) != ("sw", "train")
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label,language,split", *rows, ""]))

    def describe(**changes):
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(CONFIG | changes))
        return describe_own_tasks(load_config(tmp_path / "own.yaml"))["mine"]

    return describe


def test_it_is_told_which_training_rows_a_target_is_trained_on(notes_of):
    told = "mine: train has 12 rows in 2 languages: de 6, fr 6"
    assert f"{told}; of these the target is trained on de" in notes_of()
    assert told in notes_of(source=["de", "fr"])


def test_languages_of_the_config_without_rows_are_told(notes_of):
    said = notes_of(languages=["de", "sw", "ja", "th"])
    assert "mine: dev and test have no rows in 2 of the 4 languages of the config: ja, th" in said
    assert not [note for note in notes_of() if "no rows in" in note]


def test_a_licence_that_is_not_stated_is_asked_for_by_its_key(notes_of):
    assert "mine: licence: not stated: set tasks.mine.licence" in notes_of()
