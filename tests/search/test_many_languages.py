"""The shipped config of SIB-200 and AfriXNLI, and targets trained in other languages than English, launched on mirrors."""

import json
from pathlib import Path

import pytest

from tests import mirrors, tiny_encoders
from tests.search.test_end_to_end import command, done

ROOT = Path(__file__).parents[2]
SMALL = {
    "training": "{intermediate: {steps: 2, max_length: 48}, target: {steps: 2, max_length: 48}}",
    "intermediate": "{masakhaner: {}}",
    "curriculum": "{max_length: 1}",
    "trials": 2,
    "finalists": "{top: 1, seeds: 1}",
    "resources": "{workers: 1}",
    "space.target.learning_rate": 0.001,
}
REPOSITORIES = [
    "google/xtreme",
    "Davlan/sib200",
    "masakhane/afrixnli",
    "facebook/xnli",
    "masakhane/masakhaner2",
    "masakhane/masakhapos",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mirrors")
    mirrors.write(root, REPOSITORIES)
    return root


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_encoders.xlm_r(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(autouse=True)
def at_mirrors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_DATA", str(folder))


def launch(home: Path, encoder: str, changes: dict[str, object]) -> dict:
    settings = SMALL | {"encoder": encoder} | changes
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    done(command(home, "launch", ROOT / "configs/sib200_afrixnli.yaml", *words))
    return json.loads((home / "searches/sib200_afrixnli/results.json").read_text())


@pytest.mark.ray
def test_targets_of_two_benchmarks_are_searched_together(tmp_path, encoder):
    found = launch(
        tmp_path / "home", encoder, {"languages": "[en, fr, sw, yo, nqo, am]", "encoder_languages": "unknown"}
    )
    assert {trial["state"] for trial in found["trials"]} == {"complete"}
    families = found["trials"][0]["families"]
    assert set(families["sib200"]) >= {"Niger-Congo", "Mande", "Afro-Asiatic"}
    assert set(families["afrixnli"]) == {"Indo-European", "Niger-Congo", "Afro-Asiatic"}
    exported = tmp_path / "out"
    done(command(tmp_path / "home", "export", "sib200_afrixnli", exported))
    assert "benchmark: sib200+afrixnli" in (exported / "best.yaml").read_text()
    assert "to the last bit" in done(command(tmp_path / "home", "train", exported / "best.yaml")).stdout


@pytest.mark.ray
def test_targets_are_trained_in_swahili(tmp_path, encoder):
    found = launch(
        tmp_path / "home",
        encoder,
        {
            "benchmark": "[sib200, masakhapos]",
            "targets": "[sib200, masakhapos]",
            "source": "[sw]",
            "languages": "[sw, yo, ha]",
            "encoder_languages": "unknown",
        },
    )
    assert {trial["state"] for trial in found["trials"]} == {"complete"}
    journal = (tmp_path / "home/searches/sib200_afrixnli/study.journal").read_text()
    assert '"rules":{"source":["sw"],"pretraining":"unknown"}' in journal.replace(": ", ":").replace(", ", ",")
