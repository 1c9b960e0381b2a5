"""Processes that may not write where file modes forbid it: as root one may."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DROP = 24
"""``PR_CAPBSET_DROP`` of prctl(2)."""
RIGHTS = (0, 1, 2, 3)
"""The capabilities (capabilities(7)) by which root passes over the modes and owners of files."""


def run(words: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a user whom the modes of files bind."""
    return subprocess.run(
        words, capture_output=True, text=True, preexec_fn=_bound if os.geteuid() == 0 else None, **how
    )


def _bound() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for right in RIGHTS:
        if libc.prctl(DROP, right, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "this container's root cannot give up its rights")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder and all below it without the right to write."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths if not path.is_symlink()}
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
