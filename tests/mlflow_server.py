"""MLflow's own server over a home, as ``xlt ui`` starts it."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from search.home import Home
from search.ui import QUIET, command


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(address: str, server: subprocess.Popen) -> None:
    """Wait for a server that is starting; it must not end meanwhile."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"MLflow's server ended with {server.returncode}")


@contextmanager
def over(home: Home) -> Iterator[str]:
    """The address of a server over the home."""
    home.root.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (home.root / "server.log").open("w") as log:
        server = subprocess.Popen(
            command(home, port),
            env={**os.environ, **QUIET},
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=home.root,
        )
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # its workers too: they are in the group that it leads
            server.wait(30)
