"""Files: written in one step, and named so that a database URI can hold their path."""

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
    """A file to write that takes `path`'s place in one step once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    aside.touch(exist_ok=False)  # nobody's link or pipe stands there
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
    """The folder by a path that may stand in a database's URI: its own, or a link's that goes with this process.

    SQLAlchemy takes ``?`` for the end of a path and, from 2.1 on alone, ``%41`` for an ``A``, and MLflow makes the folder that it reads
    there: no quoting is right for all.
    """
    if is_uri_safe(folder):
        return folder
    place = next(filter(is_uri_safe, (tempfile.gettempdir(), "/tmp", "/var/tmp")))  # noqa: S108 - a folder of our own in it
    aside = tempfile.mkdtemp(prefix="xlt-", dir=place)
    atexit.register(shutil.rmtree, aside, ignore_errors=True)
    link = Path(aside) / "home"
    link.symlink_to(folder, target_is_directory=True)
    return link


def is_uri_safe(path: str | Path) -> bool:
    """Whether a database's URI may hold the path as it is, for every version of SQLAlchemy and MLflow."""
    return not set("?%") & set(str(path))
