"""The command ``xlt``."""

import click

from search.cli._data import data
from search.cli._export import export, train
from search.cli._init import init
from search.cli._launch import launch, plan
from search.cli._miniature import miniature
from search.cli._review import best, report, status, track
from search.cli._store import store
from search.cli._suggest import suggest
from search.cli._ui import ui
from search.home import Home
from search.process import CommandGroup


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--home", metavar="DIR", help="Folder of searches and stages; by default XLT_HOME, else ./xlt-home.")
@click.version_option(package_name="xlt-search")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """Search for the order of intermediate tasks with which a model that is trained in one language works in others."""
    context.obj = Home.locate(home)


for command in (plan, suggest, launch, status, best, report, track, export, train, init, data, store, miniature, ui):
    main.add_command(command)
