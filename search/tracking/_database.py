"""The home's own MLflow database, made ready before MLflow opens it: an older schema, a home that was moved."""

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from search.home import Home
from search.process import make_private_folder
from trainables.validation import escape_controls, mask_secrets

ARTIFACT_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)
"""Columns in which MLflow keeps where artifacts lie, absolute, as they were when it made them."""
SCHEMA_MISMATCH = "out-of-date database schema"
NEWER_SCHEMA_MESSAGE = (
    "it was made by a newer MLflow: update mlflow, or move the file away and have xlt track write it anew"
)
_REBUILD_HINT = "move it away and have xlt track write the view anew"
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""Ends a journal that names another file, which SQLite removes when it has rolled back; MLflow has no use for that."""
OLDER_SCHEMA_MESSAGE = "it is of another version of MLflow: mlflow db upgrade brings an older one up to date"


class DatabaseError(RuntimeError):
    """The database is of no use to this MLflow."""


def prepare_database(home: Home, search: str = "") -> list[str]:
    """Bring the database up to date, and have it find its artifacts in the home as it lies now; what was done, in words.

    A home that another path leads to as well, as on a shared disk, is not taken for one that was moved while a search of it is running.

    Args:
        home: it.
        search: the one that is asking, and is running itself.

    To be called, and MLflow's tables made, while no other process does (`lock_database`).

    Raises:
        DatabaseError: when it is not of this MLflow, and cannot be made so, or not to be opened at all.
        sqlite3.Error: when it cannot be read or written: MLflow itself would try for a hundred seconds.
    """
    check_database(home)
    home.database.touch()  # by itself SQLite lets nobody else write, whatever the umask says
    live = any(home.get_search_folder(name).is_running for name in home.list_searches() if name != search)
    return [told for told in (_upgrade_schema(home), None if live else _relocate_artifacts(home)) if told]


def check_database(home: Home) -> None:
    """Look at the database before it is used, for somebody else may have made it; what a launch that was killed left half is taken back.

    Raises:
        DatabaseError: when to use it could reach other files, or would run what is no part of MLflow.
        sqlite3.Error: when it cannot be read.
    """
    for ending in ("", "-journal", "-wal", "-shm"):
        path = home.database.with_name(home.database.name + ending)
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise DatabaseError(f"{path.name} is no plain file of this home: {_REBUILD_HINT}")
            if ending == "-journal" and _read_tail(path) == _SUPER_JOURNAL:
                raise DatabaseError(f"{path.name} has SQLite remove another file: {_REBUILD_HINT}")
    if not home.database.exists():
        return
    asked = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"
    with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=rw", uri=True, timeout=30)) as database:
        for name, code in database.execute(asked):
            if not _is_mlflow_code(str(code)):
                raise DatabaseError(
                    f"{escape_controls(str(name))!r} in it is code that is not MLflow's: {_REBUILD_HINT}"
                )


def _read_tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(_SUPER_JOURNAL)))
        return file.read()


def _is_mlflow_code(code: str) -> bool:
    """Whether a statement stands, word for word, in one of MLflow's migrations."""
    words = " ".join(code.split())
    files = (_find_migrations() / "versions").glob("*.py")
    return any(words in " ".join(file.read_text(encoding="utf-8").split()) for file in files)


def _find_migrations() -> Path:
    package = find_spec("mlflow")
    assert package is not None and package.origin is not None, "it is a dependency"
    return Path(package.origin).parent / "store" / "db_migrations"


def explain_mlflow_error(error: Exception) -> str:
    """Why MLflow did not do something, in words, without secrets."""
    if isinstance(error, DatabaseError):
        return str(error)
    if SCHEMA_MISMATCH in str(error):
        return OLDER_SCHEMA_MESSAGE
    first, _, _ = str(error).partition("\n")  # the rest is SQL
    return f"{type(error).__name__}: {mask_secrets(first)}"


@contextmanager
def lock_database(home: Home) -> Iterator[None]:
    """One process at a time, where the file system has locks; it is on the folder itself, which is made, and leaves nothing behind."""
    home.root.mkdir(parents=True, exist_ok=True)
    folder = os.open(home.root, os.O_RDONLY)
    try:
        with suppress(OSError):  # NFS has none on folders
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _upgrade_schema(home: Home) -> str | None:
    """Have MLflow migrate an older database, of which a copy stays: migrations are not undone where they fail halfway."""
    match _compare_schema(home):
        case "newer":
            raise DatabaseError(NEWER_SCHEMA_MESSAGE)
        case "older":
            number = next(n for n in range(1, 1000) if not _get_backup_path(home, n).exists())
            with (
                closing(sqlite3.connect(home.database)) as old,
                closing(sqlite3.connect(_get_backup_path(home, number))) as copy,
            ):
                old.backup(copy)
            words = [sys.executable, "-P", "-m", "mlflow", "db", "upgrade", home.tracking_uri]
            with make_private_folder() as aside:
                around = {**os.environ, "TMPDIR": str(aside)}
                done = subprocess.run(words, cwd=aside, env=around, capture_output=True, text=True)  # noqa: S603 - our own words
            if done.returncode:
                raise DatabaseError(f"{OLDER_SCHEMA_MESSAGE}; it ended with: {' '.join(done.stderr.splitlines()[-1:])}")
            return f"mlflow.db was made by an older MLflow and is up to date now; as it was: {_get_backup_path(home, number)}"
    return None


def _get_backup_path(home: Home, number: int) -> Path:
    return home.database.with_name(f"{home.database.name}.{number}")


def _compare_schema(home: Home) -> Literal["older", "same", "newer"]:
    from alembic.script import ScriptDirectory

    with closing(sqlite3.connect(home.database, timeout=30)) as database:
        if "version_num" not in _list_columns(database, "alembic_version"):
            return "same"  # nothing is in it
        revisions = {str(row[0]) for row in database.execute("SELECT version_num FROM alembic_version")}
    scripts = ScriptDirectory(str(_find_migrations()))
    if not revisions or revisions == set(scripts.get_heads()):
        return "same"
    return "older" if revisions <= {script.revision for script in scripts.walk_revisions()} else "newer"


def _relocate_artifacts(home: Home) -> str | None:
    """Lead addresses of artifacts that lie in another home to this one, where that home was moved or copied here."""
    now, count, before = home.artifacts.as_uri(), 0, []
    with closing(sqlite3.connect(home.database, timeout=30)) as database, database:
        database.execute("BEGIN IMMEDIATE")
        there = [(table, column) for table, column in ARTIFACT_COLUMNS if column in _list_columns(database, table)]
        for old in _find_moved_folders(database, home) if there else ():
            before.append(str(Path(unquote(urlsplit(old).path)).parent))
            for table, column in there:
                done = database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608 - our names
                    (now, len(old) + 1, len(old) + 1, f"{old}/"),
                )
                count += done.rowcount
    if not before:
        return None
    return f"mlflow.db: this home was at {escape_controls(', '.join(before))}: {count} addresses of artifacts lead here now"


def _list_columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")}


def _find_moved_folders(database: sqlite3.Connection, home: Home) -> Iterator[str]:
    """The folders of artifacts in other homes that experiments here name, and which this home has, or nobody has any more."""
    found: dict[str, bool] = {}
    for (location,) in database.execute("SELECT artifact_location FROM experiments").fetchall():
        folder, mark, rest = str(location).rpartition(f"/{home.artifacts.name}/")
        old = f"{folder}/{home.artifacts.name}"
        if mark and old.startswith("file:///") and old != home.artifacts.as_uri():
            before = Path(unquote(urlsplit(old).path))
            there = before.exists()
            if there and home.artifacts.exists() and before.samefile(home.artifacts):
                continue  # two paths to one folder
            found[old] = found.get(old, False) or not there or (home.artifacts / unquote(rest)).is_dir()
    return (old for old, moved in found.items() if moved)
