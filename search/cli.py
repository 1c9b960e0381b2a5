"""The command line: words in, tables out."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError
from rich.progress import Progress

from search import config as configs
from search.config import Config
from search.data_commands import data
from search.endings import Commands
from search.errors import UserError
from search.home import Home, SearchFolder
from search.options import AS_JSON, CONFIG, DATA, NAME, SEARCH_NAME, SET, TRIALS, with_home
from search.terminal import aside, out, print_json, say
from search.ui import ui
from search.upkeep import miniature, store
from trainables.ranges import Seed


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--home", metavar="DIR", help="Where searches and stages lie; else XLT_HOME, else ./xlt-home.")
@click.version_option(package_name="xlt-search")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """In which order to train on which intermediate tasks, so that a model trained in English works in other languages."""
    context.obj = Home.locate(home)


def _config(path: Path, overrides: tuple[str, ...], trials: int | None, name: str | None) -> Config:
    given = list(overrides)
    given += [f"trials={trials}"] if trials is not None else []
    given += [f"name={json.dumps(name)}"] if name is not None else []
    return configs.load(path, given)


@main.command()
@CONFIG
@TRIALS
@SET
@DATA
@click.option("--against", metavar="NAME", help="Say why stages are new beside those of the search NAME.")
@click.option("--full", is_flag=True, help="Draw the whole tree, however large.")
@AS_JSON
@with_home
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
    from search.plan import against as differences
    from search.plan import plan as foresee
    from search.plan_tree import lines, reasons
    from search.readiness import missing

    settings = _config(config, overrides, trials, None)
    foreseen = foresee(settings, home.stage_store(settings.store), home.folder(settings.name))
    why = None
    if against is not None:
        why = differences(foreseen.tree, _study(home.find(against)).paths())
    for problem in filter(None, (foreseen.refused, *missing(settings))):
        say(f"xlt: a launch would be refused: {problem}", err=True)
    if as_json:
        print_json(foreseen.to_json() | ({} if why is None else {"against": dict(why)}))
        return
    for line in lines(foreseen, settings, None if full else 40):
        out().print(line)
    if why is not None:
        for line in reasons(why, str(against)):
            out().print(line)


@main.command()
@CONFIG
@TRIALS
@SEARCH_NAME
@SET
@DATA
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
@with_home
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
    from search.launch import launch as run

    if earlier is not None:
        overrides = (*overrides, f"prior.search={json.dumps(earlier)}")
    study = run(_config(config, overrides, trials, name), home, aside(), address)
    _answer(study)
    if not study.complete():
        say(f"xlt: no trial of {study.config.name!r} came to an end: xlt status {study.config.name} says why", err=True)
        raise SystemExit(1)


@main.command()
@click.argument("name", required=False)
@AS_JSON
@with_home
def status(home: Home, name: str | None, as_json: bool) -> None:
    """Progress of the search NAME, trial by trial; without NAME the searches that are here."""
    if name is None:
        if as_json:
            print_json(home.names())
        for found in [] if as_json else home.names():
            say(found)
        return
    from search import results

    folder = home.find(name)
    document = results.document(_study(folder), live=folder.live)
    if as_json:
        print_json(document)
        return
    from search.status import placed, status_lines

    for line in status_lines(document, placed(folder, out().width)):
        out().print(line)


@main.command()
@NAME
@AS_JSON
@with_home
def best(home: Home, name: str, as_json: bool) -> None:
    """The best trial of the search NAME, with its interval, and whether it is separated from the next."""
    study = _study(home.find(name))
    if not as_json:
        _answer(study)
        return
    from search import results

    document = results.document(study)
    trial = next((trial for trial in document["trials"] if trial["number"] == document["best"]), None)
    told = ("name", "objective", "second_objective", "verdict", "confirmed", "comparisons", "front")
    print_json({key: document[key] for key in told} | {"best": trial})


@main.command()
@NAME
@click.option(
    "--out", "file", type=click.Path(path_type=Path), help="Write it as one HTML page that needs nothing else."
)
@AS_JSON
@with_home
def report(home: Home, name: str, file: Path | None, as_json: bool) -> None:
    """What the search NAME found: order, importance, noise, forgetting, selection, family by family."""
    from search.report import document, lines, page
    from search.status import placed

    study = _study(folder := home.find(name))
    if file is not None:
        page(study, file)
        say(f"written to {file}", err=as_json)
    if as_json:
        print_json(document(study))
    elif file is None:
        for line in lines(study, placed(folder, out().width)):
            out().print(line)


@main.command()
@NAME
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--trial", type=int, help="Instead of the best one.")
@click.option("--register", is_flag=True, help="Also as a version of MLflow's registered model NAME, aliased best.")
@DATA
@with_home
def export(home: Home, name: str, directory: Path, trial: int | None, register: bool) -> None:
    """Write best.yaml, results.json and the models of the search NAME into DIRECTORY."""
    from search.export import export as write

    folder = home.find(name)
    study = _study(folder)
    with aside().status("reading, or training again, the models"):
        exported = write(study, folder, home, directory, trial, lambda note: say(note, err=True))
    out().print(f"trial {exported.number}: {exported.trial}", soft_wrap=True)
    out().print(f"written to {directory}: best.yaml, results.json, models/", soft_wrap=True)
    out().print(f"run it again: xlt train {directory / 'best.yaml'}", soft_wrap=True)
    if register:
        from search.tracking import register as enter

        say(enter(study, home, directory, exported))


@main.command()
@click.argument("exported", metavar="BEST.YAML", type=click.Path(path_type=Path))
@click.option("--seeds", help="Comma-separated; by default the seed it was exported with.")
@DATA
@AS_JSON
def train(exported: Path, seeds: str | None, as_json: bool) -> None:
    """Train and score an exported trial again, as it is."""
    from search.best import load_best, rerun, rerun_agreement
    from search.rerun_table import rerun_table

    best = load_best(exported)
    try:
        chosen = TypeAdapter(list[Seed]).validate_python(seeds.split(",")) if seeds is not None else [best.seed]
    except ValidationError:
        raise UserError(
            f"--seeds {seeds}: it wants whole numbers with commas between, such as 1,2,3, each below 2**32"
        ) from None
    console = aside()
    total = len(chosen) * (len(best.trial.curriculum) + len(best.trial.targets))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("training", total=total)

        def show(run: Any) -> None:
            progress.update(task, advance=1, description=f"trained {run.task}")
            if not console.is_terminal:
                console.print(f"trained {run.task}, {run.seconds:.1f} s", highlight=False)

        outcomes = rerun(best, chosen, show)
    found = rerun_agreement(best, outcomes)
    if as_json:
        again = {str(seed): outcome.to_json() for seed, outcome in outcomes.items()}
        print_json({"same": found and found.same, "agreement": found and found.to_json(), "seeds": again})
        return
    for line in rerun_table(best, outcomes, found):
        out().print(line)


@main.command()
@NAME
@with_home
def track(home: Home, name: str) -> None:
    """Write the MLflow view of the search NAME anew."""
    from search.review import review
    from search.tracking import rebuild

    study, console = _study(folder := home.find(name)), aside()
    written = review(study, folder, console)
    rebuilt = rebuild(study, home, folder.results, console, written.files, written.answer)
    say(rebuilt)
    if rebuilt.why is not None:
        raise SystemExit(1)


main.add_command(data)
main.add_command(store)
main.add_command(miniature)
main.add_command(ui)


def _study(folder: SearchFolder) -> Any:
    from search.study import Study

    return Study.open(folder)


def _answer(study: Any) -> None:
    from search.present import answer

    for line in answer(study):
        out().print(line)
