"""A home that somebody else made: whatever its MLflow database and its folders say, nothing outside it is written or removed."""

import io
import os
import shutil
import sqlite3
import struct
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from search.cli import main
from search.cli._ui import list_experiments
from search.config import validate_config
from search.home import Home, write_atomically
from search.results import write_results
from search.tracking import DatabaseError, lock_database, prepare_database, rebuild_tracking
from search.tracking._database import check_database
from tests.search.conftest import DOCUMENT, FakeWorker, changed


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Home:
    """A home with a search of two trials, whose view lies in another home that is there no more."""
    from search.launcher._scheduler import Scheduler
    from search.launcher._writable_study import WritableStudy

    home = Home(tmp_path_factory.mktemp("made") / "home")
    config = validate_config(changed(DOCUMENT, {"name": "sums", "trials": 2, "finalists.top": 0}), "config.yaml")
    study = WritableStudy(home.get_search_folder("sums").journal, config)
    study.recover()
    FakeWorker().drive(Scheduler(config, study, listeners=[]))
    write_results(study, home.get_search_folder("sums"))
    rebuild_tracking(study, home, home.get_search_folder("sums").results, Console(file=io.StringIO()))
    return Home(home.root.rename(home.root.with_name("passed on")))


@pytest.fixture
def home(template, tmp_path) -> Home:
    return Home(Path(shutil.copytree(template.root, tmp_path / "home")))


@pytest.fixture
def victim(tmp_path) -> Path:
    """The user's own folder."""
    folder = tmp_path / "victim"
    (folder / "artifacts").mkdir(parents=True)
    for name in ("keep.txt", "results.json", "transfer.json", "picture.png", "artifacts/results.json"):
        (folder / name).write_text(f"the user's {name}")
    return folder


def seen(folder: Path) -> dict[str, object]:
    """All that is in a folder, with times: what was written again is not the same."""
    files = (path for path in sorted(folder.rglob("*")))
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in files
    }


def tracked(home: Home) -> str:
    """Write the view anew; what was told."""
    from search.launcher._writable_study import WritableStudy

    told = Console(file=io.StringIO(), width=1000)
    folder = home.get_search_folder("sums")
    study = WritableStudy(
        folder.journal,
        validate_config(changed(DOCUMENT, {"name": "sums", "trials": 2, "finalists.top": 0}), "config.yaml"),
    )
    rebuild_tracking(study, home, folder.results, told)
    return told.file.getvalue()


def edited(home: Home, *statements: tuple[str, tuple]) -> None:
    with closing(sqlite3.connect(home.database)) as database, database:
        for statement, values in statements:
            database.execute(statement, values)


def test_a_home_that_is_what_it_seems_is_taken_as_it_is(home, victim):
    edited(home, ("DELETE FROM tags WHERE key = 'xlt.digest'", ()))
    assert tracked(home).count("\n") == 1, "that it was elsewhere"
    assert tracked(home) == ""
    assert list(home.artifacts.rglob("results.json"))


ADDRESSES = {
    "elsewhere": "file://{victim}",
    "a plain path": "{victim}",
    "above, from the artifacts": "file://{home}/mlflow-artifacts/sums/../../../victim",
    "above, escaped": "file://{home}/mlflow-artifacts/sums/%2e%2e/%2E%2E/%2e%2e/victim",
    "above, as a plain path": "{home}/mlflow-artifacts/../../victim",
    "a home that was moved, and above": "file:///no/such/mlflow-artifacts/sums/../../../victim",
    "beside the artifacts": "file://{home}/mlflow-artifacts-of-others",
    "the home itself": "file://{home}",
    "through proc": "file:///proc/self/root{victim}",
    "relative": "victim",
    "relative, with a scheme": "file:victim",
    "another machine's": "file://elsewhere.example{home}/mlflow-artifacts/sums",
    "a server's": "s3://bucket/victim",
    "MLflow's proxy": "mlflow-artifacts:/victim",
    "the home's database": "sqlite:///{home}/mlflow.db",
    "a null": "file://{victim}/%00",
    "nothing": "",
}


@pytest.mark.parametrize("columns", ["runs", "experiments"])
@pytest.mark.parametrize("kind", ADDRESSES)
def test_artifacts_are_written_into_the_home_and_nowhere_else(home, victim, tmp_path, monkeypatch, kind, columns):
    monkeypatch.chdir(tmp_path)
    address = ADDRESSES[kind].format(victim=victim, home=home.root)
    edits = [("DELETE FROM tags WHERE key = 'xlt.digest'", ())]
    if columns == "runs":
        edits.append(("UPDATE runs SET artifact_uri = ?", (address,)))
    else:
        edits += [
            ("UPDATE experiments SET artifact_location = ?", (address,)),
            ("UPDATE runs SET lifecycle_stage = 'deleted'", ()),
        ]
    edited(home, *edits)
    before, places = seen(victim), set(tmp_path.iterdir())
    told = tracked(home)
    assert "outside" in told or "DatabaseError" in told or "MlflowException" in told, told
    assert "Traceback" not in told
    assert seen(victim) == before
    assert set(tmp_path.iterdir()) == places
    assert {path.name for path in home.root.iterdir()} == {"mlflow.db", "mlflow-artifacts", "searches"}


@pytest.mark.parametrize("level", ["mlflow-artifacts", "sums", "run", "artifacts"])
def test_no_artifact_is_written_through_a_link_to_a_folder(home, victim, level):
    edited(home, ("DELETE FROM tags WHERE key = 'xlt.digest'", ()))
    tops = {"mlflow-artifacts": [home.artifacts], "sums": [home.artifacts / "sums"]}
    runs = [path for path in (home.artifacts / "sums").iterdir() if path.is_dir()]
    tops |= {"run": runs, "artifacts": [run / "artifacts" for run in runs]}
    for folder in tops[level]:
        shutil.rmtree(folder)
        folder.symlink_to(victim, target_is_directory=True)
    before = seen(victim)
    assert "is a symbolic link, and nothing is written through links" in tracked(home)
    assert seen(victim) == before


def test_a_link_to_a_file_gives_way_to_the_artifact(home, victim):
    edited(home, ("DELETE FROM tags WHERE key = 'xlt.digest'", ()))
    files = [path for path in home.artifacts.rglob("*") if path.is_file()]
    for file in files:
        file.unlink()
        file.symlink_to(victim / "keep.txt")
    before = seen(victim)
    tracked(home)
    assert seen(victim) == before
    assert not any(file.is_symlink() for file in files)


def test_what_is_written_aside_goes_through_no_link(tmp_path, victim):
    before = seen(victim)
    (tmp_path / f".results.json.{os.getpid()}").symlink_to(victim / "keep.txt")
    with write_atomically(tmp_path / "results.json") as aside:
        aside.write_text("new")
    assert (tmp_path / "results.json").read_text() == "new"
    assert seen(victim) == before


def journal_that_removes(file: Path, database: Path) -> bytes:
    """One that SQLite rolls back, and then removes the file that it names."""
    magic, name = bytes.fromhex("d9d505f920a163d7"), str(file).encode()
    head = magic + struct.pack(">IIIII", 0, 0, database.stat().st_size // 4096, 512, 4096)
    tail = struct.pack(">I", 0x40000000 // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + magic
    return head.ljust(512, b"\0") + tail


VIEW = "CREATE VIEW found AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
ENDLESS = (
    "ALTER TABLE experiments RENAME TO others; CREATE VIEW experiments AS WITH RECURSIVE n(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'sums' AS name, x AS experiment_id, 'active' AS lifecycle_stage FROM n WHERE x < 0"
)
TRIGGER = "CREATE TRIGGER {} AFTER UPDATE ON runs BEGIN UPDATE runs SET artifact_uri = 'file:///victim'; END"
SCHEMAS = {
    "a view": VIEW,
    "an endless view in a table's place": ENDLESS,
    "a trigger": TRIGGER.format("t"),
    "a trigger by the name of MLflow's": f"DROP TRIGGER prevent_secrets_aad_mutation; {TRIGGER.format('prevent_secrets_aad_mutation')}",
    "a virtual table": "CREATE VIRTUAL TABLE words USING fts3(x)",
    "a trigger with signs of a terminal": TRIGGER.format('"\x1b[2J"'),
}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_database_with_code_of_its_own_is_not_opened_by_mlflow(home, kind):
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("PRAGMA legacy_alter_table = ON")
        database.executescript(SCHEMAS[kind])
    before = home.database.read_bytes()
    told = tracked(home)
    assert "is SQL code that is not MLflow's: move it away, then rebuild the view with xlt track" in told
    assert "\x1b" not in told
    assert home.database.read_bytes() == before
    ui = CliRunner().invoke(main, ["--home", str(home.root), "ui", "--no-open"])
    assert ui.exit_code == 2
    assert "is SQL code that is not MLflow's" in ui.stderr


FILES = {
    "a link to another database": ("mlflow.db", lambda path, victim: path.symlink_to(victim / "other.db")),
    "a link to nothing": ("mlflow.db", lambda path, victim: path.symlink_to(victim / "new.db")),
    "a pipe": ("mlflow.db", lambda path, victim: os.mkfifo(path)),
    "a folder": ("mlflow.db", lambda path, victim: path.mkdir()),
    "a journal that is a link": ("mlflow.db-journal", lambda path, victim: path.symlink_to(victim / "keep.txt")),
    "a journal that is a pipe": ("mlflow.db-journal", lambda path, victim: os.mkfifo(path)),
    "a log that is a link": ("mlflow.db-wal", lambda path, victim: path.symlink_to(victim / "keep.txt")),
    "a log that is a pipe": ("mlflow.db-wal", lambda path, victim: os.mkfifo(path)),
    "a log's index that is a link": ("mlflow.db-shm", lambda path, victim: path.symlink_to(victim / "keep.txt")),
    "a journal that names a file": (
        "mlflow.db-journal",
        lambda path, victim: path.write_bytes(journal_that_removes(victim / "keep.txt", path.with_name("mlflow.db"))),
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_database_that_reaches_other_files_is_not_opened(home, victim, kind):
    with closing(sqlite3.connect(victim / "other.db")) as other:
        other.execute("CREATE TABLE t (x)")
    name, make = FILES[kind]
    path = home.root / name
    path.unlink(missing_ok=True)
    make(path, victim)
    before = seen(victim)
    with pytest.raises(DatabaseError, match=rf"^{name} .* move it away, then rebuild the view with xlt track$"):
        prepare_database(home)
    assert "DatabaseError" not in (told := tracked(home)) and "move it away" in told
    ui = CliRunner().invoke(main, ["--home", str(home.root), "ui", "--no-open"])
    assert (ui.exit_code, "move it away" in ui.stderr) == (2, True)
    assert seen(victim) == before


def test_sqlite_itself_removes_a_file_that_a_journal_names(tmp_path, victim):
    """Why such a journal is refused; should this fail one day, nothing need be."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE t (x)")
    (tmp_path / "a.db-journal").write_bytes(journal_that_removes(victim / "keep.txt", tmp_path / "a.db"))
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("SELECT * FROM t").fetchall()
    assert not (victim / "keep.txt").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 8000, b"no database" * 900])
def test_a_database_that_is_none_ends_in_words(home, content):
    home.database.write_bytes(content)
    told = tracked(home)
    assert "Traceback" not in told
    assert told == "" or told.startswith(f"MLflow at {home.database} is incomplete (")


def test_a_journal_of_a_launch_that_was_killed_is_rolled_back(home):
    """The usual one, that names no file."""
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        database.execute("UPDATE experiments SET name = 'lost' WHERE name = 'sums'")
        database.executemany(
            "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, 1)",
            [(f"k{n}", "v" * 999) for n in range(999)],
        )
        copy = home.root / "copy"
        shutil.copyfile(home.database, copy)
        shutil.copyfile(f"{home.database}-journal", home.root / "copy-journal")
        database.rollback()
    copy.replace(home.database)
    (home.root / "copy-journal").replace(f"{home.database}-journal")
    assert "missed" not in tracked(home)
    assert list(list_experiments(home)) == ["sums"]


@pytest.mark.parametrize("number", ["1\x1b[2J", b"1", 1.5, None])
def test_an_experiment_with_another_number_than_mlflows_has_no_link(home, number):
    with closing(sqlite3.connect(home.database)) as database, database:
        rows = "CREATE TABLE loose AS SELECT name, experiment_id, lifecycle_stage FROM experiments"
        for statement in (rows, "DROP TABLE experiments", "ALTER TABLE loose RENAME TO experiments"):
            database.execute(statement)
        database.execute("UPDATE experiments SET experiment_id = ?", (number,))
    assert list_experiments(home) == {}


@pytest.mark.parametrize(
    "place", ["", "study.journal", "study.journal.torn", "pictures", "failures", ".scratch", ".lock"]
)
@pytest.mark.parametrize("words", [["track", "sums"], ["status", "sums"], ["report", "sums"]])
def test_a_search_whose_folders_are_links_is_refused(home, victim, place, words):
    path = home.root / "searches" / "sums" / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(victim if place != ".lock" else victim / "keep.txt")
    before = seen(victim)
    done = CliRunner().invoke(main, ["--home", str(home.root), *words])
    assert done.exit_code == 2
    assert (
        done.stderr
        == f"xlt: {path} is a symbolic link, which a search does not follow: move the target of the link to {path}\n"
    )
    assert seen(victim) == before


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_modes_are_as_the_umask_says(home, umask):
    edited(home, ("DELETE FROM tags", ()), ("UPDATE runs SET lifecycle_stage = 'deleted'", ()))
    shutil.rmtree(home.artifacts)
    before = os.umask(umask)
    try:
        tracked(home)
    finally:
        os.umask(before)
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in home.artifacts.rglob("*")}
    assert modes == {(True, 0o777 & ~umask), (False, 0o666 & ~umask)}


def test_a_failures_file_is_no_link_and_no_pipe(home, victim):
    from search.home import read_failures

    failures = home.root / "searches" / "sums" / "failures"
    failures.mkdir(exist_ok=True)
    (failures / "trial-1-attempt-1.txt").write_text("it failed")
    (failures / "trial-1-attempt-2.txt").symlink_to(victim / "keep.txt")
    os.mkfifo(failures / "trial-1-attempt-3.txt")
    assert read_failures(failures, 1) == {"failures/trial-1-attempt-1.txt": "it failed"}


def test_mlflow_leaves_no_file_among_the_temporary_ones_of_all_users(home, tmp_path, monkeypatch):
    """Nor uses one that somebody put there before, by the name that it will have."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    home.database.unlink()
    assert tracked(home) == ""
    assert list((tmp_path / "temporary").glob("db_init_lock*")) == []


def test_a_check_writes_nothing(home):
    before = seen(home.root)
    with lock_database(home):
        check_database(home)
    assert seen(home.root) == before
