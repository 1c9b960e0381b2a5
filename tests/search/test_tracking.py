import io

import pytest
from rich.console import Console

from search.home import Home
from search.results import build_results, write_results
from search.tracking import DatasetDigests, Tracker, build_trial_run, rebuild_tracking
from search.tracking._datasets import UNKNOWN_DIGEST
from search.tracking._metrics import collect_metrics

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
def searched(config, reopen, make_scheduler, worker, home):
    """Makes a finished search, its results written."""

    def make(changes):
        study = reopen(config(changes))
        worker.drive(make_scheduler(study))
        write_results(study, home.get_search_folder(study.config.name))
        return study, home.get_search_folder(study.config.name).results

    return make


def runs(home: Home, name: str) -> dict:
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name(name)
    found = client.search_runs([experiment.experiment_id])
    return {run.data.tags.get("xlt.trial", name): run for run in found}


def keys(run) -> set[str]:
    """A run's params."""
    return set(run.data.params)


def test_a_trial_has_the_metrics_of_the_contract(searched):
    study, _ = searched({})
    record = study.get_complete_trials()[0]
    found = collect_metrics(record.outcome.transfer)
    assert found.keys() >= BY_NAME
    assert found["transfer/mean"] == pytest.approx(record.value)
    assert found["source/choice"] == pytest.approx(record.value + 0.1)
    assert found["unseen/wo"] == pytest.approx(record.value - 0.1)


def test_a_launch_is_a_parent_run_and_its_trials_are_children(searched, view_home, console):
    study, written = searched({"name": "family"})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "family")
    assert set(found) == {"family", *(str(record.number) for record in study.get_complete_trials())}
    parent = found.pop("family")
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent.info.run_id}
    assert parent.data.metrics["transfer/mean"] == pytest.approx(study.get_complete_trials()[0].value)
    assert parent.data.metrics["sharing/stages_asked"] > 0
    assert parent.data.params["targets"] == "choice, tagging"
    assert console.file.getvalue() == ""


def test_a_trials_run_holds_its_curriculum_in_words_and_every_metric(searched, view_home, console):
    study, written = searched({"name": "words", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    record = study.get_complete_trials()[0]
    run = runs(view_home, "words")[str(record.number)]
    assert run.data.params["curriculum"] == "dates > facts"
    assert run.data.params["stage.2"] == "facts (0.001)"
    assert collect_metrics(record.outcome.transfer).items() <= run.data.metrics.items()
    assert run.data.metrics["finalist/seeds"] == 3
    assert run.data.tags["xlt.seeds"] == "1, 2, 3"
    assert run.info.status == "FINISHED"


def test_a_failed_trial_is_a_failed_run_with_its_cause(
    config, reopen, make_scheduler, failing_worker, home, view_home, console
):
    study = reopen(config({"name": "failing", "trials": 2}))
    failing_worker(lambda job: job.number == 1).drive(make_scheduler(study))
    write_results(study, home.get_search_folder("failing"))
    rebuild_tracking(study, view_home, home.get_search_folder("failing").results, console)
    run = runs(view_home, "failing")["1"]
    assert run.info.status == "FAILED"
    assert "loss is nan" in run.data.tags["xlt.error"]


def test_a_trial_that_ended_early_has_no_means_that_pass_for_those_over_all_targets(
    config, reopen, make_scheduler, worker, home, view_home, console
):
    worker.among_best = lambda job: False
    study = reopen(config({"name": "racing", "trials": 6, "racing.rules": ["asha"], "finalists.top": 0}))
    worker.drive(make_scheduler(study))
    write_results(study, home.get_search_folder("racing"))
    rebuild_tracking(study, view_home, home.get_search_folder("racing").results, console)
    ended = [record.number for record in study.get_trial_records() if record.state == "pruned"]
    assert ended
    for number in ended:
        run = runs(view_home, "racing")[str(number)]
        assert run.info.status == "KILLED"
        assert run.data.tags["xlt.pruned"].startswith("asha after choice")
        assert "choice/family/Uralic" in run.data.metrics
        assert not [name for name in run.data.metrics if name.startswith(("transfer/", "family/", "tagging/"))]


def test_writing_the_view_again_changes_nothing(searched, view_home, console):
    study, written = searched({"name": "twice", "trials": 3})
    rebuild_tracking(study, view_home, written, console)
    before = {name: (run.info.run_id, run.data.metrics) for name, run in runs(view_home, "twice").items()}
    rebuild_tracking(study, view_home, written, console)
    assert {name: (run.info.run_id, run.data.metrics) for name, run in runs(view_home, "twice").items()} == before
    assert console.file.getvalue() == ""


def test_a_trial_written_twice_is_one_run(searched, view_home, console):
    study, _ = searched({"name": "once", "trials": 1})
    for _ in range(2):
        with Tracker(study.config, view_home, console) as tracker:
            tracker.record_trial(study, 0)
            tracker.record_trial(study, 0)
    assert sorted(runs(view_home, "once")) == ["0", "once"]
    assert console.file.getvalue() == ""


def test_a_search_that_goes_on_with_another_sampler_keeps_its_view(searched, reopen, config, view_home, console):
    study, written = searched({"name": "other", "trials": 1})
    rebuild_tracking(study, view_home, written, console)
    rebuild_tracking(reopen(config({"name": "other", "trials": 1, "sampler": "random"})), view_home, written, console)
    assert console.file.getvalue() == ""


def test_noise_in_its_native_parameters_and_both_settings_are_in_the_view(searched, view_home, console):
    changes = {
        "name": "robust",
        "trials": 4,
        "curriculum.max_length": 1,
        "generalized.pairs": "all",
        "space.noise": {"methods": ["neftune"], "magnitude": 0.2, "along": "every_stage"},
    }
    study, written = searched(changes)
    rebuild_tracking(study, view_home, written, console)
    (record, *_) = [record for record in study.get_complete_trials() if record.trial.curriculum]
    run = runs(view_home, "robust")[str(record.number)]
    assert run.data.params["stage.1"].endswith("neftune 0.2)")
    assert run.data.params["native"].startswith(f"{record.trial.curriculum[0].task}: epsilon 0.4; choice: epsilon 0.4")
    assert (run.data.params["magnitude"], run.data.params["magnitude/targets"]) == ("0.2", "0.2")
    assert (run.data.params["noise"], run.data.params["noise/targets"]) == ("neftune", "neftune")
    assert run.data.metrics["generalized/mean"] == pytest.approx(record.value - 0.2)
    assert run.data.metrics["generalized/Uralic/Niger-Congo"] == pytest.approx(record.value - 0.2)
    assert run.data.metrics["choice/generalized"] == pytest.approx(record.value - 0.2)
    assert console.file.getvalue() == ""


def test_more_metrics_than_mlflow_takes_at_once_are_all_written(searched, view_home, console, monkeypatch):
    monkeypatch.setattr("search.tracking._view._MAX_METRICS", 50)
    monkeypatch.setattr("search.tracking._view._MAX_PARAMS", 7)
    study, written = searched({"name": "many", "trials": 1})
    rebuild_tracking(study, view_home, written, console)
    (record,) = study.get_complete_trials()
    run = runs(view_home, "many")["0"]
    assert collect_metrics(record.outcome.transfer).keys() <= run.data.metrics.keys()
    assert run.data.params["native"] == "none"
    assert "xlt.digest" in run.data.tags


def test_a_run_is_named_by_its_number_and_its_tasks_in_order(searched, view_home, console):
    study, written = searched({"name": "named", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "named")
    best = study.get_complete_trials()[0].number
    assert found["0"].info.run_name == "0: no intermediate stage"
    assert found[str(best)].info.run_name == f"{best}: dates > facts"
    assert found[str(best)].data.tags["xlt.condition"] == "high alone"
    assert found["0"].data.tags["xlt.condition"] == "none"


def test_every_trial_has_the_same_params_and_numbers_are_bare(searched, view_home, console):
    study, written = searched({"name": "axes", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "axes")
    found.pop("axes")
    assert len({frozenset(keys(run)) for run in found.values()}) == 1
    best = found[str(study.get_complete_trials()[0].number)].data.params
    assert [best[f"position/{task}"] for task in ("dates", "facts", "facts_sw")] == ["1", "2", "0"]
    assert [best[f"rate/{task}"] for task in ("dates", "facts", "facts_sw")] == ["0.001", "0.001", "0"]
    assert (best["first"], best["last"], best["length"]) == ("dates", "facts", "2")
    numbers = [name for name in best if name.startswith(("position/", "rate/", "magnitude")) or name == "length"]
    assert len(numbers) > 8
    for run in found.values():
        assert all(float(run.data.params[name]) >= 0 for name in numbers)


def test_finalists_have_their_mean_its_bounds_and_each_fresh_seed(searched, view_home, console):
    study, written = searched({"name": "fresh", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "fresh")
    document = build_results(study)
    number = document["best"]
    best = found[str(number)].data
    told = next(trial for trial in document["trials"] if trial["number"] == number)
    for entry in told["seeds"]:
        assert best.metrics[f"finalist/seed/{entry['seed']}"] == pytest.approx(entry["value"])
    assert best.metrics["finalist/mean"] == pytest.approx(document["confirmed"]["raw"])
    assert best.metrics["finalist/low"] < best.metrics["finalist/mean"] < best.metrics["finalist/high"]
    whole = found["fresh"].data
    for name in ("mean", "low", "high"):
        metric = "finalist/corrected" if name == "mean" else f"finalist/corrected_{name}"
        assert whole.metrics[metric] == pytest.approx(document["confirmed"][name])
    assert best.metrics["finalist/test"] == pytest.approx(best.metrics["finalist/mean"])
    finalists = {name for name, run in found.items() if run.data.tags.get("xlt.finalist") == "yes"}
    assert finalists == {str(trial["number"]) for trial in document["trials"] if trial["seeds"]}


def test_the_best_trial_is_tagged_with_the_verdict_and_no_other(searched, view_home, console):
    from mlflow import MlflowClient

    study, written = searched({"name": "marked", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "marked")
    parent = found.pop("marked")
    best, verdict = build_results(study)["best"], build_results(study)["verdict"]
    assert {name for name, run in found.items() if "xlt.best" in run.data.tags} == {str(best)}
    assert (found[str(best)].data.tags["xlt.best"], parent.data.tags["xlt.verdict"]) == (verdict, verdict)
    MlflowClient(view_home.tracking_uri).set_tag(found["0"].info.run_id, "xlt.best", "tie")
    rebuild_tracking(study, view_home, written, console)
    assert {name for name, run in runs(view_home, "marked").items() if "xlt.best" in run.data.tags} == {
        str(best),
        "marked",
    }


def test_the_parent_tells_the_answer_and_carries_the_results_the_config_and_whatever_it_is_given(
    searched, view_home, console, tmp_path
):
    from mlflow import MlflowClient

    study, written = searched({"name": "told", "trials": 3})
    written.with_name("config.yaml").write_text("name: told\n")
    (tmp_path / "page.html").write_text("<p>the report</p>")
    files = {"report.html": tmp_path / "page.html", "pictures/order.png": tmp_path / "page.html"}
    with Tracker(study.config, view_home, console) as tracker:
        tracker.record_launch(study, written, files, ["Dates before facts."])
    parent = runs(view_home, "told")["told"]
    note = parent.data.tags["mlflow.note.content"]
    assert note.startswith("Dates before facts.\n")
    assert "xlt export told DIR" in note
    client = MlflowClient(view_home.tracking_uri)
    there = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert there == {"results.json", "config.yaml", "report.html", "pictures"}
    assert [file.path for file in client.list_artifacts(parent.info.run_id, "pictures")] == ["pictures/order.png"]


def test_a_trial_names_its_data_with_their_roles(searched, view_home, console):
    study, written = searched({"name": "data", "trials": 10})
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "data")
    used = found[str(study.get_complete_trials()[0].number)].inputs.dataset_inputs
    assert {(each.dataset.name, each.tags[0].value) for each in used} == {
        ("dates", "intermediate"),
        ("facts", "intermediate"),
        ("choice", "target"),
        ("tagging", "target"),
    }
    assert {each.dataset.digest for each in used} == {UNKNOWN_DIGEST}
    assert len(found["data"].inputs.dataset_inputs) == 5


def test_the_digest_of_data_is_that_of_the_stage_in_the_store(searched, tmp_path):
    from tests.trainables.store.conftest import sound
    from trainables.store import seal_document

    study, _ = searched({"name": "digests", "trials": 10})
    record = study.get_complete_trials()[0]
    for run, data in zip(record.outcome.stages, ("d" * 64, "f1+synonyms"), strict=False):
        folder = tmp_path / run.key
        folder.mkdir(parents=True)
        (folder / "stage.json").write_bytes(seal_document(sound(identity={"version": 1, "data": data})))
    used = {each.task: each.digest for each in DatasetDigests(study.config, str(tmp_path)).list_used(record)}
    assert used == {"dates": "d" * 36, "facts": "f1", "choice": UNKNOWN_DIGEST, "tagging": UNKNOWN_DIGEST}


def test_a_run_that_is_as_it_should_be_is_not_written_again(searched, view_home, console):
    study, written = searched({"name": "kept", "trials": 4})
    first = rebuild_tracking(study, view_home, written, console)
    again = rebuild_tracking(study, view_home, written, console)
    assert (first.written, first.up_to_date) == (len(study.get_complete_trials()), 0)
    assert (again.written, again.up_to_date) == (0, len(study.get_complete_trials()))


def test_a_run_that_was_left_half_written_or_deleted_is_made_whole(searched, view_home, console):
    from mlflow import MlflowClient

    study, written = searched({"name": "half", "trials": 3})
    rebuild_tracking(study, view_home, written, console)
    client, before = MlflowClient(view_home.tracking_uri), runs(view_home, "half")
    client.update_run(before["0"].info.run_id, status="RUNNING")
    client.delete_run(before["1"].info.run_id)
    again = rebuild_tracking(study, view_home, written, console)
    after = runs(view_home, "half")
    assert again.written == 2
    assert after["0"].info.run_id == before["0"].info.run_id
    assert {run.info.status for run in after.values()} == {"FINISHED"}
    assert after["1"].data.params == before["1"].data.params


def test_a_run_of_an_older_view_is_made_anew(searched, view_home, console):
    from mlflow import MlflowClient

    study, written = searched({"name": "older", "trials": 2})
    client = MlflowClient(view_home.tracking_uri)
    experiment = client.create_experiment("older", (view_home.artifacts / "older").as_uri())
    old = client.create_run(experiment, tags={"xlt.trial": "0"}, run_name="trial 0")
    client.log_param(old.info.run_id, "curriculum", "what it was called then")
    rebuild_tracking(study, view_home, written, console)
    found = runs(view_home, "older")
    assert found["0"].info.run_id != old.info.run_id
    assert found["0"].data.params["curriculum"] == "none"
    assert len(found) == 3
    assert console.file.getvalue() == ""


def test_a_search_of_markup_in_an_error_shows_it_as_text(config, reopen, make_scheduler, failing_worker, home):
    study = reopen(config({"name": "markup", "trials": 2}))
    worker = failing_worker(lambda job: job.number == 1)
    worker.drive(make_scheduler(study))
    failed = next(record for record in study.get_trial_records() if record.state == "failed")
    note = build_trial_run(failed, {}, study.config, DatasetDigests(study.config, None)).tags["mlflow.note.content"]
    assert "\n    the loss is nan" in note
