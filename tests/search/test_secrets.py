"""A password in the address of MLflow or of the store: in no file, on no screen, not at the server, and still there for who needs it."""

import os
import re
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from search.config import load_config
from search.errors import ConfigError
from search.home import Home
from search.tracking import LONG_TIMEOUTS
from tests.forked import run_xlt
from tests.mlflow_server import over
from tests.search.test_end_to_end import CONFIG, TINY, command, environment, results

PASSWORD, TOKEN = "hunter2-of-mlflow", "token-of-the-store"
DEAD = "http://127.0.0.1:9"
PROXIES = {name: DEAD for word in ("http", "https", "all") for name in (f"{word}_proxy", f"{word}_PROXY".upper())}
QUICK = TINY | {"targets": "[choice]", "finalists.top": "0", "resources.workers": "1"}


def xlt(home: Path, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
    env = environment(**LONG_TIMEOUTS, **more)
    return run_xlt(command(home, *words)[1:], env=env, cwd=home.parent)


def holding(folder: Path, *secrets: str, least: int = 2) -> list[tuple[str, str]]:
    """The files under a folder that have a secret in them, each with the secret."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) >= least
    return [(str(file), secret) for file in files for secret in secrets if secret.encode() in file.read_bytes()]


@pytest.fixture(scope="module")
def secretive(tmp_path_factory, ready, starts_ray):
    """A search whose metrics went to a real server, with a password, and whose stages went to a folder by a URL with a token.

    The environment names a proxy that is down.
    """
    root = tmp_path_factory.mktemp("secretive")
    # Ray's sockets want a short path.
    with over(Home(root / "server")) as address, tempfile.TemporaryDirectory(prefix="x", dir="/tmp") as temporary:
        uri = address.replace("http://", f"http://me:{PASSWORD}@")
        document = yaml.safe_load(CONFIG.read_text())
        (root / "search.yaml").write_text(yaml.safe_dump(document | {"tracking": {"uri": uri}}))
        url = f"file://{root}/elsewhere/stages?token={TOKEN}"
        settings = QUICK | {"store.url": url, "trials": "2"}
        words = ["launch", root / "search.yaml", *(f"--set={key}={value}" for key, value in settings.items())]
        ready(root / "home")
        first = xlt(root / "home", *words, TMPDIR=temporary, **PROXIES)
        yield root, uri, words, first, Path(temporary)


def test_a_password_is_in_no_file_and_on_no_screen(secretive):
    root, _, _, first, temporary = secretive
    assert first.returncode == 0, first.stderr
    assert "metrics go to MLflow at http://me:${XLT_TRACKING_SECRET}@127.0.0.1:" in first.stderr
    assert PASSWORD not in first.stdout + first.stderr and TOKEN not in first.stdout + first.stderr
    assert holding(root / "home", PASSWORD, TOKEN) == []
    assert holding(root / "server", PASSWORD, TOKEN) == []
    assert holding(temporary, PASSWORD, TOKEN, least=0) == [], "Ray and whoever else wrote something aside"
    assert any((root / "elsewhere").glob(f"stages*{TOKEN}/*/stage.json")), "workers knew the real address"


def test_a_server_on_this_machine_is_asked_through_no_proxy(secretive):
    root, _, _, first, _ = secretive
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("miniature: trial ")
    assert "Traceback" not in first.stderr and "is incomplete" not in first.stderr
    assert {trial["state"] for trial in results(root / "home")["trials"]} == {"complete"}
    with closing(sqlite3.connect(root / "server" / "mlflow.db")) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (3,), "of the launch, and of each trial"


def test_what_the_server_has_is_the_config_without_the_password(secretive):
    root, *_ = secretive
    (uploaded,) = (root / "server" / "mlflow-artifacts").rglob("config.yaml")
    assert uploaded.read_text() == (root / "home/searches/miniature/config.yaml").read_text()
    told = yaml.safe_load(uploaded.read_text())
    assert re.fullmatch(r"http://me:\$\{XLT_TRACKING_SECRET\}@127\.0\.0\.1:\d+", told["tracking"]["uri"])
    assert told["store"]["url"].endswith("/elsewhere/stages?token=${XLT_STORE_SECRET}")


def test_a_search_with_a_password_goes_on(secretive):
    root, _, words, *_ = secretive
    again = xlt(root / "home", *words, "--trials", "3")
    assert again.returncode == 0, again.stderr
    assert [trial["state"] for trial in results(root / "home")["trials"]] == ["complete"] * 3


def test_looking_needs_no_password_and_what_needs_it_says_which(secretive, tmp_path):
    root, *_ = secretive
    assert xlt(root / "home", "best", "miniature").returncode == 0
    refused = xlt(root / "home", "track", "miniature")
    assert refused.returncode == 2
    assert "tracking.uri: the environment variable XLT_TRACKING_SECRET" in refused.stderr
    refused = xlt(root / "home", "export", "miniature", tmp_path / "best")
    assert refused.returncode == 2
    assert "store.url: the environment variable XLT_STORE_SECRET" in refused.stderr
    secrets = {"XLT_TRACKING_SECRET": PASSWORD, "XLT_STORE_SECRET": TOKEN}
    written = xlt(root / "home", "track", "miniature", **secrets)
    assert written.returncode == 0, written.stderr
    exported = xlt(root / "home", "export", "miniature", tmp_path / "best", "--register", **secrets)
    assert exported.returncode == 0, exported.stderr
    assert PASSWORD not in exported.stdout + exported.stderr
    assert holding(tmp_path / "best", PASSWORD, TOKEN) == []


def test_a_server_that_is_down_is_told_without_its_password(tmp_path, secretive, ready):
    _, _, words, *_ = secretive
    ready(tmp_path / "home")
    down = [f"--set=tracking.uri=http://me:{PASSWORD}@127.0.0.1:9", "--trials", "1", "--name", "down"]
    printed = xlt(tmp_path / "home", *words, *down)
    assert printed.returncode == 0, printed.stderr
    assert "is incomplete" in printed.stderr
    assert PASSWORD not in printed.stdout + printed.stderr
    assert holding(tmp_path / "home", PASSWORD, TOKEN) == []


@pytest.mark.parametrize(
    "setting",
    [
        f"store.url=nosuch://me:{PASSWORD}@host/x",
        f"tracking=http://me:{PASSWORD}@host",
        f"tracking.uri=[http://me:{PASSWORD}@host",
        f"tracking.url=http://me:{PASSWORD}@host",
        f"store.url={{http://me:{PASSWORD}@host: 1}}",
    ],
)
def test_a_mistake_with_a_password_is_told_without_it(setting):
    with pytest.raises(ConfigError) as raised:
        load_config(CONFIG, [setting])
    assert PASSWORD not in str(raised.value)
    assert PASSWORD not in "".join(raised.value.problems) + raised.value.source


def test_the_store_commands_tell_no_password(tmp_path):
    listed = xlt(tmp_path / "home", "store", "ls", "--url", f"file://{tmp_path}/none?token={TOKEN}")
    assert TOKEN not in listed.stdout + listed.stderr
    refused = xlt(tmp_path / "home", "store", "ls", "--url", f"nosuch://me:{PASSWORD}@host")
    assert refused.returncode == 2 and PASSWORD not in refused.stderr


def test_a_reference_is_written_as_it_was_said(tmp_path, secretive, ready):
    _, uri, *_ = secretive
    ready(tmp_path / "home")
    said = [
        "--set=tracking.uri=${TEAMS_MLFLOW}",
        "--set=store.url=${TEAMS_STORE}",
        "--name",
        "referring",
        "--trials",
        "1",
    ]
    settings = [f"--set={key}={value}" for key, value in QUICK.items()]
    more = {"TEAMS_MLFLOW": uri, "TEAMS_STORE": f"{tmp_path}/teams stages"}
    refused = xlt(tmp_path / "home", "launch", CONFIG, *settings, *said, TEAMS_MLFLOW=uri)
    assert refused.returncode == 2
    assert "store.url: the environment variable TEAMS_STORE" in refused.stderr
    printed = xlt(tmp_path / "home", "launch", CONFIG, *settings, *said, **more)
    assert printed.returncode == 0, printed.stderr
    assert "metrics go to MLflow at ${TEAMS_MLFLOW}\n" in printed.stderr
    assert "is incomplete" not in printed.stderr
    told = yaml.safe_load((tmp_path / "home/searches/referring/config.yaml").read_text())
    assert (told["tracking"]["uri"], told["store"]["url"]) == ("${TEAMS_MLFLOW}", "${TEAMS_STORE}")
    assert any((tmp_path / "teams stages").glob("*/stage.json"))


@pytest.mark.ray
def test_only_the_config_says_where_metrics_go(tmp_path, ready):
    settings = [f"--set={key}={value}" for key, value in (QUICK | {"trials": "1"}).items()]
    others = {"MLFLOW_TRACKING_URI": DEAD, "MLFLOW_REGISTRY_URI": DEAD}
    printed = xlt(ready(tmp_path / "home"), "launch", CONFIG, *settings, **others)
    assert printed.returncode == 0, printed.stderr
    assert "is incomplete" not in printed.stderr
    assert "metrics go to the home's own MLflow; MLFLOW_TRACKING_URI is ignored" in printed.stderr
    exported = xlt(tmp_path / "home", "export", "miniature", tmp_path / "best", "--register", **others)
    assert exported.returncode == 0, exported.stderr
    assert (
        f"registered as version 1 of miniature (alias best) in MLflow at {tmp_path}/home/mlflow.db" in exported.stdout
    )
    assert os.listdir(tmp_path / "home" / "mlflow-artifacts") == ["miniature"]
