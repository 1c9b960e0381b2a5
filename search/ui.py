"""``xlt ui``: MLflow's own pages over a home."""

import os
import socket
import sys

import click

from search.errors import UserError
from search.home import Home
from search.terminal import with_home

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
"""Nothing that is looked at here is told to anyone."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@with_home
def ui(home: Home, port: int) -> None:
    """MLflow's pages over this home, on loopback."""
    if not home.root.exists():
        raise UserError(f"there is no home at {home.root}: launch a search first, or name another with --home")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"port {port} is taken: name another with --port") from error
    click.echo(f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning  (Ctrl-C ends it)", err=True)
    words = command(home, port)
    os.execve(sys.executable, words, {**os.environ, **QUIET})  # noqa: S606 - our own arguments


def command(home: Home, port: int) -> list[str]:
    """What runs MLflow's server over a home. One worker: four take two gigabytes."""
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [*words, "--backend-store-uri", home.tracking_uri, "--default-artifact-root", home.artifacts.as_uri()]
