"""A search with few-shot rows, from launch to plain transformers: of the miniature's training sets, and of the dev set of own files."""

import json

import pytest
import yaml

from tests.search.test_end_to_end import command, done
from tests.search.test_own_data import CONFIG as OWN
from tests.search.test_own_data import write_files

CONFIG = OWN | {
    "name": "few",
    "benchmark": "miniature",
    "tasks": {"pairs": OWN["tasks"]["pairs"]},
    "targets": ["inference", "pairs"],
    "intermediate": {"facts": {"resource": "high"}},
    "languages": ["en", "de", "sw", "fi"],
    "trials": 1,
    "shots": [0, 8],
}


@pytest.mark.ray
def test_few_shot_rows_go_from_a_launch_to_plain_transformers(tmp_path):
    write_files(tmp_path)
    file, home = tmp_path / "few.yaml", tmp_path / "home"
    file.write_text(yaml.safe_dump(CONFIG))
    plan = json.loads(done(command(home, "plan", file, "--json")).stdout)
    assert plan["stages_new"] == 4
    check = json.loads(done(command(home, "data", "check", file, "--json")).stdout)
    assert {(row["task"], row["split"]) for row in check["shots"]} == {("inference", "train"), ("pairs", "dev")}

    said = done(command(home, "launch", file)).stderr
    assert "few-shot rows of pairs: de, fi, sw from their own dev sets, which are scored without them" in said
    results = json.loads((home / "searches/few/results.json").read_text())
    assert results["shots"]["settings"] == [{"de": 8, "fi": 8, "sw": 8}]
    (trial,) = results["trials"]
    for found in (trial["few_shot"], trial["seeds"][0]["few_shot"]):
        assert {target: list(by_shots) for target, by_shots in found.items()} == {
            "inference": ["0", "8"],
            "pairs": ["0", "8"],
        }
    assert trial["few_shot"]["pairs"]["8"]["rows"] == {"de": 8, "fi": 8, "sw": 8}
    assert results["sharing"]["stages_asked"] == 8

    report = json.loads(done(command(home, "report", "few", "--json")).stdout)
    rows = report["analysis"]["few_shot"]
    assert {(row["target"], row["shots"], row["split"]) for row in rows} == {
        ("inference", 8, "test"),
        ("pairs", 8, "test"),
    }
    page = tmp_path / "page.html"
    done(command(home, "report", "few", "--out", page))
    assert "Few-shot transfer" in page.read_text()
    assert "few-shot transfer of trial 0" in done(command(home, "report", "few")).stdout

    out = tmp_path / "out"
    done(command(home, "export", "few", out))
    assert "to the last bit" in done(command(home, "train", out / "best.yaml")).stdout
    zero, few = ((out / place / "pairs/README.md").read_text() for place in ("models", "few_shot/8"))
    assert "This is the zero-shot model" in zero
    assert "24 labelled rows (by language: de 8, sw 8, fi 8)" in few

    from transformers import pipeline

    scores = [
        pipeline("text-classification", str(out / place / "pairs"))({"text": "Ja.", "text_pair": "Nein."})["score"]
        for place in ("models", "few_shot/8")
    ]
    assert scores[0] != scores[1]
