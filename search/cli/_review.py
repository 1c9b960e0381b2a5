"""Commands that show a search: ``xlt status``, ``best``, ``report`` and ``track``."""

from pathlib import Path

import click

from search.cli._options import JSON_OPTION, NAME_ARGUMENT, open_study, pass_home, print_answer
from search.home import Home
from search.terminal import make_stderr_console, make_stdout_console, print_json, print_line


@click.command()
@click.argument("name", required=False)
@JSON_OPTION
@pass_home
def status(home: Home, name: str | None, as_json: bool) -> None:
    """Show the state of every trial of the search NAME. Without NAME: list the searches of this home."""
    if name is None:
        if as_json:
            print_json(home.list_searches())
        for found in [] if as_json else home.list_searches():
            print_line(found)
        return
    from search.results import build_results

    folder = home.find_search(name)
    document = build_results(open_study(folder), live=folder.is_running)
    if as_json:
        print_json(document)
        return
    from search.report import make_path_formatter, render_status

    for line in render_status(document, make_path_formatter(folder, make_stdout_console().width)):
        make_stdout_console().print(line)


@click.command()
@NAME_ARGUMENT
@JSON_OPTION
@pass_home
def best(home: Home, name: str, as_json: bool) -> None:
    """Show the best trial of the search NAME, its interval, and whether it is significantly better than the other finalists."""
    study = open_study(home.find_search(name))
    if not as_json:
        print_answer(study)
        return
    from search.results import build_results

    document = build_results(study)
    trial = next((trial for trial in document["trials"] if trial["number"] == document["best"]), None)
    keys = ("name", "objective", "second_objective", "verdict", "confirmed", "comparisons", "front")
    print_json({key: document[key] for key in keys} | {"best": trial})


@click.command()
@NAME_ARGUMENT
@click.option(
    "--out", "file", type=click.Path(path_type=Path), help="Write the report as one self-contained HTML page."
)
@JSON_OPTION
@pass_home
def report(home: Home, name: str, file: Path | None, as_json: bool) -> None:
    """Analyse the search NAME: effects of order, tasks and noise, forgetting, selection rules, language families."""
    from search.report import build_report, make_path_formatter, render_report, write_report_page

    study = open_study(folder := home.find_search(name))
    if file is not None:
        write_report_page(study, file)
        print_line(f"written to {file}", err=as_json)
    if as_json:
        print_json(build_report(study))
    elif file is None:
        for line in render_report(study, make_path_formatter(folder, make_stdout_console().width)):
            make_stdout_console().print(line)


@click.command()
@NAME_ARGUMENT
@pass_home
def track(home: Home, name: str) -> None:
    """Write the MLflow view of the search NAME again."""
    from search.report import write_report_files
    from search.tracking import rebuild_tracking

    study, console = open_study(folder := home.find_search(name)), make_stderr_console()
    written = write_report_files(study, folder, console)
    rebuilt = rebuild_tracking(study, home, folder.results, console, written.files, written.answer)
    print_line(rebuilt)
    if rebuilt.error is not None:
        raise SystemExit(1)
