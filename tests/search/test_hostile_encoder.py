"""Commands on an encoder that brings code of its own, with a yes on standard input: nothing is asked, nothing is run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from search.exporter._exported_trial import ExportedTrial
from tests import tiny_encoders
from tests.trainables.spoilt import both, evil, fields
from trainables.curriculum import Stage, Trial

AUTO = {"AutoConfig": "evil.C", "AutoModel": "evil.M", "AutoTokenizer": ["evil.T", None]}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("encoder") / "encoder"
    tiny_encoders.xlm_r(folder)
    both(evil("config.json", model_type="evil", auto_map=AUTO), fields("tokenizer_config.json", auto_map=AUTO))(folder)
    return folder


def write(file: Path, command: str, encoder: Path) -> None:
    if command == "train":
        stage = Stage(task="choice", learning_rate=1e-3, steps=1, batch_size=2, max_length=16)
        trial = Trial(
            encoder=str(encoder), benchmark="miniature", curriculum=(), targets=(stage,), languages=("en", "de")
        )
        scores = {"choice": {"dev": {code: {"accuracy": 0.5} for code in trial.languages}}}
        ExportedTrial(name="x", number=0, trial=trial, seed=0, threads=1, data={"choice": "a"}, scores=scores).write(
            file
        )
        return
    config = {
        "name": "x",
        "encoder": str(encoder),
        "benchmark": "miniature",
        "targets": ["choice"],
        "intermediate": {"facts": {}},
        "languages": ["en", "de"],
        "curriculum": {"max_length": 1},
        "training": {"intermediate": {"steps": 1}, "target": {"steps": 1}},
        "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
        "trials": 1,
    }
    file.write_text(json.dumps(config))


@pytest.mark.parametrize("command", ["train", "plan", "launch"])
def test_a_yes_on_standard_input_runs_nothing(encoder, tmp_path, command):
    write(tmp_path / "file.yaml", command, encoder)
    words = [sys.executable, "-m", "search", "--home", str(tmp_path / "home"), command, str(tmp_path / "file.yaml")]
    done = subprocess.run(words, input="y\n" * 9, capture_output=True, text=True, timeout=120)
    assert not (encoder.parent / "ran").exists()
    assert "[y/N]" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if command == "plan":
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 2, done.stderr
        assert "brings code of its own (auto_map), which is never run" in done.stderr


@pytest.mark.parametrize("command", ["train", "plan", "launch"])
def test_a_garbled_encoder_is_a_mistake_in_one_line(tmp_path, command):
    folder = tmp_path / "encoder"
    tiny_encoders.xlm_r(folder)
    (folder / "config.json").write_text("[" * 200_000)
    write(tmp_path / "file.yaml", command, folder)
    words = [sys.executable, "-m", "search", "--home", str(tmp_path / "home"), command, str(tmp_path / "file.yaml")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "config.json is garbled: it is nested deeper than 100 levels" in done.stderr
    assert "Traceback" not in done.stderr
