"""Atomic writes, and paths that a database URI can hold."""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces `path` in one step when the block ends; it is removed if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    aside.touch(exist_ok=False)  # fails where a link or a pipe exists
    try:
        yield aside
        try:
            aside.replace(path)
        except IsADirectoryError as error:
            raise IsADirectoryError(error.errno, error.strerror, str(path)) from error
    finally:
        aside.unlink(missing_ok=True)


@cache
def make_uri_safe_path(folder: Path) -> Path:
    """A path of the folder that a database URI can hold: its own, or a symbolic link that this process removes when it ends.

    SQLAlchemy ends a path at ``?``; only from 2.1 on it reads ``%41`` as ``A``. MLflow creates the folder that it reads
    there. No quoting is right for all of them.
    """
    if is_uri_safe(folder):
        return folder
    parent = next(filter(is_uri_safe, (tempfile.gettempdir(), "/tmp", "/var/tmp")))  # noqa: S108 - a private folder in it
    temporary = tempfile.mkdtemp(prefix="xlt-", dir=parent)
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    link = Path(temporary) / "home"
    link.symlink_to(folder, target_is_directory=True)
    return link


def is_uri_safe(path: str | Path) -> bool:
    """Whether a database URI can hold the path unquoted, for every version of SQLAlchemy and MLflow."""
    return not set("?%") & set(str(path))
