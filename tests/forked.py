"""Runs ``xlt`` in a process of its own that is forked from one in which `tests.preloaded` is imported.

Importing the libraries takes half of what a small launch computes. Tests that are about how the program starts start it themselves.
"""

import atexit
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.forkserver import ensure_running
from multiprocessing.util import get_temp_dir
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.preloaded"])
_ENVIRONMENT = dict(os.environ)


@cache
def _start_server() -> None:
    """Start the server in the environment of the whole run and not in that of the test that needs it first."""
    with patch.dict(os.environ, _ENVIRONMENT, clear=True), patch.object(tempfile, "tempdir", None):
        get_temp_dir()
        ensure_running()


def run_xlt(
    words: Sequence[object], *, env: Mapping[str, str], cwd: Path | None = None, timeout: float = 400
) -> subprocess.CompletedProcess[str]:
    """How ``xlt`` with these arguments ends, and what it prints.

    Raises:
        subprocess.TimeoutExpired: if it takes longer than `timeout`, in seconds.
    """
    _start_server()
    arguments = list(map(str, words))
    with TemporaryDirectory() as folder:
        process = _SERVER.Process(target=_run, args=(arguments, dict(env), str(cwd or Path.cwd()), folder))
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout)
        printed = [Path(folder, name).read_text(encoding="utf-8", errors="replace") for name in ("1", "2")]
    assert process.exitcode is not None
    return subprocess.CompletedProcess(arguments, process.exitcode, *printed)


def _run(words: list[str], env: dict[str, str], cwd: str, folder: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number in (1, 2):
        os.dup2(os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT), number)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, mode, closefd=False), encoding="utf-8", write_through=True)
        for number, mode in enumerate("rww")
    )
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["xlt", *words]
    from search.__main__ import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a child of multiprocessing does not run them
        sys.stdout.flush()
