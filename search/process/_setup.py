"""What libraries ask of the machine around a process, made up where it is missing: open streams, a user's name, a home folder, UTF-8."""

import atexit
import os
import pwd
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from search._module_path import exclude_working_directory

USER_NAME_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where Python looks for the user's name before it asks for the account."""


def set_up_process() -> None:
    """Make it up, for this process and all that it starts; where file names are not UTF-8 the process begins anew.

    In a container the user is often a number that no account has; batch systems and services start programs without HOME and locale.
    """
    _open_standard_streams()
    _undo_warnings_as_errors()
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode:
        _restart_in_utf8_mode()
    exclude_working_directory()
    if not any(os.environ.get(name) for name in USER_NAME_VARIABLES) and not _has_account():
        os.environ["LOGNAME"] = f"uid{os.getuid()}"
    if not _has_user_home():
        os.environ["HOME"] = str(_make_process_folder())


def _open_standard_streams() -> None:
    """One that was closed would be the next file that is opened, and get what is printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _undo_warnings_as_errors() -> None:
    """Take back what ``PYTHONWARNINGS=error`` asks for, here and in workers: Ray and MLflow warn as they start, and would not."""
    if not any(option.startswith("error") for option in sys.warnoptions):
        return
    warnings.simplefilter("default")
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)  # as Python itself has them
    asked = os.environ.get("PYTHONWARNINGS", "").split(",")
    os.environ["PYTHONWARNINGS"] = ",".join(option for option in asked if not option.startswith("error"))


def _restart_in_utf8_mode() -> None:
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


@contextmanager
def make_private_folder() -> Iterator[Path]:
    """An empty folder that nobody else can see into, to start something in: there until the context is left."""
    with tempfile.TemporaryDirectory(prefix="xlt-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


@contextmanager
def change_to_empty_folder() -> Iterator[None]:
    """In an empty working directory until the context is left."""
    before = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))  # it may be gone, or not ours to read
    try:
        with make_private_folder() as folder:
            os.chdir(folder)
            try:
                yield
            finally:
                os.fchdir(before)
    finally:
        os.close(before)


@contextmanager
def use_private_temporary_folder() -> Iterator[None]:
    """Temporary files of this process where nobody else can have put any before, under names that can be foreseen."""
    before, tempfile.tempdir = tempfile.tempdir, str(_make_process_folder())
    try:
        yield
    finally:
        tempfile.tempdir = before


@cache
def _make_process_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xlt-own-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _has_user_home() -> bool:
    try:
        home = Path.home()
    except RuntimeError:
        return False
    # One that is not there is made by whoever wants it, if that can be.
    above = next(folder for folder in (home, *home.parents) if folder.exists())
    return above.is_dir() and os.access(above, os.W_OK)
