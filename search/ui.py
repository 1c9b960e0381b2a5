"""``xlt ui``: MLflow's own pages over a home."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import closing, suppress

import click

from search.errors import UserError
from search.home import Home, quotable
from search.terminal import say, with_home

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PYTHONSAFEPATH": "1"}
"""Nothing that is looked at here is told to anyone, and no module of the folder is taken for a library."""
CHARTS = "runs?workflowType=machine_learning&viewStateShareKey=xlt&compareRunsMode=CHART"
"""The prepared view of an experiment (`search.tracking.pages`), its charts."""
LIST = "experiments?workflowType=machine_learning"
PATIENCE = 60.0
"""Seconds until a server that does not answer is not waited for any more."""


@click.command()
@click.argument("name", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option(
    "--open/--no-open", "shown", default=None, help="Open it in a browser; by default where there is a screen."
)
@with_home
def ui(home: Home, name: str | None, port: int, shown: bool | None) -> None:
    """MLflow's pages over this home, on loopback: the charts of the search NAME, or of every search."""
    if not home.root.exists():
        raise UserError(f"there is no home at {home.root}: launch a search first, or name another with --home")
    for told in _looked_after(home):
        say(told, err=True)
    found = experiments(home)
    if name is not None and name not in found:
        home.find(name)
        raise UserError(
            f"the MLflow of this home has no search {name!r}: xlt track {name} writes it, to where its config says"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"port {port} is taken: name another with --port") from error
    links = pages(port, found if name is None else {name: found[name]})
    for title, link in links.items():
        say(f"{title}: {link}" if title else link, err=True)
    say("Ctrl-C ends it", err=True)
    if _has_screen() if shown is None else shown:
        _open_later(
            f"http://127.0.0.1:{port}/health", next(iter(links.values())) if len(links) == 1 else _at(port, LIST)
        )
    os.chdir(home.root)
    words = command(home, port)
    os.execve(sys.executable, words, {**os.environ, **QUIET})  # noqa: S606 - our own arguments


def _looked_after(home: Home) -> Iterator[str]:
    """What was done about the database."""
    from search.tracking.database import DatabaseError, alone, make_ready

    try:
        with alone(home):
            yield from make_ready(home)
    except DatabaseError as error:
        raise UserError(f"{home.database}: {error}") from error
    except (OSError, sqlite3.OperationalError) as error:
        yield f"{home.database} is shown as it is: {error}"
    except sqlite3.DatabaseError as error:
        raise UserError(f"{home.database}: {error}: move it away and have xlt track write it anew") from error


def command(home: Home, port: int) -> list[str]:
    """What runs MLflow's server over a home. One worker: four take two gigabytes."""
    words = [
        sys.executable,
        "-P",
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    # Where no absolute path can be quoted the home is the server's working directory.
    database = f"sqlite:///{home.database if quotable(home.root) else home.database.name}"
    return [*words, "--backend-store-uri", database, "--default-artifact-root", home.artifacts.as_uri()]


def experiments(home: Home) -> dict[str, str]:
    """The searches of which this home's MLflow has an experiment, each with its number there."""
    if not home.database.is_file():
        return {}
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as database:
        asked = "SELECT name, experiment_id FROM experiments WHERE lifecycle_stage = 'active'"
        found = {str(name): str(number) for name, number in database.execute(asked)}
        return {name: found[name] for name in home.names() if name in found}
    return {}


def pages(port: int, found: dict[str, str]) -> dict[str, str]:
    """The links to look at: of each search the prepared charts, else the list of experiments."""
    return {name: _at(port, f"experiments/{number}/{CHARTS}") for name, number in found.items()} or {
        "": _at(port, LIST)
    }


def _at(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}/#/{path}"


def _has_screen() -> bool:
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and sys.stderr.isatty()


def _open_later(health: str, link: str) -> None:
    """Open the link once the server answers, by a process that nobody need wait for: this one becomes the server."""
    code = "import sys; from search.ui import open_when_up; open_when_up(*sys.argv[1:])"
    words = [sys.executable, "-P", "-c", code, health, link]
    subprocess.Popen(  # noqa: S603 - our own words
        words, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def open_when_up(health: str, link: str) -> None:
    """Open the link in the user's browser once the server answers."""
    started, directly = time.monotonic(), urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() - started < PATIENCE:
        with suppress(OSError), directly.open(health, timeout=5):
            webbrowser.open(link)
            return
        time.sleep(0.2)
