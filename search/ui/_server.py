"""MLflow's server over a home, on loopback and behind a password. It starts no other process and reads none of MLflow's settings."""

import os
import signal
import socket
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from search.home import Home
from search.ui._authentication import AuthenticationMiddleware

MLFLOW_SETTINGS = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # it would start eight processes that a search does not use
}
"""No telemetry, no jobs."""
_SHUTDOWN_SECONDS = 3
"""Seconds that the end waits for running requests."""


def open_listener(port: int) -> socket.socket:
    """Listen on a port of the loopback address. Connections wait until the server has started.

    Raises:
        OSError: if the port is taken, or reserved for the system.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def serve_mlflow(home: Home, listener: socket.socket, password: str, folder: Path, ready: Callable[[], None]) -> None:
    """Serve MLflow's pages until a signal comes.

    Args:
        home: the home folder with the database and the artifacts.
        listener: the socket to serve on.
        password: the password that every request must have.
        folder: a private folder. It becomes the working directory, and temporary files are written to it.
        ready: called once everything is loaded.
    """
    database, artifacts = home.tracking_uri, home.artifacts.as_uri()
    for name in [name for name in os.environ if name.lstrip("_").startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(MLFLOW_SETTINGS, TMPDIR=str(folder))
    tempfile.tempdir = str(folder)
    os.chdir(folder)

    import uvicorn  # first: MLflow takes its presence as a sign that it is a server
    from mlflow import server
    from mlflow.server.handlers import initialize_backend_stores

    os.environ[server.BACKEND_STORE_URI_ENV_VAR] = database
    os.environ[server.ARTIFACT_ROOT_ENV_VAR] = artifacts
    initialize_backend_stores(database, database, artifacts)
    with warnings.catch_warnings(action="ignore"):  # from what MLflow imports
        from mlflow.server.fastapi_app import app

    # `lifespan` off: MLflow's start-up and shut-down hooks handle Docker sandboxes, even those of other servers.
    config = uvicorn.Config(
        AuthenticationMiddleware(app, password),
        lifespan="off",
        ws="none",
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))  # which uvicorn handles
    ready()
    uvicorn.Server(config).run(sockets=[listener])
