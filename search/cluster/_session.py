"""The folder of one Ray session: private, with a path short enough for sockets, and removed with the launch."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from search.errors import UserError
from search.process import ensure_cleanup

SESSION_PREFIX = "xlt-"
MAX_SOCKET_PATH = 107
"""Longest path of a Unix socket on Linux, in bytes."""
RAY_SUBFOLDER = "ray"
"""Ray's own folder within the session folder. Ray makes it readable for everybody; the folder around it is private."""
_RAY_PATH_BYTES = len(
    f"/{SESSION_PREFIX}12345678/{RAY_SUBFOLDER}/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store.1"
)
_LOCK_FILE = "lock"


def list_session_parents() -> list[Path]:
    """Folders for temporary files in which the path of a socket is short enough, the user's own choice first."""
    named = (os.environ.get("RAY_TMPDIR"), tempfile.gettempdir(), "/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR"))  # noqa: S108
    folders = dict.fromkeys(Path(name).absolute() for name in (*named, "/dev/shm") if name)  # noqa: S108
    return [folder for folder in folders if len(os.fsencode(folder)) + _RAY_PATH_BYTES <= MAX_SOCKET_PATH]


@contextmanager
def make_session_folder() -> Iterator[Path]:
    """Make a folder that only this user can read, in the first parent folder (`list_session_parents`) that allows it.

    Raises:
        UserError: if none does.
    """
    folder, handle = _make_locked_folder()
    try:
        with ensure_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True)):
            yield folder
    finally:
        os.close(handle)


def _make_locked_folder() -> tuple[Path, int]:
    why = []
    for parent in list_session_parents():
        try:
            _remove_stale_folders(parent)
            folder = Path(tempfile.mkdtemp(prefix=SESSION_PREFIX, dir=parent))
        except OSError as error:
            why.append(f"{parent}: {error.strerror}")
            continue
        return folder, _lock_folder(folder)
    raise UserError(
        f"Ray needs a folder for its sockets and logs, in a path of at most {MAX_SOCKET_PATH - _RAY_PATH_BYTES} bytes: "
        f"name a folder in RAY_TMPDIR ({'; '.join(why) or 'the paths of all folders for temporary files are longer'})"
    )


def _lock_folder(folder: Path) -> int:
    """Lock a folder; returns the handle. The lock file gets its name only when it is locked, so that `_remove_stale_folders` of another
    launch does not remove a new folder."""
    handle = os.open(folder / f".{_LOCK_FILE}", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    (folder / f".{_LOCK_FILE}").rename(folder / _LOCK_FILE)
    return handle


def _remove_stale_folders(parent: Path) -> None:
    """Remove the folders of this user's killed launches: those whose lock nobody holds."""
    for lock in parent.glob(f"{SESSION_PREFIX}*/{_LOCK_FILE}"):
        with suppress(OSError):
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
