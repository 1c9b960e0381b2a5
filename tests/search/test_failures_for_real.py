"""Failures of real launches: an encoder that cannot be read, a worker that is killed."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest

import trainables.benchmarks.miniature
from tests.search.test_end_to_end import SMALL, command, done, environment, launching, results

ENCODER = Path(trainables.benchmarks.miniature.__file__).with_name("encoder")
ONE = SMALL | {
    "trials": "1",
    "intermediate": "{facts: {resource: high}}",
    "curriculum.max_length": "1",
    "curriculum.joint": "false",
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory, ready, starts_ray) -> Iterator[tuple[Path, str]]:
    """A home with a search whose only trial failed, and what was told: its encoder's weights were cut after they were looked at."""
    home = tmp_path_factory.mktemp("failed") / "home"
    encoder, temporary = home.with_name("encoder"), Path(mkdtemp(prefix="x", dir="/tmp"))
    shutil.copytree(ENCODER, encoder)
    ready(home)
    settings = {name: value for name, value in ONE.items() if name != "tracking.uri"}
    words = launching(home, settings | {"encoder": str(encoder)})
    launch = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(TMPDIR=str(temporary))
    )
    while launch.poll() is None and not [*temporary.glob("xlt-*/ray")]:
        time.sleep(0.1)
    cut = home.with_name("cut")
    cut.write_bytes((encoder / "model.safetensors").read_bytes()[:-1000])
    cut.rename(encoder / "model.safetensors")
    _, printed = launch.communicate(timeout=300)
    assert launch.returncode == 1, printed
    assert (home / "searches/miniature/results.json").exists(), printed
    yield home, printed
    shutil.rmtree(temporary)


def test_the_traceback_of_a_worker_is_in_a_file_that_everything_names(failed):
    home, printed = failed
    (trial,) = results(home)["trials"]
    file = home / "searches" / "miniature" / trial["failure"]
    told = file.read_text()
    assert trial["state"] == "failed"
    assert told.startswith(f"trial 0, attempt 1: {trial['error']}")
    assert "Traceback (most recent call last):" in told
    assert "trainables/trial/_trial.py" in told
    assert "torch " in told
    assert f"traceback: {file}" in done(command(home, "status", "miniature")).stdout
    assert f"traceback: {file}" in done(command(home, "report", "miniature")).stdout
    assert (
        json.loads(done(command(home, "status", "miniature", "--json")).stdout)["trials"][0]["failure"]
        == trial["failure"]
    )
    assert trial["failure"] in (file.parents[1] / "report.html").read_text()
    assert "Traceback" not in printed


def test_the_traceback_is_an_artifact_of_the_trials_run(failed):
    from mlflow import MlflowClient

    home, _ = failed
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("miniature")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`xlt.trial` = '0'")
    name = run.data.tags["xlt.failures"]
    local = Path(client.download_artifacts(run.info.run_id, name, str(home)))
    assert local.read_text() == (home / "searches" / "miniature" / name).read_text()


def _trains(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # one that ended meanwhile
        return "ImplicitFunc.train" in "".join(process.cmdline())
    return False


@pytest.mark.ray
def test_what_ray_knows_of_a_killed_worker_is_kept_and_the_trial_done_after_all(tmp_path, ready):
    ready(tmp_path)
    settings = ONE | {"training.target.steps": "200"}
    launch = subprocess.Popen(
        launching(tmp_path, settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    process, worker = psutil.Process(launch.pid), None
    while worker is None and launch.poll() is None:
        time.sleep(0.2)
        worker = next(filter(_trains, process.children(recursive=True)), None)
    assert worker is not None, launch.communicate()[1]
    worker.kill()
    _, told = launch.communicate(timeout=400)
    assert launch.returncode == 0, told
    assert "LOST: the worker died" in told
    (trial,) = results(tmp_path)["trials"]
    assert trial["state"] == "complete"
    kept = (tmp_path / "searches/miniature/failures/trial-0-attempt-1.txt").read_text()
    assert "What Ray knows of it:" in kept
    assert "Worker exit type: " in kept
    assert not (tmp_path / "searches/miniature/.scratch").exists()
