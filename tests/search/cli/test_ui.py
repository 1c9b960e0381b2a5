"""``xlt ui``: the links that it prints and opens, and where they lead in a real browser."""

import html
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import psutil
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from search.cli import main
from search.cli._ui import build_links, list_experiments
from search.config import validate_config
from search.home import Home
from search.results import write_results
from search.tracking import rebuild_tracking
from tests.browser import browser
from tests.mlflow_server import free_port, wait_until_it_answers
from tests.search.conftest import DOCUMENT, FakeWorker, changed
from tests.search.test_end_to_end import XLT, command, environment
from tests.unprivileged import as_stranger

__all__ = ["browser"]

ROOT = Path(__file__).parents[3]
MANY = {f"task_{place}": {"resource": "high"} for place in range(14)}


@pytest.fixture(scope="module")
def shown_home(tmp_path_factory) -> Home:
    """A home with two searches in MLflow and one that is not, in a path with a sign that no URI takes."""
    from search.launcher._scheduler import Scheduler
    from search.launcher._writable_study import WritableStudy

    home = Home(tmp_path_factory.mktemp("ui") / "is it 100% ?" / "home")
    for name in ("first", "second", "third"):
        config = validate_config(changed(DOCUMENT, {"name": name, "trials": 4, "finalists.top": 1}), "config.yaml")
        study = WritableStudy(home.get_search_folder(name).journal, config)
        study.recover()
        FakeWorker().drive(Scheduler(config, study, listeners=[]))
        write_results(study, home.get_search_folder(name))
        if name != "third":
            rebuild_tracking(study, home, home.get_search_folder(name).results, Console(file=io.StringIO()))
    return home


def started(home: Home, folder: Path, *words: object, **more: str) -> tuple[subprocess.Popen, list[str], str]:
    """``xlt ui`` with these words, its temporary files in the folder: the process, what it printed before it served, its address."""
    port = free_port()
    process = subprocess.Popen(
        command(home.root, "ui", "--port", port, *words),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**{"TMPDIR": str(folder)} | more),
        cwd=folder,
        start_new_session=True,
    )
    printed = []
    while not printed or printed[-1] != "Ctrl-C stops the server\n":
        printed.append(process.stderr.readline())
        assert printed[-1], printed
    wait_until_it_answers(f"http://127.0.0.1:{port}", process)
    return process, printed[:-1], f"http://127.0.0.1:{port}"


def ended(process: subprocess.Popen, number: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(number)
    process.wait(60)
    process.stderr.close()


@pytest.fixture
def serve(shown_home, tmp_path):
    """Starts ``xlt ui`` with these words; it leaves nothing among its temporary files."""
    running = []

    def serve(*words: object, **more: str):
        running.append(started(shown_home, tmp_path, *words, **more))
        return running[-1]

    yield serve
    before = {path for path in tmp_path.iterdir() if not path.name.startswith("xlt-")}
    for process, _, _ in running:
        ended(process)
    assert set(tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def served(shown_home, tmp_path_factory):
    """One ``xlt ui`` over all searches: its process, the links by name, its address, and its folder of temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    process, printed, address = started(shown_home, folder, "--no-open")
    yield process, dict(line.strip().split(": ", 1) for line in printed), address, folder
    ended(process)
    assert list(folder.iterdir()) == []


def xlt(home: Home, *words: object) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, ["--home", str(home.root), *map(str, words)])


def password_in(link: str) -> str:
    return urlsplit(link).password


def answer(address: str, link: str, **headers: str) -> tuple[int, bytes]:
    """To a request with the link's password."""
    basic = b64encode(f"xlt:{password_in(link)}".encode()).decode()
    request = urllib.request.Request(address, headers={"Authorization": f"Basic {basic}", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_links_of_all_searches_are_printed(served, shown_home):
    _, links, address, _ = served
    assert list(links) == ["first", "second"]
    password = password_in(links["first"])
    assert len(password) == 32
    for name, link in links.items():
        number = list_experiments(shown_home)[name]
        site = address.replace("http://", f"http://xlt:{password}@")
        assert (
            link
            == f"{site}/open#/experiments/{number}/runs?workflowType=machine_learning&viewStateShareKey=xlt&compareRunsMode=CHART"
        )


def test_the_link_of_one_search_is_opened_and_leads_to_its_charts(serve, browser, tmp_path):
    """By a page that only the user can read: with what words a program is started, everybody sees. Ctrl-C ends it and leaves nothing."""
    opener, opened_page = tmp_path / "browser", tmp_path / "opened.html"
    opener.write_text(
        f'''#!/bin/sh
echo "$@" > "{tmp_path}/words"
stat -c %a "$(dirname "${{1#file://}}")" >> "{tmp_path}/words"
cp "${{1#file://}}" "{opened_page}.part" && mv "{opened_page}.part" "{opened_page}"
'''
    )
    opener.chmod(0o755)
    process, (printed,), _ = serve("second", "--open", BROWSER=f"{opener} %s")
    deadline = 600
    while not opened_page.exists() and deadline:
        deadline -= 1
        process.poll()
        time.sleep(0.1)
    words, mode = (tmp_path / "words").read_text().splitlines()
    link = printed.strip().removeprefix("second: ")
    assert re.fullmatch(rf"file://{tmp_path}/xlt-\w+/open.html", words), words
    assert mode == "700"
    assert html.escape(link) in opened_page.read_text()
    with browser.open(opened_page, height=1500) as opened:
        opened.page.get_by_text("At a glance").first.wait_for(timeout=60_000)
        opened.page.get_by_text("finalist/mean").first.wait_for(timeout=60_000)
        text = opened.text
        assert opened.page.get_by_text("Traces 0").count() == 0
        assert password_in(link) not in opened.page.url
    assert "Parallel Coordinates" in text
    assert "0: no intermediate stage" in text
    assert opened.blocked == []
    assert [error for error in opened.errors if "Content Security Policy" in error or "401" in error] == []
    ended(process, signal.SIGINT)
    assert process.returncode == 130
    assert {path.name for path in tmp_path.iterdir()} == {"browser", "opened.html", "words"}


ATTACK = """
folder, address, mine = sys.argv[1:]
def ask(path, body=None, header={}):
    asked = http.client.HTTPConnection("127.0.0.1", int(address.rpartition(":")[2]), timeout=60)
    asked.request("GET" if body is None else "POST", path, body and json.dumps(body), {"Content-Type": "application/json", **header})
    got = asked.getresponse()
    return got.status, got.read().decode(errors="replace")
def reads(path):
    try:
        return open(path).read()
    except OSError:
        return ""
told = {"made": ask("/api/2.0/mlflow/experiments/create", {"name": "theirs", "artifact_location": "file://" + mine})}
told["deleted"] = ask("/ajax-api/2.0/mlflow/experiments/delete", {"experiment_id": "1"})
told["known"] = ask("/", header={"Authorization": "Basic YWRtaW46cGFzc3dvcmQxMjM0"})
told["own reading"] = reads(folder + "/secret")
told["temporary"] = [reads(os.path.join(place, file)) for place, _, files in os.walk(folder) for file in files]
told["seen"] = []
for number in filter(str.isdecimal, os.listdir("/proc")):
    told["seen"] += [reads(f"/proc/{number}/cmdline"), reads(f"/proc/{number}/environ")]
print(json.dumps(told))
"""


def test_another_user_gets_nothing_done_and_finds_no_password(served, tmp_path):
    _, links, address, folder = served
    victim = folder.parent / "victim"
    victim.mkdir(mode=0o700)
    (victim / "secret").write_text("the owner's")
    told = json.loads(as_stranger(ATTACK, victim, address, tmp_path))
    assert [told[name][0] for name in ("made", "deleted", "known")] == [401, 401, 401]
    assert not any(password_in(links["first"]) in text for text in told["seen"] + told["temporary"])
    if os.geteuid() == 0:
        assert (told["own reading"], told["temporary"]) == ("", [])
    found = json.loads(answer(f"{address}/api/2.0/mlflow/experiments/get?experiment_id=1", links["first"])[1])
    assert found["experiment"]["lifecycle_stage"] == "active"


ROUTES = """
import json
from mlflow.server import app as flask
from mlflow.server.fastapi_app import app
pairs = [(rule.rule, method) for rule in flask.url_map.iter_rules() for method in rule.methods]
pairs += [(path, method.upper()) for path, methods in app.openapi()["paths"].items() for method in methods]
print(json.dumps(sorted(set(pairs))))
"""


def routes(folder: Path) -> list[tuple[str, str]]:
    """Every path of MLflow's server, each with a method."""
    words = [sys.executable, "-P", "-W", "ignore", "-c", ROUTES]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=folder, env=environment(), check=True)
    return [(re.sub(r"[<{].*?[>}]", "1", path), method) for path, method in json.loads(done.stdout)]


EVERYWHERE = r"""
port, asked, codes = int(sys.argv[1]), json.loads(sys.argv[2]), []
for path, method in asked:
    there = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    there.request(method, path, "{}" if method in ("POST", "PUT", "PATCH") else None, {"Content-Type": "application/json"})
    codes.append(there.getresponse().status)
    there.close()
there = socket.create_connection(("127.0.0.1", port))
there.sendall(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
codes.append(int(there.recv(100).split()[1]))
print(json.dumps(codes))
"""


def test_every_route_asks_for_the_password(served, tmp_path):
    asked = routes(tmp_path)
    assert len(asked) > 400
    for needed in ("/graphql", "/get-artifact", "/v1/traces", "/health", "/model-versions/get-artifact"):
        assert needed in [path for path, _ in asked]
    codes = json.loads(as_stranger(EVERYWHERE, served[2].rpartition(":")[2], json.dumps(asked)))
    assert Counter(codes) == {401: len(asked) + 1}


def test_a_page_of_another_server_on_this_machine_asks_nothing_in_the_users_browser(served, browser):
    """Browsers send a password along, and MLflow itself answers every port of this machine."""
    _, links, address, _ = served
    with browser.open(links["first"]) as opened:
        opened.page.get_by_text("At a glance").first.wait_for(timeout=60_000)
        other = HTTPServer(("127.0.0.1", 0), _Page)
        Thread(target=other.serve_forever, daemon=True).start()
        opened.page.goto(f"http://127.0.0.1:{other.server_port}/")
        got = opened.page.evaluate(
            """async (address) => {
                const told = [];
                for (const how of [{}, {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}])
                    for (const path of ["/health", "/api/2.0/mlflow/experiments/search?max_results=5"])
                        told.push(await fetch(address + path, {credentials: "include", ...how}).then(r => r.text(), e => "refused"));
                return told;
            }""",
            address,
        )
        other.shutdown()
        other.server_close()
    assert got == ["refused"] * 4


class _Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another user's</title>")

    def log_message(self, *words):
        pass


@pytest.mark.parametrize("host", ["evil.example", "10.evil.example", "127.0.0.1.evil.example"])
def test_a_foreign_name_of_this_machine_is_refused(served, host):
    assert answer(served[2], served[1]["first"], Host=host)[0] == 403
    assert answer(served[2], served[1]["first"])[0] == 200


def test_it_is_one_process_with_one_port_on_loopback_and_private_folders(served):
    process, _, _, folder = served
    server = psutil.Process(process.pid)
    assert server.children(recursive=True) == []
    listening = [each.laddr for each in server.net_connections() if each.status == "LISTEN"]
    assert [(each.ip, each.port) for each in listening] == [("127.0.0.1", urlsplit(served[2]).port)]
    private = list(folder.iterdir())
    assert [path.stat().st_mode & 0o777 for path in private] == [0o700] * len(private)
    assert Path(server.cwd()) in private


def test_a_port_that_somebody_has_is_said_to_be_taken(shown_home):
    with socket.socket() as somebodys:
        somebodys.bind(("127.0.0.1", 0))
        somebodys.listen()
        port = somebodys.getsockname()[1]
        told = xlt(shown_home, "ui", "--port", port)
    assert told.exit_code == 2
    assert told.stderr == f"xlt: port {port} is taken (Address already in use): choose another with --port\n"


MODULES = (
    "alembic",
    "datasets",
    "fastapi",
    "flask",
    "gunicorn",
    "httptools",
    "huey",
    "mlflow",
    "random",
    "sqlalchemy",
    "sqlite3",
    "uvicorn",
)
CONFIGS = (
    ".env",
    "alembic.ini",
    "gunicorn.conf.py",
    "mlflow.yml",
    "sitecustomize.py",
    "usercustomize.py",
)


@pytest.mark.parametrize(
    ("path", "ending"), [("{}:", signal.SIGHUP), ("./:{}", signal.SIGTERM), ("{}", signal.SIGKILL)]
)
def test_no_code_of_the_working_directory_or_of_the_home_is_run(shown_home, tmp_path, path, ending):
    """Where PYTHONPATH names the working directory without meaning to, too, and where the program is started as a module."""
    beside, ran = tmp_path / "beside", tmp_path / "ran"
    beside.mkdir()
    foreign = [*(f"{name}.py" for name in MODULES), *CONFIGS]
    for folder in (beside, shown_home.root):
        for name in foreign:
            (folder / name).write_text(f"open({str(ran)!r}, 'a').write(__file__ + '\n')\n")
    (beside / "sitecustomize.py").unlink()  # Python itself runs this one where it is on its path, before any program
    (beside / "usercustomize.py").unlink()
    words = [sys.executable, "-m", "search"] if path != "{}" else [str(XLT)]
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*words, "--home", str(shown_home.root), "ui", "--no-open", "--port", str(port)],
        cwd=beside,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(PYTHONPATH=path.format(ROOT), TMPDIR=str(temporary)),
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}", process)
    finally:
        ended(process, ending)
        for name in foreign:
            (shown_home.root / name).unlink()
    assert not ran.exists(), ran.read_text()
    left = {path.stat().st_mode & 0o777 for path in temporary.iterdir()}
    assert left == ({0o700} if ending == signal.SIGKILL else set())


def overlapping(boxes: list[dict]) -> list[tuple[dict, dict]]:
    """Neighbours among boxes on one line that reach into each other."""
    boxes = sorted(boxes, key=lambda box: box["x"])
    return [(one, other) for one, other in pairwise(boxes) if one["x"] + one["width"] > other["x"]]


BOXES = """() => {
    const box = each => { const {x, width} = each.getBoundingClientRect(); return {x, width}; };
    const charts = [...document.querySelectorAll('div.parcoords:has(.axis .label)')];
    if (charts.length < 2 || document.querySelector('[transform*="NaN"]')) return null;
    return charts.map(chart => [box(chart), [...chart.querySelectorAll('.axis .label')].map(box)]);
}"""
"""The places of the charts and of the names of their axes, all at one moment, once MLflow has drawn them."""


def test_names_of_axes_stand_apart_and_within_the_chart(served, browser):
    with browser.open(served[1]["first"], height=1500) as opened:
        charts = opened.page.wait_for_function(BOXES, timeout=60_000).json_value()
        assert len(charts) == 2
        for whole, titles in charts:
            assert len(titles) == 4
            assert overlapping(titles) == []
            assert all(
                whole["x"] <= box["x"] and box["x"] + box["width"] <= whole["x"] + whole["width"] for box in titles
            )


def test_what_a_trial_is_worth_and_its_curriculum_are_on_the_first_screen_of_the_list(served, browser):
    with browser.open(served[1]["first"].replace("&compareRunsMode=CHART", ""), height=900) as opened:
        for name in ("transfer/mean", "curriculum"):
            header = opened.page.get_by_role("columnheader").filter(has_text=re.compile(f"^{name}")).first
            header.wait_for(timeout=60_000)
            box = header.bounding_box()
            assert box["x"] + box["width"] <= 1440 * 0.75, "MLflow's assistant takes the last quarter at first"


def test_many_tasks_share_out_over_charts_of_few_axes(config):
    from search.tracking._experiment_page import MAX_CHART_AXES, group_chart_axes

    settings = config().model_copy(update={"intermediate": dict.fromkeys(MANY)})
    groups = group_chart_axes(settings)
    assert [task for group in groups for task in group] == list(MANY)
    assert max(map(len, groups)) <= MAX_CHART_AXES and len(groups) == 3
    assert group_chart_axes(settings.model_copy(update={"intermediate": {}})) == []


def test_a_search_without_intermediate_tasks_has_a_prepared_view(config):
    from search.tracking._experiment_page import build_saved_view

    (view,) = build_saved_view(config().model_copy(update={"intermediate": {}}), short=False).values()
    charts = json.loads(json.loads(view)["state"])["compareRunCharts"]
    assert not [chart for chart in charts if chart.get("displayName") == "Place of each task, and transfer"]
    assert charts[0]["displayName"] == "Condition, first, last"


def test_a_search_that_mlflow_does_not_have_says_what_writes_it(shown_home):
    for name, told in (("third", "xlt track third writes it"), ("nothing", "no search named 'nothing'")):
        printed = xlt(shown_home, "ui", name)
        assert printed.exit_code == 2
        assert told in printed.stderr


def test_a_home_without_searches_has_the_list_of_experiments(tmp_path):
    assert list_experiments(Home(tmp_path)) == {}
    assert build_links("http://x", {}) == {"": "http://x#/experiments?workflowType=machine_learning"}
    assert Path(tmp_path).exists()
