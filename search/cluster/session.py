"""The folder of one Ray session: private, short enough for sockets, and gone with the launch."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from search.endings import in_any_case
from search.errors import UserError

PREFIX = "xlt-"
LONGEST_SOCKET = 107
"""Bytes of a path that a Unix socket takes on Linux."""
RAYS = "ray"
"""In it what Ray has for its own, which it opens to everybody: so it lies within a folder that it does not know."""
_RAYS_OWN = len(f"/{PREFIX}12345678/{RAYS}/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store.1")
_LOCK = "lock"


def candidates() -> list[Path]:
    """Folders for temporary files, the user's first, that leave a socket's path short enough."""
    named = (os.environ.get("RAY_TMPDIR"), tempfile.gettempdir(), "/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR"))  # noqa: S108
    folders = dict.fromkeys(Path(name).absolute() for name in (*named, "/dev/shm") if name)  # noqa: S108
    return [folder for folder in folders if len(os.fsencode(folder)) + _RAYS_OWN <= LONGEST_SOCKET]


@contextmanager
def session_folder() -> Iterator[Path]:
    """A folder that nobody else can read, in the first of the candidates that takes one.

    Raises:
        UserError: when none does.
    """
    folder, handle = _made()
    try:
        with in_any_case(lambda: shutil.rmtree(folder, ignore_errors=True)):
            yield folder
    finally:
        os.close(handle)


def _made() -> tuple[Path, int]:
    why = []
    for parent in candidates():
        try:
            _sweep(parent)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError as error:
            why.append(f"{parent}: {error.strerror}")
            continue
        return folder, _locked(folder)
    raise UserError(
        f"Ray needs a folder for its sockets and logs, in a path of at most {LONGEST_SOCKET - _RAYS_OWN} bytes: "
        f"name one in RAY_TMPDIR ({'; '.join(why) or 'the paths of those here are longer'})"
    )


def _locked(folder: Path) -> int:
    """The handle of the folder's lock, which has its name only once it is held: `_sweep` takes no folder that is being made."""
    handle = os.open(folder / f".{_LOCK}", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    (folder / f".{_LOCK}").rename(folder / _LOCK)
    return handle


def _sweep(parent: Path) -> None:
    """Remove the folders of this user's launches that were killed: nobody holds their locks."""
    for lock in parent.glob(f"{PREFIX}*/{_LOCK}"):
        with suppress(OSError):
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
