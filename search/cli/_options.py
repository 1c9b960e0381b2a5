"""Options and arguments that several commands share."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from search.config import find_config
from search.home import Home
from trainables.cards import MIRROR_VARIABLE

CONFIG_ARGUMENT = click.argument(
    "config", type=click.Path(path_type=Path), callback=lambda context, parameter, path: find_config(path)
)
NAME_ARGUMENT = click.argument("name")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
SET_OPTION = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key by its dotted path."
)
TRIALS_OPTION = click.option("--trials", type=int, help="Instead of the config's number of trials.")
NAME_OPTION = click.option("--name", help="Instead of the config's name.")


def _use_mirrors(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        os.environ[MIRROR_VARIABLE] = str(folder.absolute())


DATA_OPTION = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    callback=_use_mirrors,
    expose_value=False,
    help="A folder of mirrors, as xlt data fetch makes it, in place of the hub; else XLT_DATA.",
)


def pass_home(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command the home, which ``--home`` may also name after the command."""

    @click.option("--home", "own_home", metavar="DIR", hidden=True)
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, own_home: str | None, **arguments: Any) -> None:
        command(Home.locate(own_home) if own_home else context.obj, **arguments)

    return run
