"""``xlt plan`` and ``xlt launch``."""

import json
from pathlib import Path

import click

from search.cli._options import (
    CONFIG_ARGUMENT,
    DATA_OPTION,
    JSON_OPTION,
    NAME_OPTION,
    SET_OPTION,
    TRIALS_OPTION,
    open_study,
    pass_home,
    print_answer,
)
from search.config import Config, load_config
from search.home import Home
from search.terminal import make_stderr_console, make_stdout_console, print_json, print_line

MAX_TREE_LINES = 40
"""Lines of the stage tree that `xlt plan` prints without `--full`."""


@click.command()
@CONFIG_ARGUMENT
@TRIALS_OPTION
@SET_OPTION
@DATA_OPTION
@click.option("--against", metavar="NAME", help="Explain which stages are new compared with the search NAME, and why.")
@click.option("--full", is_flag=True, help="Print the whole stage tree.")
@JSON_OPTION
@pass_home
def plan(
    home: Home,
    config: Path,
    trials: int | None,
    overrides: tuple[str, ...],
    against: str | None,
    full: bool,
    as_json: bool,
) -> None:
    """Check CONFIG, and estimate the stages that a launch would train and their cost.

    CONFIG is a YAML file, or the name of a shipped config (xlt init lists them). The stage tree holds trials drawn at random; a launch
    chooses others as it learns.
    """
    from search.planner import explain_new_stages, find_input_problems, format_new_stage_reasons, render_plan
    from search.planner import plan as plan_launch

    settings = _load_config(config, overrides, trials, None)
    planned = plan_launch(settings, home.resolve_stage_store(settings.store), home.get_search_folder(settings.name))
    reasons = None
    if against is not None:
        reasons = explain_new_stages(planned.tree, open_study(home.find_search(against)).get_stage_paths())
    for problem in filter(None, (planned.refusal, *find_input_problems(settings))):
        print_line(f"xlt: a launch would be refused: {problem}", err=True)
    if as_json:
        print_json(planned.to_json() | ({} if reasons is None else {"against": dict(reasons)}))
        return
    for line in render_plan(planned, settings, None if full else MAX_TREE_LINES):
        make_stdout_console().print(line)
    if reasons is not None:
        for line in format_new_stage_reasons(reasons, str(against)):
            make_stdout_console().print(line)


@click.command()
@CONFIG_ARGUMENT
@TRIALS_OPTION
@NAME_OPTION
@SET_OPTION
@DATA_OPTION
@click.option(
    "--from",
    "earlier",
    metavar="NAME",
    help="Learn from an earlier search of this home, and try its best curricula first.",
)
@click.option(
    "--address",
    help="Address of a running Ray cluster, on one of its nodes: auto or HOST:PORT; by default Ray is started here.",
)
@pass_home
def launch(
    home: Home,
    config: Path,
    trials: int | None,
    name: str | None,
    overrides: tuple[str, ...],
    earlier: str | None,
    address: str | None,
) -> None:
    """Run the search of CONFIG: start, resume or extend it.

    CONFIG is a YAML file, or the name of a shipped config (xlt init lists them).
    """
    from search.launcher import launch as run

    if earlier is not None:
        overrides = (*overrides, f"prior.search={json.dumps(earlier)}")
    study = run(_load_config(config, overrides, trials, name), home, make_stderr_console(), address)
    print_answer(study)
    if not study.get_complete_trials():
        print_line(
            f"xlt: {study.config.name!r} has no complete trial: xlt status {study.config.name} shows why", err=True
        )
        raise SystemExit(1)


def _load_config(path: Path, overrides: tuple[str, ...], trials: int | None, name: str | None) -> Config:
    given = list(overrides)
    given += [f"trials={trials}"] if trials is not None else []
    given += [f"name={json.dumps(name)}"] if name is not None else []
    return load_config(path, given)
