"""Prepare the home's own MLflow database before MLflow opens it: check it, upgrade its schema, relocate artifacts of a moved home."""

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
"""Columns in which MLflow keeps absolute addresses of artifacts."""
SCHEMA_MISMATCH = "out-of-date database schema"
NEWER_SCHEMA_MESSAGE = (
    "it was made by a newer MLflow: update mlflow, or move the file away and rebuild it with xlt track"
)
_REBUILD_HINT = "move it away, then rebuild the view with xlt track"
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""The end of a journal that names a super-journal, a file that SQLite deletes after rollback; MLflow uses none."""
OLDER_SCHEMA_MESSAGE = "its schema is of another MLflow version: mlflow db upgrade updates an older one"


class DatabaseError(RuntimeError):
    """This MLflow cannot use the database."""


def prepare_database(home: Home, search: str = "") -> list[str]:
    """Upgrade the database's schema and relocate artifact addresses to the present path of the home. Returns sentences on what was done.

    While another search of the home is running, the home does not count as moved: it may have two paths, as on a shared disk.

    Args:
        home: with the database.
        search: the caller's search, which is running itself.

    Call it under `lock_database`.

    Raises:
        DatabaseError: if this MLflow cannot use the database, or it is unsafe to open.
        sqlite3.Error: if it cannot be read or written; MLflow itself would retry for a hundred seconds.
    """
    check_database(home)
    home.database.touch()  # by itself SQLite lets nobody else write, whatever the umask says
    live = any(home.get_search_folder(name).is_running for name in home.list_searches() if name != search)
    return [sentence for sentence in (_upgrade_schema(home), None if live else _relocate_artifacts(home)) if sentence]


def check_database(home: Home) -> None:
    """Check the database before it is used, as somebody else may have made it. Opening it rolls back what a killed launch left unfinished.

    Raises:
        DatabaseError: if using it could touch other files, or would run code that is not MLflow's.
        sqlite3.Error: if it cannot be read.
    """
    for ending in ("", "-journal", "-wal", "-shm"):
        path = home.database.with_name(home.database.name + ending)
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise DatabaseError(f"{path.name} is not a regular file: {_REBUILD_HINT}")
            if ending == "-journal" and _read_tail(path) == _SUPER_JOURNAL:
                raise DatabaseError(f"{path.name} would make SQLite delete another file: {_REBUILD_HINT}")
    if not home.database.exists():
        return
    query = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"
    with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=rw", uri=True, timeout=30)) as database:
        for name, code in database.execute(query):
            if not _is_mlflow_code(str(code)):
                raise DatabaseError(
                    f"{escape_controls(str(name))!r} in it is SQL code that is not MLflow's: {_REBUILD_HINT}"
                )


def _read_tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(_SUPER_JOURNAL)))
        return file.read()


def _is_mlflow_code(code: str) -> bool:
    """Whether a statement occurs literally in one of MLflow's migrations."""
    words = " ".join(code.split())
    files = (_find_migrations() / "versions").glob("*.py")
    return any(words in " ".join(file.read_text(encoding="utf-8").split()) for file in files)


def _find_migrations() -> Path:
    package = find_spec("mlflow")
    assert package is not None and package.origin is not None, "it is a dependency"
    return Path(package.origin).parent / "store" / "db_migrations"


def explain_mlflow_error(error: Exception) -> str:
    """Explain an error of MLflow in one line without secrets."""
    if isinstance(error, DatabaseError):
        return str(error)
    if SCHEMA_MISMATCH in str(error):
        return OLDER_SCHEMA_MESSAGE
    first, _, _ = str(error).partition("\n")  # the rest is SQL
    return f"{type(error).__name__}: {mask_secrets(first)}"


@contextmanager
def lock_database(home: Home) -> Iterator[None]:
    """Lock the database for one process, on file systems with locks. The lock is on the home's folder, which is created if needed."""
    home.root.mkdir(parents=True, exist_ok=True)
    folder = os.open(home.root, os.O_RDONLY)
    try:
        with suppress(OSError):  # NFS has none on folders
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _upgrade_schema(home: Home) -> str | None:
    """Have MLflow migrate an older database. A backup is kept, as a failed migration is not rolled back."""
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
                raise DatabaseError(f"{OLDER_SCHEMA_MESSAGE}; its last line: {' '.join(done.stderr.splitlines()[-1:])}")
            return f"mlflow.db was made by an older MLflow and was upgraded; backup: {_get_backup_path(home, number)}"
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
    """Rewrite artifact addresses of the home's former path, if the home was moved or copied."""
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
    return f"mlflow.db: this home was moved from {escape_controls(', '.join(before))}: {count} artifact addresses were updated"


def _list_columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")}


def _find_moved_folders(database: sqlite3.Connection, home: Home) -> Iterator[str]:
    """Former artifact folders that experiments name, and that exist in this home, or no longer anywhere else."""
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
