"""MLflow's own pages over a search, in a real browser: what a reviewer sees, and that nothing leaves this machine."""

import io
import json
import os
import re

import pytest
from rich.console import Console

from search.results import write_results
from search.tracking import rebuild_tracking
from tests.browser import browser
from tests.mlflow_server import over

__all__ = ["browser"]

OWN_OF_MLFLOW = re.compile(r"/ajax-api/2\.0/mlflow/users/current|^Error: <\w+> attribute ")
"""MLflow's page asks who is logged in, and a server without logins says 404. On a busy machine its charts are drawn once before they have a
size, with places and sizes that are no numbers or negative; `drawn_whole` waits until they are right."""
PATIENCE = 60_000
"""Milliseconds until a page shows what it is opened for."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A search's results and the address of MLflow over its home."""
    from search.config import validate_config
    from search.home import Home
    from search.launcher._scheduler import Scheduler
    from search.launcher._writable_study import WritableStudy
    from tests.search.conftest import DOCUMENT, FakeWorker, changed

    home = Home(tmp_path_factory.mktemp("shown"))
    config = validate_config(changed(DOCUMENT, {"name": "shown", "trials": 10}), "config.yaml")
    study = WritableStudy(home.get_search_folder("shown").journal, config)
    study.recover()
    FakeWorker().drive(Scheduler(config, study, listeners=[]))
    write_results(study, home.get_search_folder("shown"))
    rebuild_tracking(study, home, home.get_search_folder("shown").results, Console(file=io.StringIO()))
    with over(home) as address:
        yield json.loads(home.get_search_folder("shown").results.read_text()), address, _ids(home)


def _ids(home):
    """The experiment, and the runs by trial number; the launch's own under its name."""
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name("shown").experiment_id
    runs = client.search_runs([experiment])
    return experiment, {run.data.tags.get("xlt.trial", run.info.run_name): run.info.run_id for run in runs}


def drawn_whole(page) -> None:
    """Wait until nothing on the page has a place or a size that is no number or negative."""
    wrong = '[transform*="NaN"], [d*="NaN"], [width*="NaN"], [height*="NaN"], [width^="-"], [height^="-"]'
    page.wait_for_function(f"document.querySelector('{wrong}') === null", timeout=PATIENCE)


@pytest.fixture
def visit(browser, shown):
    """Opens a page of MLflow, waits for a text, and gives the text of the page; it complained of nothing and asked nobody else."""
    _, address, _ = shown

    def visit(path, *texts, before=lambda page: None):
        with browser.open(f"{address}/#{path}", height=2400) as opened:
            before(opened.page)
            for text in texts:
                opened.page.get_by_text(text).first.wait_for(timeout=PATIENCE)
            drawn_whole(opened.page)
            found = opened.text
            if picture := os.environ.get("XLT_PICTURES"):
                opened.page.wait_for_timeout(3000)
                opened.page.screenshot(path=f"{picture}/{re.sub(r'[^a-z]+', '-', path)[:60]}.png")
        assert len(opened.requests) > 5
        assert opened.blocked == []
        assert [error for error in opened.errors if not OWN_OF_MLFLOW.search(error)] == []
        return found

    return visit


def trials(document):
    return {str(trial["number"]): trial for trial in document["trials"]}


def test_the_prepared_view_lists_the_trials_best_first_with_their_values(shown, visit):
    document, _, (experiment, _) = shown
    best = max(document["trials"], key=lambda trial: trial["value"])
    text = visit(f"/experiments/{experiment}/runs?viewStateShareKey=xlt", "0: no intermediate stage", "transfer/mean")
    names = re.findall(r"^(\d+): ", text, re.MULTILINE)
    ranked = sorted(document["trials"], key=lambda trial: -trial["value"])
    assert len(names) == len(ranked) == 10
    assert names[0] == str(best["number"])
    assert set(names) == set(trials(document))
    assert str(best["value"])[:6] in text
    assert "10 matching runs" in text


def test_the_prepared_charts_are_there(shown, visit):
    _, _, (experiment, _) = shown
    text = visit(
        f"/experiments/{experiment}/runs?viewStateShareKey=xlt&compareRunsMode=CHART",
        "At a glance",
        "finalist/mean",
    )
    assert "Parallel Coordinates" in text
    assert "choice/lang" in text


def test_a_trials_page_shows_its_description_params_and_metrics(shown, visit):
    document, _, (experiment, runs) = shown
    best = trials(document)[str(document["best"])]
    text = visit(f"/experiments/{experiment}/runs/{runs[str(document['best'])]}", "position/dates", "finalist/mean")
    assert f"{best['number']}: dates > facts" in text
    assert "dates (0.001), 100 steps" in text
    assert f"{document['confirmed']['raw']:.3f} [" in text
    assert "high alone" in text


def test_the_launchs_page_shows_the_answer(shown, visit):
    document, _, (experiment, runs) = shown
    text = visit(f"/experiments/{experiment}/runs/{runs['shown']}", "xlt export shown DIR")
    assert f"shown: trial {document['best']}, the best of 10" in text
    assert "sharing/stages_asked" in text


def test_two_trials_are_compared_param_by_param(shown, visit):
    document, _, (experiment, runs) = shown
    pair = [runs["0"], runs[str(document["best"])]]
    path = f"/compare-runs?runs={json.dumps(pair)}&experiments={json.dumps([experiment])}".replace(" ", "")
    text = visit(path.replace('"', "%22"), "Comparing 2 Runs", "choice/family/Indo-European")
    assert "0: no intermediate stage" in text
    assert f"{document['best']}: dates > facts" in text
    assert "high alone" in text
    for number in ("0", str(document["best"])):
        assert str(round(trials(document)[number]["families"]["choice"]["Indo-European"], 3)) in text
