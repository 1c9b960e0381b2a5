"""Sets up the process for libraries that expect a user name, a home folder, UTF-8 and open standard streams."""

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
from search.process._cleanup import register_cleanup

USER_NAME_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""The variables in which Python looks for the user's name before it asks for the account."""


def set_up_process() -> None:
    """Provide what is missing, for this process and those it starts. If file names are not UTF-8, the process starts again.

    In a container the user often is a number without an account. Batch systems and services start programs without HOME and locale.
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
    """Open closed streams on the null device. Otherwise the next file that is opened would get their number and the output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _undo_warnings_as_errors() -> None:
    """Undo ``PYTHONWARNINGS=error``, here and in workers: Ray and MLflow warn when they start, and would fail."""
    if not any(option.startswith("error") for option in sys.warnoptions):
        return
    warnings.simplefilter("default")
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)  # Python's own default
    options = os.environ.get("PYTHONWARNINGS", "").split(",")
    os.environ["PYTHONWARNINGS"] = ",".join(option for option in options if not option.startswith("error"))


def _restart_in_utf8_mode() -> None:
    """Start again in Python's UTF-8 mode. Characters that the terminal cannot show are escaped."""
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
    """An empty folder that only this user can read, removed when the context is left."""
    with tempfile.TemporaryDirectory(prefix="xlt-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


@contextmanager
def change_to_empty_folder() -> Iterator[None]:
    """Work in an empty folder until the context is left."""
    before = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))  # by descriptor: it may be removed, or unreadable
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
    """Write temporary files to a folder of this process, where nobody else can have put files under foreseeable names."""
    before, tempfile.tempdir = tempfile.tempdir, str(_make_process_folder())
    try:
        yield
    finally:
        tempfile.tempdir = before


@cache
def _make_process_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xlt-own-"))
    register_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    return folder


def _has_user_home() -> bool:
    try:
        home = Path.home()
    except RuntimeError:
        return False
    # A home that does not exist may be created, if its parent is writable.
    parent = next(folder for folder in (home, *home.parents) if folder.exists())
    return parent.is_dir() and os.access(parent, os.W_OK)
