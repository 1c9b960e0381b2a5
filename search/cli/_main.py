"""The command line: words in, tables out."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError
from rich.progress import Progress

from search.cli._data import data
from search.cli._init import init
from search.cli._options import (
    CONFIG_ARGUMENT,
    DATA_OPTION,
    JSON_OPTION,
    NAME_ARGUMENT,
    NAME_OPTION,
    SET_OPTION,
    TRIALS_OPTION,
    pass_home,
)
from search.cli._store import miniature, store
from search.cli._ui import ui
from search.config import Config, load_config
from search.errors import UserError
from search.home import Home, SearchFolder
from search.process import CommandGroup
from search.terminal import make_stderr_console, make_stdout_console, print_json, print_line
from trainables.ranges import Seed


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--home", metavar="DIR", help="Where searches and stages lie; else XLT_HOME, else ./xlt-home.")
@click.version_option(package_name="xlt-search")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """In which order to train on which intermediate tasks, so that a model trained in English works in other languages."""
    context.obj = Home.locate(home)


def _load_config(path: Path, overrides: tuple[str, ...], trials: int | None, name: str | None) -> Config:
    given = list(overrides)
    given += [f"trials={trials}"] if trials is not None else []
    given += [f"name={json.dumps(name)}"] if name is not None else []
    return load_config(path, given)


@main.command()
@CONFIG_ARGUMENT
@TRIALS_OPTION
@SET_OPTION
@DATA_OPTION
@click.option("--against", metavar="NAME", help="Say why stages are new beside those of the search NAME.")
@click.option("--full", is_flag=True, help="Draw the whole tree, however large.")
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
    """Check CONFIG, draw the tree of stages that a launch would train, and say what it would cost."""
    from search.planner import explain_new_stages, find_input_problems, format_new_stage_reasons, render_plan
    from search.planner import plan as foresee

    settings = _load_config(config, overrides, trials, None)
    foreseen = foresee(settings, home.resolve_stage_store(settings.store), home.get_search_folder(settings.name))
    why = None
    if against is not None:
        why = explain_new_stages(foreseen.tree, _open_study(home.find_search(against)).get_stage_paths())
    for problem in filter(None, (foreseen.refusal, *find_input_problems(settings))):
        print_line(f"xlt: a launch would be refused: {problem}", err=True)
    if as_json:
        print_json(foreseen.to_json() | ({} if why is None else {"against": dict(why)}))
        return
    for line in render_plan(foreseen, settings, None if full else 40):
        make_stdout_console().print(line)
    if why is not None:
        for line in format_new_stage_reasons(why, str(against)):
            make_stdout_console().print(line)


@main.command()
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
    help="A running Ray cluster, seen from one of its nodes: auto or HOST:PORT; by default Ray starts here.",
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
    """Run the search of CONFIG: start it, resume it, extend it."""
    from search.launcher import launch as run

    if earlier is not None:
        overrides = (*overrides, f"prior.search={json.dumps(earlier)}")
    study = run(_load_config(config, overrides, trials, name), home, make_stderr_console(), address)
    _print_answer(study)
    if not study.get_complete_trials():
        print_line(
            f"xlt: no trial of {study.config.name!r} came to an end: xlt status {study.config.name} says why", err=True
        )
        raise SystemExit(1)


@main.command()
@click.argument("name", required=False)
@JSON_OPTION
@pass_home
def status(home: Home, name: str | None, as_json: bool) -> None:
    """Progress of the search NAME, trial by trial; without NAME the searches that are here."""
    if name is None:
        if as_json:
            print_json(home.list_searches())
        for found in [] if as_json else home.list_searches():
            print_line(found)
        return
    from search.results import build_results

    folder = home.find_search(name)
    document = build_results(_open_study(folder), live=folder.is_running)
    if as_json:
        print_json(document)
        return
    from search.report import make_path_formatter, render_status

    for line in render_status(document, make_path_formatter(folder, make_stdout_console().width)):
        make_stdout_console().print(line)


@main.command()
@NAME_ARGUMENT
@JSON_OPTION
@pass_home
def best(home: Home, name: str, as_json: bool) -> None:
    """The best trial of the search NAME, with its interval, and whether it is separated from the next."""
    study = _open_study(home.find_search(name))
    if not as_json:
        _print_answer(study)
        return
    from search.results import build_results

    document = build_results(study)
    trial = next((trial for trial in document["trials"] if trial["number"] == document["best"]), None)
    told = ("name", "objective", "second_objective", "verdict", "confirmed", "comparisons", "front")
    print_json({key: document[key] for key in told} | {"best": trial})


@main.command()
@NAME_ARGUMENT
@click.option(
    "--out", "file", type=click.Path(path_type=Path), help="Write it as one HTML page that needs nothing else."
)
@JSON_OPTION
@pass_home
def report(home: Home, name: str, file: Path | None, as_json: bool) -> None:
    """What the search NAME found: order, importance, noise, forgetting, selection, family by family."""
    from search.report import build_report, make_path_formatter, render_report, write_report_page

    study = _open_study(folder := home.find_search(name))
    if file is not None:
        write_report_page(study, file)
        print_line(f"written to {file}", err=as_json)
    if as_json:
        print_json(build_report(study))
    elif file is None:
        for line in render_report(study, make_path_formatter(folder, make_stdout_console().width)):
            make_stdout_console().print(line)


@main.command()
@NAME_ARGUMENT
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--trial", type=int, help="Instead of the best one.")
@click.option("--register", is_flag=True, help="Also as a version of MLflow's registered model NAME, aliased best.")
@DATA_OPTION
@pass_home
def export(home: Home, name: str, directory: Path, trial: int | None, register: bool) -> None:
    """Write best.yaml, results.json and the models of the search NAME into DIRECTORY."""
    from search.exporter import export as write

    folder = home.find_search(name)
    study = _open_study(folder)
    with make_stderr_console().status("reading, or training again, the models"):
        exported = write(study, folder, home, directory, trial, lambda note: print_line(note, err=True))
    make_stdout_console().print(f"trial {exported.number}: {exported.trial}", soft_wrap=True)
    make_stdout_console().print(f"written to {directory}: best.yaml, results.json, models/", soft_wrap=True)
    make_stdout_console().print(f"run it again: xlt train {directory / 'best.yaml'}", soft_wrap=True)
    if register:
        from search.exporter import register_best

        print_line(register_best(study, home, directory, exported))


@main.command()
@click.argument("exported", metavar="BEST.YAML", type=click.Path(path_type=Path))
@click.option("--seeds", help="Comma-separated; by default the seed it was exported with.")
@DATA_OPTION
@JSON_OPTION
def train(exported: Path, seeds: str | None, as_json: bool) -> None:
    """Train and score an exported trial again, as it is."""
    from search.exporter import compare_rerun, load_exported_trial, render_rerun, rerun_exported_trial

    best = load_exported_trial(exported)
    try:
        chosen = TypeAdapter(list[Seed]).validate_python(seeds.split(",")) if seeds is not None else [best.seed]
    except ValidationError:
        raise UserError(
            f"--seeds {seeds}: it wants whole numbers with commas between, such as 1,2,3, each below 2**32"
        ) from None
    console = make_stderr_console()
    total = len(chosen) * (len(best.trial.curriculum) + len(best.trial.targets))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("training", total=total)

        def show(run: Any) -> None:
            progress.update(task, advance=1, description=f"trained {run.task}")
            if not console.is_terminal:
                console.print(f"trained {run.task}, {run.seconds:.1f} s", highlight=False)

        outcomes = rerun_exported_trial(best, chosen, show)
    found = compare_rerun(best, outcomes)
    if as_json:
        again = {str(seed): outcome.to_json() for seed, outcome in outcomes.items()}
        print_json({"same": found and found.is_identical, "agreement": found and found.to_json(), "seeds": again})
        return
    for line in render_rerun(best, outcomes, found):
        make_stdout_console().print(line)


@main.command()
@NAME_ARGUMENT
@pass_home
def track(home: Home, name: str) -> None:
    """Write the MLflow view of the search NAME anew."""
    from search.report import write_report_files
    from search.tracking import rebuild_tracking

    study, console = _open_study(folder := home.find_search(name)), make_stderr_console()
    written = write_report_files(study, folder, console)
    rebuilt = rebuild_tracking(study, home, folder.results, console, written.files, written.answer)
    print_line(rebuilt)
    if rebuilt.error is not None:
        raise SystemExit(1)


main.add_command(init)
main.add_command(data)
main.add_command(store)
main.add_command(miniature)
main.add_command(ui)


def _open_study(folder: SearchFolder) -> Any:
    from search.study import Study

    return Study.open(folder)


def _print_answer(study: Any) -> None:
    from search.report import render_answer

    for line in render_answer(study):
        make_stdout_console().print(line)
