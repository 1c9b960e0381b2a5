"""Looking at a search writes nothing, and needs nothing besides its folder. On a real launch."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import unprivileged
from tests.search.commands import in_one_process
from tests.search.test_end_to_end import CONFIG, SMALL, command, done, environment, launching, results

SETTINGS = SMALL | {"trials": "3", "finalists.top": "1", "finalists.seeds": "1"}
NAME = "miniature"


def looks(encoder: Path) -> list[list[str]]:
    """Commands that look."""
    plan = [
        "plan",
        str(CONFIG),
        *(f"--set={key}={value}" for key, value in (SETTINGS | {"encoder": str(encoder)}).items()),
    ]
    return [
        ["status", NAME],
        ["best", NAME, "--json"],
        ["report", NAME, "--json"],
        ["report", NAME],
        plan,
        [*plan, "--json", "--against", NAME],
        ["store", "ls", "--json"],
        ["status"],
    ]


BY_NAME = 4
"""So many of them look at one search alone."""


@pytest.fixture(scope="module")
def encoder(encoder_folder) -> Path:
    return Path(encoder_folder)


@pytest.fixture(scope="module")
def launched(tmp_path_factory, encoder, starts_ray) -> Path:
    home = tmp_path_factory.mktemp("looked at")
    done(launching(home, SETTINGS | {"encoder": str(encoder)}))
    return home


@pytest.fixture(scope="module")
def seen(launched, encoder) -> tuple[dict, list[str], dict]:
    """What the commands that look say, and the contents of the home before and after."""
    before = contents(launched)
    return before, told(launched, encoder), contents(launched)


@pytest.fixture
def home(launched, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(launched, tmp_path / "home"))


def journal(home: Path) -> Path:
    return home / "searches" / NAME / "study.journal"


def contents(home: Path) -> dict[Path, tuple[int, bytes]]:
    """Everything that is there."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in home.rglob("*")}


def told(home: Path, encoder: Path, **how: Any) -> list[str]:
    """What the commands that look say."""
    shown = in_one_process(home, looks(encoder), **how)
    for words, each in zip(looks(encoder), shown, strict=True):
        assert each.returncode == 0, (words, each.stderr)
        assert "Traceback" not in each.stderr
    return [each.stdout for each in shown]


def test_looking_writes_nothing(seen):
    before, said, after = seen
    assert after == before
    assert all(said)


def test_a_torn_journal_is_looked_at_again_and_again_and_mended_by_the_launch(home, encoder):
    whole = journal(home).read_bytes()
    journal(home).write_bytes(whole[:-100])
    torn = whole[:-100].rpartition(b"\n")[2]
    before = contents(home)
    first = told(home, encoder)
    assert done(command(home, "status", NAME)).stdout == first[0]
    assert contents(home) == before
    again = done(launching(home, SETTINGS | {"encoder": str(encoder)}))
    assert again.stderr.count("study.journal: an incomplete record") == 1
    assert journal(home).with_name("study.journal.torn").read_bytes() == torn + b"\n"
    assert [trial["state"] for trial in results(home)["trials"]] == ["complete"] * 3
    assert len(results(home)["trials"][results(home)["best"]]["seeds"]) == 1


def test_a_damaged_journal_is_told_in_words_by_all(home, encoder):
    lines = journal(home).read_bytes().splitlines(keepends=True)
    journal(home).write_bytes(b"".join([*lines[:4], lines[4][:30] + b"\n", *lines[5:]]))
    before = contents(home)
    commands = [*looks(encoder)[:2], looks(encoder)[6], launching(home, SETTINGS | {"encoder": str(encoder)})[3:]]
    for words, shown in zip(commands, in_one_process(home, commands), strict=True):
        assert shown.returncode == (0 if words[0] == "store" else 2), "a store is looked at without the search"
        assert f"{journal(home)}, line 5: not a record of an Optuna study" in shown.stderr
        assert "Traceback" not in shown.stderr
    assert contents(home) == before


def test_who_may_not_write_sees_the_same(home, encoder, tmp_path, seen):
    out = tmp_path / "out"
    with unprivileged.read_only(home):
        refused = unprivileged.run(["touch", str(home / "searches" / NAME / "x")])
        assert refused.returncode != 0, "the folder can be written to: nothing is shown here"
        assert told(home, encoder, run=unprivileged.run) == seen[1]
        exported = unprivileged.run(command(home, "export", NAME, out), env=environment(), timeout=200)
    assert exported.returncode == 0, exported.stderr
    assert json.loads((out / "results.json").read_text()) == results(home)


def test_a_search_is_looked_at_without_its_encoder_its_data_and_its_store_from_anywhere(home, encoder, tmp_path, seen):
    shutil.rmtree(home / "stages")
    shutil.rmtree(home / "data", ignore_errors=True)
    config = home / "searches" / NAME / "config.yaml"
    config.write_text(
        config.read_text().replace(str(encoder), "enc/gone").replace("url: null", "url: nothing-here://stages")
    )
    assert "enc/gone" in config.read_text() and "nothing-here" in config.read_text()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shown_there = in_one_process(home, looks(encoder)[:BY_NAME], cwd=elsewhere)
    for shown, before in zip(shown_there, seen[1][:BY_NAME], strict=True):
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout == before
    assert list(elsewhere.iterdir()) == []


def test_looking_where_nothing_is_makes_nothing(tmp_path):
    in_one_process(tmp_path / "none", (["status"], ["store", "ls"], ["status", "x"], ["plan", str(CONFIG)]))
    assert list(tmp_path.iterdir()) == []


def test_a_plan_after_a_finished_search_says_that_nothing_is_left(home, encoder):
    words = looks(encoder)[BY_NAME]
    now, later = in_one_process(home, [words, [*words, "--trials", "5", "--json"]])
    assert (now.returncode, later.returncode) == (0, 0), now.stderr + later.stderr
    shown = now.stdout
    assert "nothing: 3 trials and their repeats are done; to add trials: xlt launch ... --trials 4" in shown
    assert "asked" not in shown
    more = json.loads(later.stdout)
    assert (more["done"], more["trials"]) == (3, 2)


def test_a_launch_still_wants_its_encoder(home, encoder):
    settings = SETTINGS | {"encoder": str(encoder.with_name("gone"))}
    (refused,) = in_one_process(home, [launching(home, settings)[3:]])
    assert refused.returncode == 2
    assert "encoder" in refused.stderr


def test_the_lock_of_a_search_may_be_unreadable(home, encoder):
    lock = home / "searches" / NAME / ".lock"
    assert lock.exists()
    os.chmod(lock, 0)
    shown = unprivileged.run(command(home, "status", NAME), env=environment(), timeout=200)
    assert shown.returncode == 0, shown.stderr
