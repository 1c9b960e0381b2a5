"""MLflow's server over a home: in this process, on loopback, behind a password; it starts no process and reads no settings of MLflow's."""

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
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes, of which a search uses none
}
"""Nothing that is looked at here is told to anyone."""
_SHUTDOWN_SECONDS = 3
"""Seconds that the end waits for answers that are on their way."""


def open_listener(port: int) -> socket.socket:
    """A socket that hears on loopback at once: from now on nobody else can, and who connects is answered when the server is up.

    Raises:
        OSError: when somebody does already, or the port is the system's.
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


def serve_mlflow(home: Home, listener: socket.socket, password: str, aside: Path, ready: Callable[[], None]) -> None:
    """Serve until a signal comes.

    Args:
        home: whose MLflow it is.
        listener: where to.
        password: that every request must hold.
        aside: a private folder: the working directory from now on, and where temporary files go.
        ready: called once everything is loaded.
    """
    database, artifacts = home.tracking_uri, home.artifacts.as_uri()
    for name in [name for name in os.environ if name.lstrip("_").startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(MLFLOW_SETTINGS, TMPDIR=str(aside))
    tempfile.tempdir = str(aside)
    os.chdir(aside)

    import uvicorn  # first: by it MLflow knows that it is a server
    from mlflow import server
    from mlflow.server.handlers import initialize_backend_stores

    os.environ[server.BACKEND_STORE_URI_ENV_VAR] = database
    os.environ[server.ARTIFACT_ROOT_ENV_VAR] = artifacts
    initialize_backend_stores(database, database, artifacts)
    with warnings.catch_warnings(action="ignore"):  # of what MLflow itself imports
        from mlflow.server.fastapi_app import app

    # MLflow's own start and end are of its sandboxes in Docker, also of other servers'.
    config = uvicorn.Config(
        AuthenticationMiddleware(app, password),
        lifespan="off",
        ws="none",
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))  # which uvicorn hears
    ready()
    uvicorn.Server(config).run(sockets=[listener])
