"""Options, arguments and steps that several commands share."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.config import find_config
from search.home import Home, SearchFolder
from search.terminal import make_stdout_console
from trainables.cards import MIRROR_VARIABLE

if TYPE_CHECKING:
    from search.study import Study

CONFIG_ARGUMENT = click.argument(
    "config", type=click.Path(path_type=Path), callback=lambda context, parameter, path: find_config(path)
)
NAME_ARGUMENT = click.argument("name")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
SET_OPTION = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key of the config by its dotted path."
)
TRIALS_OPTION = click.option("--trials", type=int, help="Number of trials, in place of the config's.")
NAME_OPTION = click.option("--name", help="Name of the search, in place of the config's.")


def _use_mirrors(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        os.environ[MIRROR_VARIABLE] = str(folder.absolute())


DATA_OPTION = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    callback=_use_mirrors,
    expose_value=False,
    help="A folder of mirrors, as xlt data fetch writes it, in place of the hub; by default XLT_DATA.",
)


def pass_home(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the home to a command. ``--home`` may also follow the command."""

    @click.option("--home", "own_home", metavar="DIR", hidden=True)
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, own_home: str | None, **arguments: Any) -> None:
        command(Home.locate(own_home) if own_home else context.obj, **arguments)

    return run


def open_study(folder: SearchFolder) -> "Study":
    """Open the study of a search for reading. Optuna is imported only here: it takes long."""
    from search.study import Study

    return Study.open(folder)


def print_answer(study: "Study") -> None:
    """Print the answer of a search: the best trial and what it was compared with."""
    from search.report import render_answer

    for line in render_answer(study):
        make_stdout_console().print(line)
