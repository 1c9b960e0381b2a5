"""xlt suggest on the miniature."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from search.cli import main
from search.config import load_config

CONFIG = {
    "name": "pool",
    "encoder": "miniature",
    "benchmark": "miniature",
    "targets": ["choice", "retrieval"],
    "intermediate": {"facts_sw": {}, "names": {}},
    "curriculum": {"max_length": 1},
    "training": {"intermediate": {"steps": 2, "batch_size": 4}, "target": {"steps": 2}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 2,
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "pool.yaml"
    file.write_text(yaml.safe_dump(CONFIG))
    return file


@pytest.fixture
def xlt(home):
    return lambda *words: CliRunner().invoke(main, ["--home", str(home.root), "suggest", *map(str, words)])


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch):
    """What an earlier search found."""
    monkeypatch.setattr(
        "search.cli._suggest._find_effects", lambda home, name: (EFFECTS, "3 trials") if name else ({}, "")
    )


EFFECTS = {"facts_sw": 0.01, "names": -0.02}


def test_the_document_has_every_task_measure_and_encoder(xlt, config):
    result = xlt(config, "--examples", 20, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert {each["task"] for each in document["tasks"]} == {"facts_sw", "names"}
    assert all(
        each["measures"].keys() == {"similarity", "directions", "logme", "h_score", "rows"}
        for each in document["tasks"]
    )
    values = [each["measures"][document["measure"]] for each in document["tasks"]]
    assert values == sorted(values, reverse=True)
    assert [each["encoder"] for each in document["encoders"]] == ["miniature"]
    assert document["left_out"] == {"retrieval": "it has no training rows"}
    assert "against" not in document


def test_the_printed_prior_is_one_that_the_config_takes(xlt, config):
    printed = xlt(config, "--examples", 20).stdout
    prior = yaml.safe_load(printed[printed.index("prior:") :])
    config.write_text(yaml.safe_dump(CONFIG | prior))
    assert set(load_config(config).prior.tasks.values()) == {1.0, -1.0}


def test_training_adds_its_measures_and_ranks_by_them(xlt, config):
    document = json.loads(xlt(config, "--examples", 20, "--train-steps", 2, "--json").stdout)
    assert document["measure"] == "tuned_logme"
    assert {"tuned_logme", "tuned_h_score"} < document["tasks"][0]["measures"].keys()


def test_it_writes_no_search_and_no_stage(xlt, config, home):
    assert xlt(config, "--examples", 20, "--train-steps", 1).exit_code == 0
    assert {each.name for each in home.root.iterdir()} == {"data"}


def test_a_comparison_of_two_tasks_has_no_correlation_and_says_so(xlt, config, found):
    result = xlt(config, "--examples", 20, "--against", "earlier")
    assert "effects on transfer: facts_sw +0.010, names -0.020" in result.stdout
    assert "no measure is shown to rank better than chance" in result.stdout
    document = json.loads(xlt(config, "--examples", 20, "--against", "earlier", "--json").stdout)
    assert document["against"]["effects"] == EFFECTS
    assert set(document["against"]["correlations"].values()) == {None}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--against", "nowhere"], "nowhere"),
        (["--encoder", "/no/such/encoder"], "/no/such/encoder"),
        (["--by", "tuned_logme", "--examples", "20"], "not every task has it; these can rank: similarity, directions"),
        (["--set", "intermediate={}", "--set", "curriculum.max_length=0"], "no intermediate tasks to rank"),
        (["--examples", "3"], "x>=20"),
    ],
)
def test_a_mistake_is_told_with_exit_code_2(xlt, config, words, said):
    result = xlt(config, *words)
    assert result.exit_code == 2
    assert said in result.stderr
