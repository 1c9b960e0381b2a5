"""The winner as a version of a registered model."""

from dataclasses import replace

import pytest

from search.exporter import register_best
from search.exporter._exported_trial import ExportedTrial
from search.results import build_results, write_results
from search.tracking import rebuild_tracking


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """One MLflow database for this file: making one takes seconds."""
    from search.home import Home

    return Home(tmp_path_factory.mktemp("registry"))


@pytest.fixture
def exported(config, reopen, make_scheduler, worker, home, tmp_path):
    """Makes a finished search and what `xlt export` writes of a trial of it, weights apart."""

    def make(name, number=None):
        study = reopen(config({"name": name, "trials": 10}))
        worker.drive(make_scheduler(study))
        write_results(study, home.get_search_folder(name))
        number = build_results(study)["best"] if number is None else number
        record = next(record for record in study.get_complete_trials() if record.number == number)
        best = ExportedTrial(name, number, record.trial, 0, 1, {}, record.outcome.transfer.scores)
        out = tmp_path / f"{name}-{number}"
        (out / "models" / "choice").mkdir(parents=True)
        best.write(out / "best.yaml")
        (out / "results.json").write_bytes(home.get_search_folder(name).results.read_bytes())
        (out / "models" / "choice" / "README.md").write_text("# choice")
        (out / "models" / "choice" / "model.safetensors").write_text("weights")
        return study, best, out

    return make


def client(registry):
    from mlflow import MlflowClient

    return MlflowClient(registry.tracking_uri)


def test_the_winner_is_a_version_with_its_config_and_without_weights(exported, registry):
    study, best, out = exported("winner")
    registered = register_best(study, registry, out, best)
    assert (registered.name, registered.version, registered.is_new) == ("winner", "1", True)
    version = client(registry).get_model_version_by_alias("winner", "best")
    run = client(registry).get_run(version.run_id)
    assert run.data.tags["xlt.trial"] == str(best.number)
    assert version.source.startswith(f"{run.info.artifact_uri}/best/")
    place = version.source.removeprefix(f"{run.info.artifact_uri}/")
    held = {file.path.removeprefix(f"{place}/") for file in client(registry).list_artifacts(version.run_id, place)}
    assert held == {"best.yaml", "results.json", "cards"}


def test_a_version_says_how_sure_it_is(exported, registry):
    study, best, out = exported("sure")
    register_best(study, registry, out, best)
    document = build_results(study)
    tags = client(registry).get_model_version("sure", "1").tags
    confirmed = document["confirmed"]
    assert tags["verdict"] == document["verdict"]
    assert tags["objective"] == "transfer_dev"
    assert tags["value"] == (
        f"{confirmed['mean']:.3f} [{confirmed['low']:.3f}, {confirmed['high']:.3f}] on {confirmed['seeds']} fresh seeds (dev)"
    )
    assert tags["curriculum"] == str(best.trial)


def test_a_trial_that_is_not_the_best_is_registered_as_such(exported, registry):
    study, best, out = exported("other", 0)
    register_best(study, registry, out, best)
    tags = client(registry).get_model_version("other", "1").tags
    assert build_results(study)["best"] != 0
    assert tags["verdict"] == "not the best"
    assert tags["xlt.trial"] == "0"


def test_registering_the_same_again_makes_no_further_version_another_trial_does(exported, registry):
    study, best, out = exported("again")
    register_best(study, registry, out, best)
    assert register_best(study, registry, out, best).is_new is False
    other = replace(best, threads=2)
    other.write(out / "best.yaml")
    assert register_best(study, registry, out, other).version == "2"
    last = client(registry).get_model_version("again", "2")
    assert client(registry).get_model_version_by_alias("again", "best").tags["xlt.content"] == last.tags["xlt.content"]
    assert last.source != client(registry).get_model_version("again", "1").source


def test_a_trial_whose_run_is_there_is_registered_from_that_run(exported, registry, home):
    import io

    from rich.console import Console

    study, best, out = exported("there")
    rebuild_tracking(study, registry, home.get_search_folder("there").results, Console(file=io.StringIO()))
    before = {run.info.run_id for run in client(registry).search_runs(_experiment(registry, "there"))}
    register_best(study, registry, out, best)
    assert {run.info.run_id for run in client(registry).search_runs(_experiment(registry, "there"))} == before


def _experiment(registry, name):
    return [client(registry).get_experiment_by_name(name).experiment_id]
