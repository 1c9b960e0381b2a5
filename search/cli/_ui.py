"""``xlt ui``: MLflow's own pages over a home."""

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
"""The prepared view of an experiment (`search.tracking._experiment_page`), its charts."""
EXPERIMENTS_VIEW = "experiments?workflowType=machine_learning"
_REDIRECT_PAGE = (
    """<!doctype html><meta charset="utf-8"><title>xlt ui</title><meta http-equiv="refresh" content="0; url={link}">"""
)


@click.command()
@click.argument("name", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option(
    "--open/--no-open", "shown", default=None, help="Open it in a browser; by default where there is a screen."
)
@pass_home
def ui(home: Home, name: str | None, port: int, shown: bool | None) -> None:
    """MLflow's pages over this home, on loopback: the charts of the search NAME, or of every search.

    The links hold a password made for this run: nobody else on this machine sees anything.
    """
    from search.ui import open_listener, serve_mlflow

    if not home.root.exists():
        raise UserError(f"there is no home at {home.root}: launch a search first, or name another with --home")
    for told in _prepare_database(home):
        print_line(told, err=True)
    found = list_experiments(home)
    if name is not None and name not in found:
        home.find_search(name)
        raise UserError(
            f"the MLflow of this home has no search {name!r}: xlt track {name} writes it, to where its config says"
        )
    try:
        listener = open_listener(port)
    except OSError as error:
        raise UserError(f"port {port} is taken ({error.strerror}): name another with --port") from error
    with listener, make_private_folder() as aside:
        password = secrets.token_urlsafe(24)
        links = build_links(_build_site_url(port, password), found if name is None else {name: found[name]})
        for title, link in links.items():
            print_line(f"{title}: {link}" if title else link, err=True)
        print_line("Ctrl-C ends it", err=True)
        link = (
            next(iter(links.values())) if len(links) == 1 else f"{_build_site_url(port, password)}#/{EXPERIMENTS_VIEW}"
        )
        opened = _has_screen() if shown is None else shown
        serve_mlflow(home, listener, password, aside, lambda: _open_in_browser(link, aside) if opened else None)


def _prepare_database(home: Home) -> Iterator[str]:
    """What was done about the database."""
    from search.tracking import DatabaseError, lock_database, prepare_database

    try:
        with lock_database(home):
            yield from prepare_database(home)
    except DatabaseError as error:
        raise UserError(f"{home.database}: {error}") from error
    except (OSError, sqlite3.OperationalError) as error:
        yield f"{home.database} is shown as it is: {error}"
    except sqlite3.DatabaseError as error:
        raise UserError(f"{home.database}: {error}: move it away and have xlt track write it anew") from error


def list_experiments(home: Home) -> dict[str, str]:
    """The searches of which this home's MLflow has an experiment, each with its number there."""
    if not home.database.is_file():
        return {}
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as database:
        asked = "SELECT name, experiment_id FROM experiments WHERE lifecycle_stage = 'active'"
        found = {str(name): str(number) for name, number in database.execute(asked) if isinstance(number, int)}
        return {name: found[name] for name in home.list_searches() if name in found}
    return {}


def build_links(site: str, found: dict[str, str]) -> dict[str, str]:
    """The links to look at: of each search the prepared charts, else the list of experiments."""
    return {name: f"{site}#/experiments/{number}/{CHARTS_VIEW}" for name, number in found.items()} or {
        "": f"{site}#/{EXPERIMENTS_VIEW}"
    }


def _build_site_url(port: int, password: str) -> str:
    return f"http://{USER_NAME}:{password}@127.0.0.1:{port}{ENTRY_PATH}"


def _has_screen() -> bool:
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and sys.stderr.isatty()


def _open_in_browser(link: str, aside: Path) -> None:
    """Open the link in the user's browser, by a page that only the user can read: what a program is started with, everyone can."""
    page = aside / "open.html"
    page.write_text(_REDIRECT_PAGE.format(link=html.escape(link)), encoding="utf-8")
    subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-P", "-m", "webbrowser", page.as_uri()],
        cwd=aside,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
