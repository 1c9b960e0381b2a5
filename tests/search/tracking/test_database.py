"""The home's MLflow database where MLflow leaves it alone: signs in the home's path, a home that was moved, schemas of other versions."""

import fcntl
import io
import os
import shutil
import sqlite3
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from rich.console import Console

from search.home import Home
from search.home._files import make_uri_safe_path
from search.results import write_results
from search.tracking import DatabaseError, Tracker, lock_database, prepare_database, rebuild_tracking
from search.tracking._database import NEWER_SCHEMA_MESSAGE

SIGNS = "we?ird %41 100% #x 'q' \"z\" é你 a::b"


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=1000)


@pytest.fixture
def searched(config, reopen, make_scheduler, worker):
    """Makes a finished search in a home, its results and its view written."""

    def make(home: Home, console: Console):
        from search.launcher._scheduler import Scheduler
        from search.launcher._writable_study import WritableStudy

        settings = config({"trials": 2, "sampler": "orders", "finalists.top": 0})
        study = WritableStudy(home.get_search_folder("sums").journal, settings)
        study.recover()
        worker.drive(Scheduler(settings, study, listeners=[]))
        write_results(study, home.get_search_folder("sums"))
        rebuilt = rebuild_tracking(study, home, home.get_search_folder("sums").results, console)
        return study, rebuilt

    return make


def reopened(study, home: Home):
    """The same search where its home lies now."""
    from search.launcher._writable_study import WritableStudy

    return WritableStudy(home.get_search_folder("sums").journal, study.config)


def links(home: Home) -> list[Path]:
    """Where MLflow leads who asks for an artifact of the search's runs."""
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name("sums")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 3
    for run in runs:
        assert client.list_artifacts(run.info.run_id)
    return [
        Path(unquote(urlsplit(address).path))
        for address in (experiment.artifact_location, *(run.info.artifact_uri for run in runs))
    ]


@pytest.mark.parametrize("name", [SIGNS, "a?b", "100%", "a%41", "#", "with space", "ü"])
def test_the_database_lies_in_the_home_whatever_signs_its_path_has(searched, console, tmp_path, name):
    home = Home(tmp_path / name / "home")
    _, rebuilt = searched(home, console)
    assert (rebuilt.written, rebuilt.error) == (2, None)
    assert all(link.is_relative_to(home.artifacts) for link in links(home))
    assert os.listdir(tmp_path) == [name], "nothing lies beside the home"
    assert {file.name for file in home.root.iterdir()} == {"mlflow.db", "mlflow-artifacts", "searches"}
    assert console.file.getvalue() == ""


def test_the_way_around_a_path_goes_with_the_process(tmp_path):
    import subprocess
    import sys

    home = tmp_path / "a?b"
    home.mkdir()
    code = "import sys; from pathlib import Path; from search.home._files import make_uri_safe_path; print(make_uri_safe_path(Path(sys.argv[1])))"
    printed = subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=True, timeout=60
    )
    link = Path(printed.stdout.strip())
    assert link.name == "home" and not link.parent.exists()
    assert make_uri_safe_path(tmp_path) == tmp_path


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_home_that_was_moved_or_copied_leads_to_its_own_artifacts(searched, console, tmp_path, how):
    study, _ = searched(Home(tmp_path / "old home"), console)
    how(tmp_path / "old home", tmp_path / "new, with 100% more")
    home = Home(tmp_path / "new, with 100% more")
    study = reopened(study, home)
    again = rebuild_tracking(study, home, home.get_search_folder("sums").results, console)
    assert (again.written, again.up_to_date) == (0, 2)
    assert all(link.is_relative_to(home.artifacts) for link in links(home))
    assert (
        console.file.getvalue()
        == f"mlflow.db: this home was moved from {tmp_path}/old home: 4 artifact addresses were updated\n"
    )
    rebuild_tracking(study, home, home.get_search_folder("sums").results, console)
    assert console.file.getvalue().count("\n") == 1, "told once"


def test_a_launch_in_a_home_that_was_moved_says_so_too(searched, console, tmp_path):
    study, _ = searched(Home(tmp_path / "old"), console)
    shutil.move(tmp_path / "old", tmp_path / "new")
    home = Home(tmp_path / "new")
    study = reopened(study, home)
    with Tracker(study.config, home, console) as tracker:
        tracker.record_launch(study, home.get_search_folder("sums").results)
    assert "this home was moved from" in console.file.getvalue()
    assert all(link.is_relative_to(home.artifacts) for link in links(home))


def test_artifacts_that_were_left_where_they_were_stay_known(searched, console, tmp_path):
    searched(Home(tmp_path / "old"), console)
    (tmp_path / "new").mkdir()
    shutil.copyfile(tmp_path / "old" / "mlflow.db", tmp_path / "new" / "mlflow.db")
    home = Home(tmp_path / "new")
    assert prepare_database(home) == []
    assert all(link.is_relative_to(tmp_path / "old") for link in links(home))


def test_two_paths_to_one_home_are_no_move(searched, console, tmp_path):
    searched(Home(tmp_path / "old"), console)
    (tmp_path / "also").symlink_to("old")
    assert prepare_database(Home(tmp_path / "also")) == []
    assert all(link.is_relative_to(tmp_path / "old") for link in links(Home(tmp_path / "old")))


def test_while_a_search_runs_nobody_else_takes_its_home_for_one_that_was_moved(searched, console, tmp_path):
    searched(Home(tmp_path / "old"), console)
    shutil.move(tmp_path / "old", tmp_path / "new")
    home = Home(tmp_path / "new")
    with home.get_search_folder("sums").lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prepare_database(home) == []
        assert prepare_database(home, search="sums") != []


def older(database: Path, steps: int) -> None:
    """A database as an MLflow made it that was so many migrations older."""
    import sqlalchemy
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import InitialBase, _get_alembic_config

    url = f"sqlite:///{database}"
    engine = sqlalchemy.create_engine(url)
    InitialBase.metadata.create_all(engine)
    settings = _get_alembic_config(url)
    revisions = [script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()]
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, revisions[steps])
    engine.dispose()


def stamped(database: Path, revision: str) -> None:
    """Say that the database is of another revision than it is."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


def revision(database: Path) -> str:
    connection = sqlite3.connect(database)
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


@pytest.mark.parametrize("steps", [1, 10])
def test_a_database_of_an_older_mlflow_is_brought_up_to_date_and_a_copy_stays(searched, console, tmp_path, steps):
    home = Home(tmp_path / "home%41")
    home.root.mkdir()
    older(tmp_path / "older.db", steps)
    shutil.move(tmp_path / "older.db", home.database)
    before = revision(home.database)
    _, rebuilt = searched(home, console)
    assert (rebuilt.written, rebuilt.error) == (2, None)
    copy = home.root / "mlflow.db.1"
    assert console.file.getvalue() == f"mlflow.db was made by an older MLflow and was upgraded; backup: {copy}\n"
    assert revision(copy) == before != revision(home.database)
    assert len(links(home)) == 4


def test_a_database_of_a_newer_mlflow_is_left_as_it_is_and_stops_no_launch(searched, console, tmp_path):
    home = Home(tmp_path / "home")
    study, _ = searched(home, console)
    stamped(home.database, "f00dfeedf00d")
    before = home.database.read_bytes()
    with Tracker(study.config, home, console) as tracker:
        tracker.record_launch(study, home.get_search_folder("sums").results)
    assert console.file.getvalue().splitlines() == [
        f"MLflow at {home.database} is incomplete ({NEWER_SCHEMA_MESSAGE})",
        "the search itself is complete: rebuild the view with xlt track sums",
    ]
    assert home.database.read_bytes() == before
    with pytest.raises(DatabaseError, match="newer MLflow"):
        prepare_database(home)


def test_a_file_that_is_no_database_is_told_at_once(searched, console, tmp_path):
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.database.write_text("no database" * 1000)
    started = time.monotonic()
    _, rebuilt = searched(home, console)
    assert "file is not a database" in console.file.getvalue()
    assert rebuilt.missed == 2
    assert time.monotonic() - started < 60, "MLflow itself tries for a hundred seconds"


def test_the_lock_leaves_nothing_behind(tmp_path):
    home = Home(tmp_path / "home")
    with lock_database(home):
        pass
    assert list(home.root.iterdir()) == []


def test_the_database_may_be_written_by_whom_the_umask_lets(tmp_path):
    home = Home(tmp_path / "home")
    before = os.umask(0o002)
    try:
        with lock_database(home):
            prepare_database(home)
    finally:
        os.umask(before)
    assert home.database.stat().st_mode & 0o777 == 0o664
