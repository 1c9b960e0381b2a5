import io
import os

import pytest
from rich.console import Console

from search import results, tracking
from search.home import Home
from search.tracking import Tracker, metrics, rebuild

BY_NAME = {
    "transfer/mean",
    "transfer/worst_family",
    "family/Indo-European",
    "source/choice",
    "choice/family/Uralic",
    "choice/lang/de",
    "unseen/wo",
}


@pytest.fixture(scope="module")
def view_home(tmp_path_factory) -> Home:
    """One MLflow database for this file: making one takes seconds."""
    return Home(tmp_path_factory.mktemp("view"))


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def searched(config, reopen, agenda, worker, home):
    """Makes a finished search, its results written."""

    def make(changes):
        study = reopen(config(changes))
        worker.drive(agenda(study))
        results.write(study, home.folder(study.config.name))
        return study, home.folder(study.config.name).results

    return make


def runs(home: Home, name: str) -> dict:
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name(name)
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_a_trial_has_the_metrics_of_the_contract(searched):
    study, _ = searched({})
    record = study.complete()[0]
    found = metrics(record.outcome.transfer)
    assert found.keys() >= BY_NAME
    assert found["transfer/mean"] == pytest.approx(record.value)
    assert found["source/choice"] == pytest.approx(record.value + 0.1)
    assert found["unseen/wo"] == pytest.approx(record.value - 0.1)


def test_a_launch_is_a_parent_run_and_its_trials_are_children(searched, view_home, console):
    study, written = searched({"name": "family"})
    rebuild(study, view_home, written, console)
    found = runs(view_home, "family")
    assert set(found) == {"family", *(f"trial {record.number}" for record in study.complete())}
    parent = found.pop("family")
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent.info.run_id}
    assert parent.data.metrics["transfer/mean"] == pytest.approx(study.complete()[0].value)
    assert parent.data.metrics["sharing/stages_asked"] > 0
    assert parent.data.params["targets"] == "choice, tagging"
    assert console.file.getvalue() == ""


def test_a_trials_run_holds_its_curriculum_in_words_and_every_metric(searched, view_home, console):
    study, written = searched({"name": "words", "trials": 10})
    rebuild(study, view_home, written, console)
    record = study.complete()[0]
    run = runs(view_home, "words")[f"trial {record.number}"]
    assert run.data.params["curriculum"] == "dates > facts"
    assert run.data.params["stage.2"] == "facts (0.001)"
    assert metrics(record.outcome.transfer).items() <= run.data.metrics.items()
    assert run.data.metrics["finalist/seeds"] == 3
    assert run.data.tags["xlt.seeds"] == "1, 2, 3"
    assert run.info.status == "FINISHED"


def test_a_failed_trial_is_a_failed_run_with_its_cause(
    config, reopen, agenda, failing_worker, home, view_home, console
):
    study = reopen(config({"name": "failing", "trials": 2}))
    failing_worker(lambda job: job.number == 1).drive(agenda(study))
    results.write(study, home.folder("failing"))
    rebuild(study, view_home, home.folder("failing").results, console)
    run = runs(view_home, "failing")["trial 1"]
    assert run.info.status == "FAILED"
    assert "loss is nan" in run.data.tags["xlt.error"]


def test_a_trial_that_ended_early_has_no_means_that_pass_for_those_over_all_targets(
    config, reopen, agenda, worker, home, view_home, console
):
    worker.among_best = lambda job: False
    study = reopen(config({"name": "racing", "trials": 6, "racing.rules": ["asha"], "finalists.top": 0}))
    worker.drive(agenda(study))
    results.write(study, home.folder("racing"))
    rebuild(study, view_home, home.folder("racing").results, console)
    ended = [record.number for record in study.recorded() if record.state == "pruned"]
    assert ended
    for number in ended:
        run = runs(view_home, "racing")[f"trial {number}"]
        assert run.info.status == "KILLED"
        assert run.data.tags["xlt.pruned"].startswith("asha after choice")
        assert "choice/family/Uralic" in run.data.metrics
        assert not [name for name in run.data.metrics if name.startswith(("transfer/", "family/", "tagging/"))]


def test_writing_the_view_again_changes_nothing(searched, view_home, console):
    study, written = searched({"name": "twice", "trials": 3})
    rebuild(study, view_home, written, console)
    before = {name: (run.info.run_id, run.data.metrics) for name, run in runs(view_home, "twice").items()}
    rebuild(study, view_home, written, console)
    assert {name: (run.info.run_id, run.data.metrics) for name, run in runs(view_home, "twice").items()} == before
    assert console.file.getvalue() == ""


def test_a_trial_written_twice_is_one_run(searched, view_home, console):
    study, _ = searched({"name": "once", "trials": 1})
    for _ in range(2):
        with Tracker(study.config, view_home, console) as tracker:
            tracker.trial_ended(study, 0)
            tracker.trial_ended(study, 0)
    assert sorted(runs(view_home, "once")) == ["once", "trial 0"]
    assert console.file.getvalue() == ""


def test_a_search_that_goes_on_with_another_sampler_keeps_its_view(searched, reopen, config, view_home, console):
    study, written = searched({"name": "other", "trials": 1})
    rebuild(study, view_home, written, console)
    rebuild(reopen(config({"name": "other", "trials": 1, "sampler": "random"})), view_home, written, console)
    assert console.file.getvalue() == ""


@pytest.fixture
def impatient(monkeypatch):
    """MLflow asks a server once and not for long."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"


def test_a_server_that_is_down_costs_the_search_nothing_and_is_told_once(
    config, reopen, agenda, worker, home, console, impatient
):
    study = reopen(config({"tracking.uri": "http://127.0.0.1:9"}))
    with Tracker(study.config, home, console) as tracker:
        worker.drive(agenda(study, lambda event: tracker.trial_ended(study, event.job.number)))
        results.write(study, home.folder("sums"))
        tracker.launch_ended(study, home.folder("sums").results)
    assert len(study.complete()) == 6
    text = console.file.getvalue()
    assert text.count("MLflow at http://127.0.0.1:9 missed some of this") == 1
    assert "xlt track sums writes the view anew" in text


def test_a_server_that_does_not_answer_is_not_waited_for(config, home, console, monkeypatch):
    import threading

    answered = threading.Event()
    monkeypatch.setattr(tracking, "_PATIENCE", 0.05)
    monkeypatch.setattr(tracking, "_View", lambda *_: answered.wait(30))
    with Tracker(config(), home, console) as tracker:
        tracker._jobs.put(lambda view: None)
    answered.set()
    assert "did not answer within" in console.file.getvalue()
    assert "(str:" not in console.file.getvalue()


def test_noise_in_its_native_parameters_and_both_settings_are_in_the_view(searched, view_home, console):
    changes = {
        "name": "robust",
        "trials": 4,
        "curriculum.max_length": 1,
        "generalized.pairs": "all",
        "space.noise": {"methods": ["neftune"], "magnitude": 0.2, "along": "every_stage"},
    }
    study, written = searched(changes)
    rebuild(study, view_home, written, console)
    (record, *_) = [record for record in study.complete() if record.trial.curriculum]
    run = runs(view_home, "robust")[f"trial {record.number}"]
    assert run.data.params["stage.1"].endswith("neftune 0.2)")
    assert run.data.params["stage.1.native"] == "epsilon 0.4"
    assert run.data.params["target.choice.native"] == "epsilon 0.4"
    assert run.data.metrics["generalized/mean"] == pytest.approx(record.value - 0.2)
    assert run.data.metrics["generalized/Uralic/Niger-Congo"] == pytest.approx(record.value - 0.2)
    assert run.data.metrics["choice/generalized"] == pytest.approx(record.value - 0.2)
    assert console.file.getvalue() == ""


def test_more_metrics_than_mlflow_takes_at_once_are_all_written(searched, view_home, console, monkeypatch):
    monkeypatch.setattr(tracking, "_AT_ONCE", 7)
    study, written = searched({"name": "many", "trials": 1})
    rebuild(study, view_home, written, console)
    (record,) = study.complete()
    run = runs(view_home, "many")["trial 0"]
    assert metrics(record.outcome.transfer).keys() <= run.data.metrics.keys()
