"""The home's own MLflow database, where MLflow itself leaves it alone: a home that was moved, a schema of another version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit

from search.home import Home
from trainables.addresses import masked

ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)
"""Columns in which MLflow keeps where artifacts lie, absolute, as they were when it made them."""
OTHER_SCHEMA = "out-of-date database schema"


def follow(home: Home) -> str | None:
    """Have the database find its artifacts in the home as it lies now, where the home was moved or copied; what was done, in words.

    Raises:
        sqlite3.Error: when the database cannot be read or written.
    """
    now, count, before = home.artifacts.as_uri(), 0, []
    with closing(sqlite3.connect(home.database, timeout=30)) as database, database:
        # MLflow tries for a hundred seconds to open a database that it cannot write.
        database.execute("BEGIN IMMEDIATE")
        there = [(table, column) for table, column in ADDRESSES if column in _columns(database, table)]
        if ("experiments", "artifact_location") not in there:
            return None
        for old in _left(database, home):
            before.append(str(Path(unquote(urlsplit(old).path)).parent))
            for table, column in there:
                done = database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608 - our names
                    (now, len(old) + 1, len(old) + 1, f"{old}/"),
                )
                count += done.rowcount
    if not before:
        return None
    return f"mlflow.db: this home was at {', '.join(before)}: {count} addresses of artifacts lead here now"


def reason(error: Exception, home: Home) -> str:
    """Why MLflow did not do something: in words, and what to do where that is known."""
    if OTHER_SCHEMA in str(error):
        return (
            schema(home)
            or "its database is of another version of MLflow than this one: mlflow db upgrade brings an older one up to date"
        )
    return f"{type(error).__name__}: {masked(str(error))}"


def schema(home: Home) -> str | None:
    """What to do about a database that an older or a newer MLflow made; None if it is of this one, or none is there."""
    from alembic.script import ScriptDirectory

    package = find_spec("mlflow")
    if not home.database.is_file() or package is None or package.origin is None:
        return None
    with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as database:
        if "version_num" not in _columns(database, "alembic_version"):
            return None
        revisions = {str(row[0]) for row in database.execute("SELECT version_num FROM alembic_version")}
    scripts = ScriptDirectory(str(Path(package.origin).parent / "store" / "db_migrations"))
    if revisions == set(scripts.get_heads()):
        return None
    if revisions <= {script.revision for script in scripts.walk_revisions()}:
        upgrade = f"mlflow db upgrade sqlite:///{home.database.name}"
        return f"mlflow.db was made by an older MLflow: copy it, then: cd {quote(str(home.root))} && {upgrade}"
    return "mlflow.db was made by a newer MLflow: update mlflow, or move the file away and have xlt track write it anew"


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")}


def _left(database: sqlite3.Connection, home: Home) -> Iterator[str]:
    """The folders of artifacts in other homes that experiments here name, and which this home has, or nobody has any more."""
    found: dict[str, bool] = {}
    for (location,) in database.execute("SELECT artifact_location FROM experiments").fetchall():
        folder, mark, rest = str(location).rpartition(f"/{home.artifacts.name}/")
        old = f"{folder}/{home.artifacts.name}"
        if mark and old.startswith("file:///") and old != home.artifacts.as_uri():
            gone = not Path(unquote(urlsplit(old).path)).exists()
            found[old] = found.get(old, False) or gone or (home.artifacts / unquote(rest)).is_dir()
    return (old for old, moved in found.items() if moved)
