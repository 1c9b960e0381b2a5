"""A tracking server that is slow, down or broken costs the search nothing."""

import io
import os

import pytest
from rich.console import Console

from search.exporter import register_best
from search.results import write_results
from search.tracking import Tracker, rebuild_tracking, set_mlflow_timeouts
from tests.tracking_servers import closed, serving, silent

ALL = ["0: no intermediate stage", "1: facts", "sums"]


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def searched(config, reopen, make_scheduler, worker, home):
    """Runs a search of two trials with a tracker beside it, and gives its study."""

    def run(uri, console, between=lambda: None):
        study = reopen(config({"tracking.uri": uri, "trials": 2, "sampler": "orders", "finalists.top": 0}))

        def ended(event):
            tracker.record_trial(study, event.job.number)
            between()

        with Tracker(study.config, home, console) as tracker:
            worker.drive(make_scheduler(study, ended))
            write_results(study, home.get_search_folder("sums"))
            tracker.record_launch(study, home.get_search_folder("sums").results)
        return study

    return run


@pytest.fixture
def quick(monkeypatch):
    """Answers are waited for less long than a person would."""
    monkeypatch.setattr(
        "search.tracking._timeouts._SHORT_TIMEOUTS",
        {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
    )
    monkeypatch.setattr("search.tracking._tracker._RETRY_SECONDS", 0.0)


def told(console) -> str:
    """What was said besides where metrics go."""
    first, *rest = console.file.getvalue().splitlines(keepends=True)
    assert first.startswith("metrics go to MLflow at http://127.0.0.1:")
    return "".join(rest)


def test_a_server_that_answers_gets_every_run_and_mlflow_prints_nothing(searched, server, console, capfd):
    searched(server.uri, console)
    assert server.finished == ALL
    assert told(console) == ""
    assert capfd.readouterr().out == ""


def test_a_port_that_nobody_listens_on_stops_nothing_and_is_told_once(searched, console):
    uri = closed()
    assert len(searched(uri, console).get_complete_trials()) == 2
    assert told(console).count(f"MLflow at {uri} is incomplete") == 1
    assert "rebuild the view with xlt track sums" in told(console)


def test_a_server_that_has_errors_alone_stops_nothing_and_is_told_once(searched, server, console):
    server.broken = True
    assert len(searched(server.uri, console).get_complete_trials()) == 2
    assert told(console).count("is incomplete") == 1
    assert "too many 500 error responses" in told(console)


def test_a_server_that_is_away_is_asked_once_not_for_every_trial(searched, server, console):
    server.broken = True
    searched(server.uri, console)
    assert len(server.asked) == 1


def test_a_server_that_takes_a_request_and_never_answers_stops_nothing(searched, console, quick, monkeypatch):
    monkeypatch.setattr("search.tracking._tracker._RETRY_SECONDS", 60.0)
    with silent() as uri:
        assert len(searched(uri, console).get_complete_trials()) == 2
    assert told(console).count("is incomplete") == 1
    assert "timeout" in told(console).lower()


def test_a_slow_server_is_not_waited_for_beyond_the_patience(searched, server, console, monkeypatch):
    monkeypatch.setattr("search.tracking._tracker._EXIT_SECONDS", {True: 0.1, False: 0.1})
    server.delay = 0.5
    assert len(searched(server.uri, console).get_complete_trials()) == 2
    assert "TimeoutError: the last writes take longer than 0.1 s" in told(console)


def test_what_a_server_missed_while_it_was_away_is_written_when_it_is_back(searched, server, console, quick):
    server.broken = True

    def back():
        server.broken = False

    searched(server.uri, console, between=back)
    assert server.finished == ALL
    assert told(console) == ""


def test_a_run_that_is_refused_keeps_no_other_from_being_written(searched, server, console):
    server.refused = "1: facts"
    searched(server.uri, console)
    assert server.finished == ["0: no intermediate stage", "sums"]
    assert "this run is refused" in told(console)


def test_what_was_missed_is_written_by_track(searched, server, console, home):
    server.broken = True
    study = searched(server.uri, console)
    server.broken = False
    rebuilt = rebuild_tracking(study, home, home.get_search_folder("sums").results, console)
    assert (rebuilt.written, rebuilt.missed, rebuilt.error) == (2, 0, None)
    assert server.finished == ALL


def test_track_says_what_a_server_that_is_down_missed(searched, console, home, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    study = searched(closed(), console)
    rebuilt = rebuild_tracking(study, home, home.get_search_folder("sums").results, console)
    assert (rebuilt.written, rebuilt.missed) == (0, 2)
    assert rebuilt.error is not None


def test_registering_with_a_server_that_is_down_says_that_the_export_is_there(
    searched, console, home, tmp_path, monkeypatch
):
    from search.errors import RegistryError
    from search.exporter._exported_trial import ExportedTrial

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    study = searched(closed(), console)
    record = study.get_complete_trials()[0]
    best = ExportedTrial("sums", record.number, record.trial, 0, 1, {}, record.outcome.transfer.scores)
    with pytest.raises(RegistryError, match="exported, but not registered"):
        register_best(study, home, tmp_path, best)


def test_how_long_the_user_wants_to_wait_is_left_as_it_is(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "33")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    with set_mlflow_timeouts("http://127.0.0.1:9"):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "33"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ
