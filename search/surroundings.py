"""What libraries ask of the machine around a process, made up where it is missing: a user's name, a home folder, UTF-8."""

import os
import pwd
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where Python looks for the user's name before it asks for the account."""


def settle() -> None:
    """Make it up, for this process and all that it starts; where file names are not UTF-8 the process begins anew.

    In a container the user is often a number that no account has; batch systems and services start programs without HOME and locale.
    """
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode:
        _begin_anew()
    if not any(os.environ.get(name) for name in NAMES) and not _has_account():
        os.environ["LOGNAME"] = f"uid{os.getuid()}"
    if not _has_home():
        os.environ["HOME"] = str(_private_folder())


def _begin_anew() -> None:
    """In Python's UTF-8 mode; what cannot be shown on this terminal is shown escaped."""
    output = (
        {"PYTHONIOENCODING": f"{sys.stdout.encoding}:backslashreplace"} if "PYTHONIOENCODING" not in os.environ else {}
    )
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **output, "PYTHONUTF8": "1"})  # noqa: S606


def _has_account() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


def _private_folder() -> Path:
    """A folder among the temporary ones that nobody else can write into: the same for every process of this user."""
    folder = Path(tempfile.gettempdir(), f"xlt-home-of-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    own = folder.lstat()
    mine = stat.S_ISDIR(own.st_mode) and own.st_uid == os.getuid() and not own.st_mode & 0o077
    return folder if mine else Path(tempfile.mkdtemp(prefix="xlt-home-"))


def _has_home() -> bool:
    try:
        home = Path.home()
    except RuntimeError:
        return False
    # One that is not there is made by whoever wants it, if that can be.
    above = next(folder for folder in (home, *home.parents) if folder.exists())
    return above.is_dir() and os.access(above, os.W_OK)
