"""What the commands share: options, the home, printing."""

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.table import Column

from search.home import Home
from trainables.benchmarks import MIRROR

PIPE = 1000
"""Columns, where no terminal says how many."""
ROOMY = 80
"""Columns from which on a live line has a bar."""
NARROWEST = 20
"""Columns that are written for; a terminal with fewer breaks the lines itself."""

CONFIG = click.argument("config", type=click.Path(path_type=Path))
NAME = click.argument("name")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key by its dotted path.")
TRIALS = click.option("--trials", type=int, help="Instead of the config's number of trials.")
SEARCH_NAME = click.option("--name", help="Instead of the config's name.")


def _use_mirrors(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        os.environ[MIRROR] = str(folder.absolute())


DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    callback=_use_mirrors,
    expose_value=False,
    help="A folder of mirrors, as xlt data fetch makes it, in place of the hub; else XLT_DATA.",
)


def with_home(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command the home, which ``--home`` may also name after the command."""

    @click.option("--home", "own_home", metavar="DIR", hidden=True)
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, own_home: str | None, **arguments: Any) -> None:
        command(Home.locate(own_home) if own_home else context.obj, **arguments)

    return run


def progress(console: Console, *columns: ProgressColumn) -> Progress:
    """A live line on a terminal, and nothing elsewhere: what is being done, a bar where there is room for one, and the columns."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", table_column=Column(overflow="fold")),
        *([BarColumn(bar_width=24)] if console.width >= ROOMY else []),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def out() -> Console:
    """Standard output: as wide as the terminal, in a pipe as wide as it takes."""
    piped = not sys.stdout.isatty()
    wide = PIPE if piped else max(NARROWEST, Console().width)
    return Console(highlight=False, markup=False, soft_wrap=piped, width=wide)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
