"""Tasks of one's own of every kind in one search, from launch to the snippets of the model cards, on names of Unicode CLDR."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.own_files import list_rows
from tests.search.test_end_to_end import command, done

LANGUAGES = ("en", "sw", "is", "cy")
CATEGORIES = ("country", "currency", "language")
TASKS: dict[str, dict[str, Any]] = {
    "topic": {"kind": "classification", "columns": {"text": "text", "label": "label"}, "metric": "f1:country"},
    "length": {"kind": "regression", "columns": {"text": "text", "label": "length"}, "metric": "spearman"},
    "nearness": {"kind": "regression", "columns": {"text": "text", "text_pair": "other", "label": "nearness"}},
    "traits": {"kind": "multi_label", "columns": {"text": "text", "labels": "traits"}},
    "shared": {"kind": "multi_label", "columns": {"text": "text", "text_pair": "other", "labels": "traits"}},
    "search": {"kind": "ranking", "columns": {"text": "label", "text_pair": "text", "label": "grade"}},
    "twins": {"kind": "retrieval", "columns": {"source_sentence": "text", "target_sentence": "english"}},
    "pick": {
        "kind": "multiple_choice",
        "columns": {"context": "text", "choices": ["first", "second"], "label": "right"},
    },
    "hints": {"kind": "multi_label", "columns": {"text": "text", "labels": "traits"}},
    "reading": {"kind": "masked_language_modelling", "columns": {"text": "text"}},
}
INTERMEDIATE = ("hints", "reading")
TARGETS = [name for name in TASKS if name not in INTERMEDIATE]
LICENCES = {"topic": "CC BY-NC 4.0", "reading": "CC BY 4.0"}
CITATION = "Unicode CLDR 46, names by category"
CONFIG = {
    "name": "kinds",
    "encoder": "miniature",
    "targets": TARGETS,
    "intermediate": {"reading": {"resource": "low"}, "hints": {"resource": "low"}},
    "curriculum": {"max_length": 2},
    "training": {"intermediate": {"steps": 2}, "target": {"steps": 2}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 2,
    "finalists": {"top": 0},
    "resources": {"workers": 1},
}


def list_all_columns(language: str) -> Iterator[dict[str, Any]]:
    """Rows with the columns of every kind; of two names in turn, one is longer or of the other's category."""
    rows, english = list(list_rows(language)), {row["id"]: row["text"] for row in list_rows("en")}
    for row, other in pairwise(rows):
        right = len(other["text"]) > len(row["text"])
        yield row | {
            "english": english[row["id"]],
            "other": other["text"],
            "length": len(row["text"]),
            "nearness": len({*row["text"]} & {*other["text"]}) / len({*row["text"], *other["text"]}),
            "traits": [row["label"], *(["long"] if len(row["text"]) > 8 else [])],
            "grade": int(len(row["text"]) > 8),
            "first": row["text"],
            "second": other["text"],
            "right": int(right),
        }


def write_config(folder: Path) -> Path:
    folder.mkdir()
    rows = [row for code in LANGUAGES for row in list_all_columns(code)]
    for name, wanted in (("rows", ("train", "dev", "test")), ("held_out", ("dev", "test"))):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows if row["split"] in wanted)
    tasks = {}
    for name, task in TASKS.items():
        own = {"language": "language", "split": "split", "item": "id"}
        tasks[name] = task | {
            "files": "held_out.jsonl" if name == "twins" else "rows.jsonl",
            "columns": task["columns"] | own,
            "licence": LICENCES.get(name, "MIT"),
            "citation": CITATION,
            "about": f"the task {name} on names",
        }
    (folder / "kinds.yaml").write_text(yaml.safe_dump(CONFIG | {"tasks": tasks}))
    return folder / "kinds.yaml"


def find_snippet(card: str) -> str:
    """The first block of Python of a model card."""
    (block, *_) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    return block


@pytest.mark.ray
def test_every_kind_goes_from_a_launch_to_the_snippet_of_its_card(tmp_path):
    config, home = write_config(tmp_path / "files"), tmp_path / "home"
    checked = done(command(home, "data", "check", config)).stdout
    for told in ("licence: CC BY-NC 4.0", f"citation: {CITATION}", "about: the task topic on names"):
        assert told in " ".join(checked.split())
    done(command(home, "launch", config))
    trials = json.loads((home / "searches/kinds/results.json").read_text())["trials"]
    other = "cc-by-4.0" if "reading" in str(trials[0]["curriculum"]) else "apache-2.0"  # the encoder's
    assert {trial["state"] for trial in trials} == {"complete"}
    assert set(trials[0]["families"]) == set(TARGETS)
    report = tmp_path / "report.html"
    done(command(home, "report", "kinds", "--out", report))
    assert CITATION in report.read_text()
    done(command(home, "export", "kinds", tmp_path / "out", "--trial", trials[0]["number"]))
    for target in TARGETS:
        card = (tmp_path / "out/models" / target / "README.md").read_text()
        head = yaml.safe_load(card.split("---")[1])
        assert (CITATION in card) == (target != "twins"), target  # which is scored without training
        assert head["license"] == ("cc-by-nc-4.0" if target == "topic" else other), target
        snippet = find_snippet(card).replace("path/to/this/folder", str(tmp_path / "out/models" / target))
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(snippet, target, "exec"), {})
        assert printed.getvalue().strip(), target
