"""Tiny real launches on machines that are unlike the one that this was written on."""

import json
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.search.test_end_to_end import CONFIG, TINY, command, environment
from trainables.store import seal_document

pytestmark = pytest.mark.ray
QUICK = TINY | {"targets": "[choice]", "finalists.top": "0", "resources.workers": "1", "trials": "1"}
NOBODY = 54321
"""A user's number that no account has."""


def without(*names: str, **more: str) -> dict[str, str]:
    """The environment without some variables."""
    return {name: word for name, word in environment(**more).items() if name not in names}


def as_nobody(words: list[str]) -> list[str]:
    """The command as a user without an account: in a user namespace, else, for root, by its number."""
    ways = (
        ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"],
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"],
    )
    for way in ways:
        if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return [*way, *words]
    raise AssertionError("neither unshare nor setpriv can make a user without an account here")


def launch(home: Path, env: dict[str, str], umask: int = -1, nobody: bool = False, **settings: str) -> str:
    """Run a launch to its end and return what it said."""
    words = command(home, "launch", CONFIG, *(f"--set={key}={value}" for key, value in (QUICK | settings).items()))
    words = as_nobody(words) if nobody else words
    finished = subprocess.run(words, capture_output=True, env=env, umask=umask, cwd=home.parent, timeout=400)
    printed = finished.stderr.decode(errors="replace")
    assert finished.returncode == 0, printed
    assert finished.stdout.startswith(b"miniature: trial 0, the best of ")
    assert "Traceback" not in printed and "is incomplete" not in printed
    states = {trial["state"] for trial in document(home)["trials"]}
    assert states == {"complete"}
    return printed


def document(home: Path) -> dict:
    return json.loads((home / "searches" / "miniature" / "results.json").read_text(encoding="utf-8"))


def runs(home: Path) -> int:
    """How many runs MLflow has in the home."""
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system than the temporary one, where there is another."""
    with tempfile.TemporaryDirectory(
        prefix="xlt-test-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None
    ) as folder:
        yield Path(folder)


def test_a_user_without_account_home_and_name_can_launch(tmp_path):
    """With a umask by which the group may write every file."""
    tmp_path.chmod(0o777)
    names = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "XDG_CACHE_HOME")
    home = tmp_path / "home"
    with tempfile.TemporaryDirectory(prefix="x", dir="/tmp", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o777)
        launch(home, without(*names, TMPDIR=temporary), umask=0o002, nobody=True)
        assert not [*Path(temporary).glob("xlt-*")]
    assert runs(home) == 2
    assert [str(file) for file in home.rglob("*") if not file.stat().st_mode & 0o020] == []


def test_where_no_locale_is_set_names_beyond_ascii_are_still_names(elsewhere, tmp_path):
    """On another file system, under a user's home that is not there, with a umask by which nobody else may read a file."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env = without("LANG", "PYTHONIOENCODING", **plain, HOME=str(tmp_path / "gone" / "for good"))
    home = elsewhere / "Größe 你"
    launch(home, env, umask=0o077)
    assert runs(home) == 2
    assert [str(file) for file in home.rglob("*") if file.stat().st_mode & 0o077] == []
    for words in (["status", "miniature"], ["plan", CONFIG], ["report", "miniature"], ["best", "miniature", "--json"]):
        shown = subprocess.run(command(home, *words), capture_output=True, env=env, timeout=200)
        assert shown.returncode == 0, shown.stderr
        assert b"Traceback" not in shown.stderr


def later(text: str) -> str:
    return (datetime.fromisoformat(text) + timedelta(days=365)).isoformat(timespec="microseconds")


def set_ahead(home: Path) -> None:
    """Make all of a home as it were had the clock been a year ahead so far."""
    for file in (home / "stages").glob("*/stage.json"):
        record = json.loads(file.read_text())
        del record["seal"]
        file.write_bytes(seal_document(record | {"made": later(record["made"])}))
    journal = home / "searches" / "miniature" / "study.journal"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        line |= {key: later(word) for key, word in line.items() if key.startswith("datetime") and word}
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    for file in home.rglob("*"):
        there = file.stat()
        os.utime(file, (there.st_atime + 365 * 86400, there.st_mtime + 365 * 86400))


def test_a_clock_that_was_set_back_a_year_ends_nothing(tmp_path, ready):
    home = ready(tmp_path / "home")
    launch(home, environment())
    before = document(home)
    set_ahead(home)
    launch(home, environment(), trials="2", **{"finalists.top": "1", "finalists.seeds": "1"})
    after = document(home)
    assert after["trials"][0]["value"] == before["trials"][0]["value"]
    assert [trial["state"] for trial in after["trials"]] == ["complete"] * 2
    listed = subprocess.run(
        command(home, "store", "ls"), capture_output=True, text=True, env=environment(), timeout=200
    )
    assert listed.returncode == 0 and " -" not in listed.stdout, "nothing is younger than now"
