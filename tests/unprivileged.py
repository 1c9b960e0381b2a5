"""Processes that may not write where file modes forbid it: as root one may."""

import ctypes
import os
import subprocess
import sys
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


STRANGER = 65534
"""A user whose files nobody's are."""


def as_stranger(code: str, *words: object) -> str:
    """Run code of Python's own modules as another user of this machine; as oneself where one cannot be another. What it prints."""
    before = (
        "import encodings.idna, http.client, json, os, socket, sys\n"
        f"if os.geteuid() == 0: os.setgroups([]); os.setgid({STRANGER}); os.setuid({STRANGER})\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", before + code, *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
