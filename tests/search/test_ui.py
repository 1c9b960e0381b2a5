"""``xlt ui``: the links that it prints and opens, and where they lead in a real browser."""

import io
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from search import results
from search.home import Home
from search.tracking import rebuild
from search.ui import experiments, pages
from tests.browser import browser
from tests.mlflow_server import free_port, wait_until_it_answers
from tests.search.conftest import DOCUMENT, FakeWorker, changed, validate
from tests.search.test_end_to_end import command, environment

__all__ = ["browser"]

MANY = {f"task_{place}": {"resource": "high"} for place in range(14)}


@pytest.fixture(scope="module")
def shown_home(tmp_path_factory) -> Home:
    """A home with two searches in MLflow and one that is not, in a path with a sign that no URI takes."""
    from search.agenda import Agenda
    from search.launched import LaunchedStudy

    home = Home(tmp_path_factory.mktemp("ui") / "is it 100% ?" / "home")
    for name in ("first", "second", "third"):
        config = validate(changed(DOCUMENT, {"name": name, "trials": 4, "finalists.top": 1}), "config.yaml")
        study = LaunchedStudy(home.folder(name).journal, config)
        study.recover()
        FakeWorker().drive(Agenda(config, study, listeners=[]))
        results.write(study, home.folder(name))
        if name != "third":
            rebuild(study, home, home.folder(name).results, Console(file=io.StringIO()))
    return home


@pytest.fixture
def serve(shown_home, tmp_path):
    """Starts ``xlt ui`` with these words; gives the process, what it printed before it served, and its address."""
    started = []

    def serve(*words: object, **more: str):
        port = free_port()
        process = subprocess.Popen(
            command(shown_home.root, "ui", "--port", port, *words),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**more),
            cwd=tmp_path,
            start_new_session=True,
        )
        started.append(process)
        printed = []
        while not printed or printed[-1] != "Ctrl-C ends it\n":
            printed.append(process.stderr.readline())
            assert printed[-1], printed
        wait_until_it_answers(f"http://127.0.0.1:{port}", process)
        return process, printed[:-1], f"http://127.0.0.1:{port}"

    yield serve
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        process.stderr.close()


def test_the_links_of_all_searches_are_printed(serve, shown_home):
    _, printed, address = serve("--no-open")
    assert [line.partition(": ")[0] for line in printed] == ["first", "second"]
    for line in printed:
        name, _, link = line.strip().partition(": ")
        number = experiments(shown_home)[name]
        assert (
            link
            == f"{address}/#/experiments/{number}/runs?workflowType=machine_learning&viewStateShareKey=xlt&compareRunsMode=CHART"
        )


def test_the_link_of_one_search_is_opened_and_leads_to_its_charts(serve, browser, tmp_path):
    opener = tmp_path / "browser"
    opener.write_text(
        f'#!/bin/sh\necho "$1" > "{tmp_path}/opened.part" && mv "{tmp_path}/opened.part" "{tmp_path}/opened"\n'
    )
    opener.chmod(0o755)
    _, (printed,), _ = serve("second", "--open", BROWSER=f"{opener} %s")
    deadline = 600
    while not (tmp_path / "opened").exists() and deadline:
        deadline -= 1
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.1)"], check=True)
    link = (tmp_path / "opened").read_text().strip()
    assert printed.strip() == f"second: {link}"
    with browser.open(link, height=1500) as opened:
        opened.page.get_by_text("At a glance").first.wait_for(timeout=60_000)
        opened.page.get_by_text("finalist/mean").first.wait_for(timeout=60_000)
        text = opened.text
        assert opened.page.get_by_text("Traces 0").count() == 0
    assert "Parallel Coordinates" in text
    assert "0: no intermediate stage" in text
    assert opened.blocked == []


def overlapping(boxes: list[dict]) -> list[tuple[dict, dict]]:
    """Neighbours among boxes on one line that reach into each other."""
    boxes = sorted(boxes, key=lambda box: box["x"])
    return [(one, other) for one, other in pairwise(boxes) if one["x"] + one["width"] > other["x"]]


def test_names_of_axes_stand_apart_and_within_the_chart(serve, browser):
    _, (printed,), _ = serve("first", "--no-open")
    with browser.open(printed.strip().partition(": ")[2], height=1500) as opened:
        page = opened.page
        page.locator(".parcoords .axis .label").first.wait_for(timeout=60_000)
        page.wait_for_function("""document.querySelector('[transform*="NaN"]') === null""", timeout=60_000)
        charts = page.locator("div.parcoords").all()
        assert len(charts) == 2
        for chart in charts:
            titles = [title.bounding_box() for title in chart.locator(".axis .label").all()]
            whole = chart.bounding_box()
            assert len(titles) == 4
            assert overlapping(titles) == []
            assert all(
                whole["x"] <= box["x"] and box["x"] + box["width"] <= whole["x"] + whole["width"] for box in titles
            )


def test_what_a_trial_is_worth_and_its_curriculum_are_on_the_first_screen_of_the_list(serve, browser):
    _, (printed,), _ = serve("first", "--no-open")
    with browser.open(printed.strip().partition(": ")[2].replace("&compareRunsMode=CHART", ""), height=900) as opened:
        for name in ("transfer/mean", "curriculum"):
            header = opened.page.get_by_role("columnheader").filter(has_text=re.compile(f"^{name}")).first
            header.wait_for(timeout=60_000)
            box = header.bounding_box()
            assert box["x"] + box["width"] <= 1440 * 0.75, "MLflow's assistant takes the last quarter at first"


def test_many_tasks_share_out_over_charts_of_few_axes(config):
    from search.tracking.pages import AXES, axes

    settings = config().model_copy(update={"intermediate": dict.fromkeys(MANY)})
    groups = axes(settings)
    assert [task for group in groups for task in group] == list(MANY)
    assert max(map(len, groups)) <= AXES and len(groups) == 3


def test_a_search_that_mlflow_does_not_have_says_what_writes_it(shown_home, tmp_path):
    for name, told in (("third", "xlt track third writes it"), ("nothing", "no search named 'nothing'")):
        printed = subprocess.run(
            command(shown_home.root, "ui", name),
            capture_output=True,
            text=True,
            env=environment(),
            cwd=tmp_path,
            timeout=60,
        )
        assert printed.returncode == 2
        assert told in printed.stderr


def test_it_ends_with_all_that_it_started(serve):
    import psutil

    process, _, _ = serve("--no-open")
    mine = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert psutil.wait_procs(mine, timeout=30)[1] == []


def test_a_home_without_searches_has_the_list_of_experiments(tmp_path):
    assert experiments(Home(tmp_path)) == {}
    assert pages(5000, {}) == {"": "http://127.0.0.1:5000/#/experiments?workflowType=machine_learning"}
    assert Path(tmp_path).exists()
