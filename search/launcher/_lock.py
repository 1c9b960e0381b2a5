"""The lock of a search: one launch at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from search.errors import UserError
from search.home import SearchFolder
from trainables.validation import open_regular_file

LOCK_ATTEMPTS = 5
"""Attempts to take the lock, 0.1 s apart: a command that checks whether the search is running holds it for an instant."""


@contextmanager
def hold_search_lock(folder: SearchFolder) -> Iterator[None]:
    """Hold the lock of a search, and create its folder. The system releases the lock when the process ends.

    Raises:
        UserError: if another process runs the search, or the lock file is a link or a pipe.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    with _open_lock_file(folder.lock) as handle:
        for attempts_left in reversed(range(LOCK_ATTEMPTS)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if not attempts_left:
                    raise UserError(
                        f"search {folder.name!r} is being run by another process: wait for it, or stop it first"
                    ) from error
                time.sleep(0.1)
        yield


def _open_lock_file(file: Path) -> BinaryIO:
    try:
        return open_regular_file(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)
    except PermissionError:
        raise
    except OSError as error:
        raise UserError(f"{file} cannot be opened: {error.strerror}: remove it, if no launch is running") from error
