"""Real launches: Ray, torch, the miniature; each in a process of its own, in a home of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.forked import run_xlt
from trainables.store import seal_document

XLT = Path(sys.executable).with_name("xlt")
CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
TINY = {
    "training.intermediate.steps": "4",
    "training.target.steps": "4",
    "languages": "[en, de, sw]",
    "resources.workers": "2",
}
SMALL = TINY | {
    "targets": "[choice]",
    "finalists.top": "0",
    "resources.workers": "1",
    "tracking.uri": "http://127.0.0.1:9",
}
"""One target, one worker, and a tracking server that is down."""


def environment(**more: str) -> dict[str, str]:
    quick = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **quick, **more}


def command(home: Path, *words: object) -> list[str]:
    return [str(XLT), "--home", str(home), *map(str, words)]


def launching(home: Path, settings: dict[str, str]) -> list[str]:
    return command(home, "launch", CONFIG, *(f"--set={key}={value}" for key, value in settings.items()))


def done(words: list[str], code: int = 0) -> subprocess.CompletedProcess[str]:
    finished = run_xlt(words[1:], env=environment())
    assert finished.returncode == code, finished.stderr
    return finished


def results(home: Path) -> dict:
    return json.loads((home / "searches" / "miniature" / "results.json").read_text())


@pytest.fixture(scope="session")
def launched(tmp_path_factory, starts_ray) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The home of a finished search, and what its launch printed."""
    home = tmp_path_factory.mktemp("launched")
    settings = TINY | {"trials": "3", "finalists.top": "1", "finalists.seeds": "2"}
    return home, done(launching(home, settings))


@pytest.fixture(scope="session")
def exported(launched, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "best"
    done(command(launched[0], "export", "miniature", out))
    return out


def test_a_launch_ends_with_its_answer(launched):
    _, printed = launched
    assert printed.stdout.startswith("miniature: trial ")
    assert "over 2 fresh seeds, 95 % interval" in printed.stdout
    assert "all families" in printed.stdout
    assert "Traceback" not in printed.stderr
    lines = printed.stderr.splitlines()
    assert all(line.startswith(("[", "read and tokenized ")) for line in lines), printed.stderr


def test_a_launch_leaves_results_of_every_trial_and_finalist(launched):
    document = results(launched[0])
    assert [trial["state"] for trial in document["trials"]] == ["complete"] * 3
    assert document["trials"][0]["curriculum"] == []
    best = next(trial for trial in document["trials"] if trial["number"] == document["best"])
    assert [seed["seed"] for seed in best["seeds"]] == [1, 2]
    assert set(best["targets"]) == {"inference", "choice", "tagging", "answer", "retrieval"}
    assert set(best["targets"]["choice"]["scores"]["dev"]) == {"en", "de", "sw"}


def test_a_launch_leaves_runs_in_mlflow(launched):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{launched[0] / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("miniature")
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags.get("xlt.trial", "") for run in runs) == ["", "0", "1", "2"]
    assert {"0: no intermediate stage", "miniature"} <= {run.info.run_name for run in runs}
    parent = next(run for run in runs if run.info.run_name == "miniature")
    there = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "results.json", "config.yaml", "pictures"} <= there


@pytest.mark.parametrize("word", ["status", "best"])
def test_a_finished_search_can_be_read_as_json(launched, word):
    document = json.loads(done(command(launched[0], word, "miniature", "--json")).stdout)
    assert document["name"] == "miniature"
    assert document["verdict"] == results(launched[0])["verdict"]


def test_an_export_holds_the_trial_the_results_and_a_model_for_each_target(launched, exported):
    assert {path.name for path in exported.iterdir()} == {"README.md", "best.yaml", "results.json", "models"}
    assert json.loads((exported / "results.json").read_text()) == results(launched[0])
    targets = {"inference", "choice", "tagging", "answer", "retrieval"}
    assert {path.name for path in (exported / "models").iterdir()} == targets
    for target in targets:
        assert {"config.json", "model.safetensors", "README.md"} <= {
            path.name for path in (exported / "models" / target).iterdir()
        }


def test_an_exported_trial_trained_again_has_the_same_scores_to_the_last_bit(launched, exported):
    printed = done(command(launched[0], "train", exported / "best.yaml")).stdout
    assert "seed 0: every score is the recorded one to the last bit" in printed


LOAD = """
import sys
sys.modules["trainables"] = sys.modules["search"] = None
import torch
from transformers import AutoModelForMultipleChoice, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model, report = AutoModelForMultipleChoice.from_pretrained(sys.argv[1], output_loading_info=True)
assert not report["missing_keys"] and not report["unexpected_keys"], report
batch = tokenizer(["Kenya", "Kenya"], ["Africa", "Europe"], return_tensors="pt")
logits = model(**{name: tensor.unsqueeze(0) for name, tensor in batch.items()}).logits
assert torch.isfinite(logits).all()
print("logits", *logits.shape)
"""


def test_an_exported_model_loads_with_plain_transformers(exported, tmp_path):
    words = [sys.executable, "-c", LOAD, str(exported / "models" / "choice")]
    loaded = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=200)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == "logits 1 2"


def killed_after(words: list[str], ended: int) -> None:
    """Run a launch until `ended` trials have ended, then kill it and all that it started."""
    launch = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )
    told = []
    for line in launch.stderr:
        told.append(line)
        if sum(line.startswith("[") for line in told) == ended:
            break
    assert launch.poll() is None, told
    mine = psutil.Process(launch.pid).children(recursive=True)
    launch.send_signal(signal.SIGKILL)
    launch.wait(60)
    launch.stderr.close()
    for process in mine:
        if process.is_running():
            process.kill()
    psutil.wait_procs(mine, timeout=60)


def complete(document: dict) -> dict[int, str]:
    return {
        trial["number"]: json.dumps([trial["curriculum"], trial["targets"], trial["value"]])
        for trial in document["trials"]
        if trial["state"] == "complete"
    }


@pytest.mark.ray
def test_a_launch_in_which_every_trial_diverges_records_why(tmp_path, ready):
    ready(tmp_path)
    settings = SMALL | {"trials": "2", "space.target.learning_rate": "1e20"}
    printed = done(launching(tmp_path, settings), code=1)
    assert [trial["state"] for trial in results(tmp_path)["trials"]] == ["failed"] * 2
    assert all(
        "with learning rate 1e+20: lower the learning rate" in trial["error"] for trial in results(tmp_path)["trials"]
    )
    assert printed.stderr.count("FAILED: loss ") == 2
    assert "xlt status miniature shows why" in printed.stderr
    assert "Traceback" not in printed.stderr


@pytest.mark.ray
def test_trials_race_on_ray_and_their_workers_live_on(tmp_path, ready):
    ready(tmp_path)
    settings = SMALL | {
        "targets": "[choice, tagging, answer]",
        "sampler": "random",
        "trials": "9",
        "racing.rules": "[asha]",
        "racing.reduction": "50",  # all but the best so far end after their first target
        "racing.parts": "2",
    }
    finished = done(launching(tmp_path, settings))
    trials = results(tmp_path)["trials"]
    states = Counter(trial["state"] for trial in trials)
    assert states.total() == 9 and states["pruned"] >= 2 and states["complete"] >= 2, finished.stderr
    for trial in trials:
        scored = [task for task, target in trial["targets"].items() if target["scores"]]
        if trial["state"] == "complete":
            assert len(scored) == 3
        else:
            assert 1 <= len(scored) < 3 and trial["pruned"].startswith("asha ")
    assert finished.stderr.count("ended early by asha") == states["pruned"]
    assert "LOST" not in finished.stderr
    again = done(launching(tmp_path, settings))
    assert [trial["state"] for trial in results(tmp_path)["trials"]] == [trial["state"] for trial in trials]
    assert "ended early by" not in again.stderr


def test_a_launch_on_a_store_that_others_prepared_touches_nothing_outside(launched, tmp_path):
    """Records of targets, of which a launch gives up the spare ones, name what is not theirs."""
    home, victim = tmp_path / "home", tmp_path / "fv"
    shutil.copytree(launched[0], home, symlinks=True)
    (victim / "sub").mkdir(parents=True)
    (victim / "sub" / "keep.txt").write_text("mine")
    targets = 0
    for path in (home / "stages").glob("*/stage.json"):
        record = json.loads(path.read_text())
        del record["seal"]
        if record["identity"].get("target"):
            record["files"] = {name: file | {"at": "../../../fv"} for name, file in record["files"].items()}
            path.write_bytes(seal_document(record))
            targets += 1
    assert targets
    settings = TINY | {"trials": "4", "finalists.top": "1", "finalists.seeds": "2"}
    printed = done(launching(home, settings))
    assert "stage.json is garbled (files." in printed.stderr and "Traceback" not in printed.stderr
    assert [path.name for path in victim.rglob("*")] == ["sub", "keep.txt"]
    assert len(results(home)["trials"]) == 4
    done(command(home, "store", "gc", "--max-size", "0"))
    assert [path.name for path in victim.rglob("*")] == ["sub", "keep.txt"]
