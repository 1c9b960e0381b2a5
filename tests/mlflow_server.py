"""MLflow's own server over a home's database, open to everyone, as somebody may run one."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from search.home import Home

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def command(home: Home, port: int) -> list[str]:
    """What runs it. One worker: four take two gigabytes."""
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", home.tracking_uri, "--default-artifact-root", home.artifacts.as_uri()]
    return [sys.executable, "-P", "-m", "mlflow", *words, *stores]


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
        except urllib.error.HTTPError as error:  # it answers that it wants a password
            error.close()
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
