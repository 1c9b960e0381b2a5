"""Copies of data sets and encoders: from the hub on the loopback, over HTTP, and from another folder of mirrors."""

import json
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests import mirrors, tiny_encoders
from tests.hub_client import XLT, convert, run_at_hub
from tests.mirrors import LABELS, PAIR, row
from trainables.benchmarks import get_task_catalogue
from trainables.benchmarks._low_resource import INDICXNLI_LANGUAGES
from trainables.benchmarks.hub import copy_split, read_rows
from trainables.cards import RowNotes
from trainables.data import load_encoded_dataset
from trainables.encoders import load_encoder
from trainables.encoders._encoder import resolve_encoder_path
from trainables.validation import DataError

CONFIG = {
    "name": "copied",
    "encoder": "tiny/encoder",
    "benchmark": "xtreme",
    "targets": ["pawsx"],
    "intermediate": {"cosmosqa": {}, "indicxnli": {}},
    "languages": ["en", "de", "zh"],
    "curriculum": {"max_length": 1, "joint": False},
    "training": {"intermediate": {"steps": 1}, "target": {"steps": 1}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 1,
}
SPLITS = 3 * 2 + 1 + 1 + len(INDICXNLI_LANGUAGES)
TASKS = ("pawsx", "cosmosqa", "indicxnli")

ROWS = f"""
import json
from trainables.data import load_encoded_dataset

def told(task):
    found = load_encoded_dataset("xtreme", task, "tiny/encoder", 48)
    found.build_tables(("dev", "test"), ("en", "de", "zh"))
    kept = [found.load_evaluation_set(split, code).rows for split in ("dev", "test") for code in ("en", "de", "zh") if found.languages(split)]
    return [[*rows] for rows in (found.train_rows, *kept)], found.fingerprint, [*found.train.features][:3]

if __name__ == "__main__":
    print(json.dumps({{task: told(task) for task in {TASKS}}}))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub, and a config that asks for some of it."""
    root = tmp_path_factory.mktemp("hub")
    converted = ["allenai/cosmos_qa", "Divyanshu/indicxnli"]
    mirrors.write(root / "hub", ["google-research-datasets/paws-x", *converted])
    for repository in converted:
        convert(root / "hub", repository)
    tiny_encoders.xlm_r(root / "hub" / "models" / "tiny" / "encoder")
    (root / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    return root


@pytest.fixture(scope="module")
def fetched(root):
    """What xlt data fetch printed, and the folder of mirrors."""
    words = (XLT, "data", "fetch", str(root / "config.yaml"), "--to", str(root / "copies"), "--json")
    done = run_at_hub(root / "hub", root / "home", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), root / "copies"


def test_a_copy_gives_the_rows_of_the_hub(root, fetched, monkeypatch):
    seen: list[str] = []
    done = run_at_hub(root / "hub", root / "another home", sys.executable, "-c", ROWS, seen=seen)
    assert done.returncode == 0, done.stderr
    over_http = json.loads(done.stdout.splitlines()[-1])
    assert any("@" not in line and "refs%2Fconvert%2Fparquet" in line for line in seen), seen
    monkeypatch.setenv("XLT_DATA", str(fetched[1]))
    monkeypatch.setattr(sys, "argv", [""])
    load_encoded_dataset.cache_clear()
    load_encoder.cache_clear()
    namespace: dict = {"__name__": "rows"}
    exec(ROWS, namespace)
    for task in TASKS:
        assert json.loads(json.dumps(namespace["told"](task))) == over_http[task]
    load_encoded_dataset.cache_clear()
    load_encoder.cache_clear()
    (train, *scored), _, features = over_http["pawsx"]
    assert [len(rows) for rows in (train, *scored)] == [15, *[6] * 6]
    assert features[0]["input_ids"]
    assert Counter(each["language"] for each in over_http["indicxnli"][0][0]) == dict.fromkeys(INDICXNLI_LANGUAGES, 16)


def test_what_is_copied_is_told_and_lies_as_in_the_hub(fetched):
    told, folder = fetched
    assert len(told["copied"]) == SPLITS + 1
    assert told["copied"][-1] == "the encoder tiny/encoder"
    assert told["problems"] == []
    assert len(list(folder.glob("*/*/*/*.parquet"))) == SPLITS
    assert (folder / "allenai/cosmos_qa/default/train-00000-of-00001.parquet").is_file()
    assert not list(folder.rglob("*.part"))


def test_an_encoder_is_read_from_its_copy(root, fetched, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(fetched[1]))
    assert resolve_encoder_path("tiny/encoder") == str(fetched[1] / "models" / "tiny" / "encoder")
    copied, original = (
        load_encoder.__wrapped__(source)
        for source in ("tiny/encoder", str(root / "hub" / "models" / "tiny" / "encoder"))
    )
    assert copied.hash == original.hash
    assert copied.tokenizer.fingerprint == original.tokenizer.fingerprint


def test_fetching_again_copies_what_is_missing_alone(root, fetched):
    _, folder = fetched
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")}
    gone = folder / "google-research-datasets" / "paws-x" / "de" / "test-00000-of-00001.parquet"
    gone.unlink()
    (folder / "allenai" / "cosmos_qa" / "README.md").unlink()  # as if it had been killed
    seen: list[str] = []
    words = (XLT, "data", "fetch", str(root / "config.yaml"), "--to", str(folder), "--data", str(folder))
    done = run_at_hub(root / "hub", root / "home", *words, seen=seen)
    assert done.returncode == 0, done.stderr
    copied = "copied google-research-datasets/paws-x, configuration de, split test"
    assert done.stdout.splitlines() == [
        copied,
        f"{folder}: {SPLITS} splits, 1 copied now; use it with --data {folder}",
    ]
    assert not any("cosmos" in line or "indicxnli" in line for line in seen)
    after = {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")}
    assert before.keys() == after.keys()
    assert {file for file in after if after[file] != before[file]} == {gone}
    assert "default/train" in (folder / "allenai" / "cosmos_qa" / "README.md").read_text()


def test_what_is_wrong_with_the_hub_is_told_with_its_place(root, tmp_path):
    paws = "google-research-datasets/paws-x"
    shutil.copytree(root / "hub" / paws, tmp_path / "hub" / paws)
    cut = tmp_path / "hub" / paws / "de" / "test-00000-of-00001.parquet"
    cut.write_bytes(cut.read_bytes()[:200])
    encoder = root / "hub" / "models" / "tiny" / "encoder"
    words = (XLT, "data", "check", str(root / "config.yaml"), "--json", "--set", f"encoder={encoder}")
    done = run_at_hub(tmp_path / "hub", tmp_path / "home", *words)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["sets"]
    wrong = {each["where"]: each["problem"] for each in found if each["problem"]}
    assert len(wrong) == 1 + 1 + len(INDICXNLI_LANGUAGES)
    hint = " (without internet: xlt data fetch where there is some, then --data or XLT_DATA)"
    for where, told in wrong.items():
        assert told.startswith(f"{where}: ")
        assert told.endswith(hint)
    assert "Parquet magic bytes not found" in wrong[f"{paws}, configuration de, split test"]
    converted = "allenai/cosmos_qa, configuration default, split train"
    assert wrong[converted] == (
        f"{converted}: Dataset 'allenai/cosmos_qa' doesn't exist on the Hub or cannot be accessed.{hint}"
    )
    assert sorted(each["language"] for each in found if each["rows"]) == ["de", "en", "en", "en", "zh", "zh"]


@pytest.fixture
def copied(write, tmp_path):
    """Copies a split of a set of our own into another folder."""
    write([row(number) for number in range(9)])
    write([row(number, "de") for number in range(9)], "de")
    return lambda language="en", **changes: copy_split(replace(PAIR, **changes), language, tmp_path / "copies")


def rows(language: str = "en") -> list[str]:
    return [each["text"] for each in read_rows(PAIR, language, LABELS, RowNotes())]


def test_a_split_is_copied_once(copied, tmp_path, monkeypatch):
    original = rows()
    assert copied()
    assert not copied()
    assert copied("de")
    monkeypatch.setenv("XLT_DATA", str(tmp_path / "copies"))
    assert rows() == original
    assert rows("de") == [text.replace("en", "de") for text in original]


def test_of_a_set_of_which_some_rows_are_taken_no_more_are_copied(copied, tmp_path, monkeypatch):
    assert copied(skip=2, take=3)
    monkeypatch.setenv("XLT_DATA", str(tmp_path / "copies"))
    assert len(rows()) == 5


def test_a_readme_that_came_with_a_mirror_stays(copied, tmp_path):
    assert copied()
    readme = tmp_path / "copies" / "some" / "set" / "README.md"
    readme.write_text("---\nconfigs: []\n---\n")
    assert copied("de")
    assert readme.read_text() == "---\nconfigs: []\n---\n"


def test_a_split_that_cannot_be_read_leaves_nothing(copied, tmp_path):
    file = tmp_path / "some" / "set" / "en" / "train-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match="some/set, configuration en, split train: "):
        copied()
    assert not [file for file in (tmp_path / "copies").rglob("*") if file.is_file()]


def test_the_catalogue_names_revisions_for_what_is_converted():
    parts = [get_task_catalogue("xtreme")[task].parts.train[0] for task in ("cosmosqa", "indicxnli", "masakhaner")]
    assert {part.source.revision for part in parts} == {"refs/convert/parquet"}
