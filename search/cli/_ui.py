"""``xlt ui``: MLflow's pages over a home."""

import html
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import click

from search.cli._options import pass_home
from search.errors import UserError
from search.home import Home
from search.process import make_private_folder
from search.terminal import print_line
from search.ui import ENTRY_PATH, USER_NAME

CHARTS_VIEW = "runs?workflowType=machine_learning&viewStateShareKey=xlt&compareRunsMode=CHART"
"""The charts of an experiment in the view that `search.tracking` prepares."""
EXPERIMENTS_VIEW = "experiments?workflowType=machine_learning"
_REDIRECT_PAGE = (
    """<!doctype html><meta charset="utf-8"><title>xlt ui</title><meta http-equiv="refresh" content="0; url={link}">"""
)


@click.command()
@click.argument("name", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option("--open/--no-open", "shown", default=None, help="Open it in a browser; by default if there is a display.")
@pass_home
def ui(home: Home, name: str | None, port: int, shown: bool | None) -> None:
    """Serve MLflow's pages over this home, on loopback: the charts of the search NAME, or of every search.

    The links contain a password of this run, so that other users of this machine see nothing.
    """
    from search.ui import open_listener, serve_mlflow

    if not home.root.exists():
        raise UserError(f"there is no home at {home.root}: launch a search first, or name another home with --home")
    for note in _prepare_database(home):
        print_line(note, err=True)
    experiments = list_experiments(home)
    if name is not None and name not in experiments:
        home.find_search(name)
        raise UserError(
            f"the MLflow of this home has no search {name!r}: xlt track {name} writes it to the tracking.uri of its config"
        )
    try:
        listener = open_listener(port)
    except OSError as error:
        raise UserError(f"port {port} is taken ({error.strerror}): choose another with --port") from error
    with listener, make_private_folder() as folder:
        password = secrets.token_urlsafe(24)
        links = build_links(_build_site_url(port, password), experiments if name is None else {name: experiments[name]})
        for title, link in links.items():
            print_line(f"{title}: {link}" if title else link, err=True)
        print_line("Ctrl-C stops the server", err=True)
        link = (
            next(iter(links.values())) if len(links) == 1 else f"{_build_site_url(port, password)}#/{EXPERIMENTS_VIEW}"
        )
        is_opened = _has_display() if shown is None else shown
        serve_mlflow(home, listener, password, folder, lambda: _open_in_browser(link, folder) if is_opened else None)


def _prepare_database(home: Home) -> Iterator[str]:
    """Create or migrate MLflow's database; yields notes on what was done."""
    from search.tracking import DatabaseError, lock_database, prepare_database

    try:
        with lock_database(home):
            yield from prepare_database(home)
    except DatabaseError as error:
        raise UserError(f"{home.database}: {error}") from error
    except (OSError, sqlite3.OperationalError) as error:
        yield f"{home.database} is served without preparation: {error}"
    except sqlite3.DatabaseError as error:
        raise UserError(f"{home.database}: {error}: move it away and write it again with xlt track") from error


def list_experiments(home: Home) -> dict[str, str]:
    """The searches that are experiments in this home's MLflow, with their experiment ids."""
    if not home.database.is_file():
        return {}
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT name, experiment_id FROM experiments WHERE lifecycle_stage = 'active'")
        ids = {str(name): str(number) for name, number in rows if isinstance(number, int)}
        return {name: ids[name] for name in home.list_searches() if name in ids}
    return {}


def build_links(site: str, experiments: dict[str, str]) -> dict[str, str]:
    """Links to the charts of each experiment, by search; without experiments, one to their list."""
    return {name: f"{site}#/experiments/{number}/{CHARTS_VIEW}" for name, number in experiments.items()} or {
        "": f"{site}#/{EXPERIMENTS_VIEW}"
    }


def _build_site_url(port: int, password: str) -> str:
    return f"http://{USER_NAME}:{password}@127.0.0.1:{port}{ENTRY_PATH}"


def _has_display() -> bool:
    display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(display) and sys.stderr.isatty()


def _open_in_browser(link: str, folder: Path) -> None:
    """Open the link in the user's browser through a page that only this user can read: all users can read the arguments of a process."""
    page = folder / "open.html"
    page.write_text(_REDIRECT_PAGE.format(link=html.escape(link)), encoding="utf-8")
    subprocess.Popen(  # noqa: S603 - no input of others
        [sys.executable, "-P", "-m", "webbrowser", page.as_uri()],
        cwd=folder,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
