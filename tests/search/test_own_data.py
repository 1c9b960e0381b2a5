"""A search on files of one's own, from launch to plain transformers, on text of the miniature in twenty languages."""

import csv
import json
import shutil
from itertools import islice
from pathlib import Path

import pytest
import yaml

from tests.own_files import LANGUAGES_OF_FILES
from tests.search.test_end_to_end import command, done
from trainables.benchmarks import load_task
from trainables.benchmarks.miniature import MINIATURE_TASKS

TAGS = MINIATURE_TASKS["tagging"].labels
LANGUAGES = [*(code for code in LANGUAGES_OF_FILES if code not in ("ko", "is", "cy", "zu")), "qu"]


def write_files(folder: Path) -> None:
    """A table of pairs with all in columns, sentences with a file for each split and language, a table without dev and test."""
    inference, tagging, facts = (load_task("miniature", task) for task in ("inference", "tagging", "facts"))
    with (folder / "pairs.jsonl").open("w", encoding="utf-8") as file:
        parts = [("train", "en", islice(inference.train, 200))]
        parts += [(split, code, rows[code]) for split, rows in inference.evaluation.items() for code in LANGUAGES]
        for split, code, rows in parts:
            for number, row in enumerate(rows):
                told = {"a": row["text"], "b": row["text_pair"], "gold": inference.labels[row["label"]]}
                file.write(json.dumps(told | {"lang": code, "part": split, "id": f"{split}{number}"}) + "\n")
    parts = [("train", "en", islice(tagging.train, 100))]
    parts += [(split, code, rows[code]) for split, rows in tagging.evaluation.items() for code in LANGUAGES]
    for split, code, rows in parts:
        (folder / code).mkdir(exist_ok=True)
        sentences = [zip(row["words"], row["tags"], strict=True) for row in rows]
        lines = ["".join(f"{word}\t{tagging.labels[tag]}\n" for word, tag in each) for each in sentences]
        (folder / code / f"{split}.conll").write_text("\n".join(lines), encoding="utf-8")
    with (folder / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = islice(facts.train, 200)
        csv.writer(file).writerows([["fact", "truth"], *([row["text"], facts.labels[row["label"]]] for row in rows)])


CONFIG = {
    "name": "own",
    "encoder": "miniature",
    "tasks": {
        "pairs": {
            "kind": "classification",
            "files": "pairs.jsonl",
            "columns": {
                "text": "a",
                "text_pair": "b",
                "label": "gold",
                "language": "lang",
                "split": "part",
                "item": "id",
            },
        },
        "names": {"kind": "tagging", "files": "{language}/{split}.conll", "labels": list(TAGS)},
        "truth": {"kind": "classification", "files": "facts.csv", "columns": {"text": "fact", "label": "truth"}},
    },
    "targets": ["pairs", "names"],
    "intermediate": {"truth": {"resource": "low"}},
    "curriculum": {"max_length": 1},
    "training": {"intermediate": {"steps": 4}, "target": {"steps": 4}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 2,
    "finalists": {"top": 1, "seeds": 1},
    "resources": {"workers": 1},
}


@pytest.mark.ray
def test_own_files_go_from_a_launch_to_plain_transformers(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    write_files(files)
    (files / "own.yaml").write_text(yaml.safe_dump(CONFIG))
    home = tmp_path / "home"
    done(command(home, "launch", files / "own.yaml"))
    (first, second) = json.loads((home / "searches/own/results.json").read_text())["trials"]
    assert {first["state"], second["state"]} == {"complete"}
    assert set(first["families"]) == {"pairs", "names"}
    assert {"Uralic", "Turkic", "Niger-Congo", "Kra-Dai"} <= set(first["families"]["pairs"])
    done(command(home, "export", "own", tmp_path / "out", "--trial", second["number"]))
    assert "to the last bit" in done(command(home, "train", tmp_path / "out/best.yaml")).stdout
    moved = Path(shutil.copytree(files, tmp_path / "moved"))
    assert "refused" not in done(command(home, "plan", moved / "own.yaml")).stderr
    (moved / "facts.csv").write_text((moved / "facts.csv").read_text() + "one more,true\n")
    assert "tasks.truth: its rows have changed" in done(command(home, "plan", moved / "own.yaml")).stderr
    shutil.rmtree(files)
    assert "own: 2 complete" in done(command(home, "status", "own")).stdout
    assert "Uralic" in done(command(home, "report", "own")).stdout

    from transformers import pipeline

    said = pipeline("text-classification", str(tmp_path / "out/models/pairs"))({"text": "Yes.", "text_pair": "No."})
    assert said["label"] in ("contradiction", "entailment", "neutral")
