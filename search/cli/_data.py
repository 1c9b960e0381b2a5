"""The commands on data: look at every set before a GPU-hour is spent, copy them for machines without internet."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from search.cli._options import CONFIG_ARGUMENT, DATA_OPTION, JSON_OPTION, SET_OPTION
from search.config import load_config
from search.data import DatasetCheck, check_datasets, find_encoder_problems, list_task_requests
from search.errors import UserError
from search.terminal import TextTable, make_progress_bar, make_stderr_console, make_stdout_console, print_json
from trainables.cards import MIRROR_VARIABLE, TAGGED_FILE_FORMAT
from trainables.validation import DataError, UnreachableError


@click.group()
def data() -> None:
    """The data that a config asks for: look at them, copy them."""


def _make_progress_bar() -> Progress:
    return make_progress_bar(make_stderr_console(), MofNCompleteColumn(), TimeRemainingColumn())


@data.command()
@CONFIG_ARGUMENT
@SET_OPTION
@DATA_OPTION
@click.option("--quick", is_flag=True, help="Read the first hundred rows of each set alone.")
@JSON_OPTION
def check(config: Path, overrides: tuple[str, ...], quick: bool, as_json: bool) -> None:
    """Read every set that CONFIG asks for: are they found, are columns, labels and counts what they should be?

    Lists all that is wrong at once, and exits with 1 if a launch would be refused.
    """
    settings = load_config(config, overrides)
    told = list(find_encoder_problems(settings))
    with _make_progress_bar() as bar:
        line = bar.add_task("looking", total=None)
        findings = list(
            check_datasets(
                settings, quick, lambda what, number, of: bar.update(line, description=what, completed=number, total=of)
            )
        )
    wrong = [text for kind, text in told if kind == "problem"] + [each.problem for each in findings if each.problem]
    if as_json:
        print_json(
            {
                "name": settings.name,
                "usable": not wrong,
                "encoder": [{"kind": kind, "text": text} for kind, text in told],
                "sets": [finding.to_json() for finding in findings],
            }
        )
    else:
        _print_dataset_checks(settings.name, told, findings, wrong)
    if wrong:
        raise SystemExit(1)


def _print_dataset_checks(
    name: str, told: Iterable[tuple[str, str]], findings: list[DatasetCheck], wrong: list[str]
) -> None:
    titles = ["task", "split", "languages", "rows", "set", "licence"]
    table = TextTable(titles, words=["task", "set", "licence"], left=titles[:3])
    together: dict[tuple[str, str, str, str], list[DatasetCheck]] = defaultdict(list)
    for finding in findings:
        together[finding.task, finding.split, finding.where.split(",")[0], finding.licence].append(finding)
    for (task, split, where, licence), those in together.items():
        languages = {each.language for each in those}
        read = languages - {each.language for each in those if each.rows is None}
        lacking = f" of {len(languages)}" if len(read) < len(languages) else ""
        rows = f"{sum(each.rows or 0 for each in those):,}"
        table.add(task, split, f"{len(read)}{lacking}", rows, where, licence)
    make_stdout_console().print(table)
    for text in dict.fromkeys(_list_notes(told, findings)):
        make_stdout_console().print(f"note: {text}")
    for text in dict.fromkeys(wrong):
        make_stdout_console().print(f"problem: {text}")
    count = len(dict.fromkeys(wrong))
    make_stdout_console().print(
        f"{name}: {count} problem{'s' * (count != 1)}: a launch would be refused"
        if wrong
        else f"{name}: every set can be used"
    )


def _list_notes(told: Iterable[tuple[str, str]], findings: Iterable[DatasetCheck]) -> Iterator[str]:
    for finding in findings:
        if finding.is_unexpected:
            yield f"{finding.where}: {finding.rows:,} rows; the table says {finding.expected:,}"
        for what, count in finding.mended.items():
            more = f" and {count - 1:,} more" if count > 1 else ""
            yield f"{finding.where}, row {finding.first[what]}{more}: {what}"
    yield from (text for kind, text in told if kind == "note")


@data.command()
@CONFIG_ARGUMENT
@SET_OPTION
@DATA_OPTION
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where to.")
@JSON_OPTION
def fetch(config: Path, overrides: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Copy the sets and the encoder that CONFIG asks for from the hub into a folder of mirrors, for machines without internet.

    What is there already is not copied again. Use it with --data FOLDER or XLT_DATA=FOLDER.
    """
    from trainables.benchmarks.hub import copy_encoder, copy_split, silence_datasets

    settings = load_config(config, overrides)
    if os.environ.get(MIRROR_VARIABLE) and Path(os.environ[MIRROR_VARIABLE]).absolute() == folder.absolute():
        del os.environ[MIRROR_VARIABLE]  # what it lacks is to come from the hub
    silence_datasets()
    wanted = {
        part.describe_source(language): (part, language)
        for each in list_task_requests(settings)
        for _, part, language in each.parts(settings.scored_languages)
    }
    copied, problems = [], []
    with _make_progress_bar() as bar:
        line = bar.add_task("copying", total=len(wanted) + 1)
        for name, (part, language) in wanted.items():
            bar.update(line, description=name)
            try:
                if not part.source.is_local:
                    copied += [name] * copy_split(part, language, folder)
                elif not (file := folder / part.source.repository / f"{part.split_of(language)}.tsv").is_file():
                    raise DataError(
                        f"{name}: on no hub ({part.source.licence}): put your copy into {file} ({TAGGED_FILE_FORMAT})"
                    )
            except DataError as error:
                problems.append(str(error))
                if isinstance(error, UnreachableError):
                    problems.append("no further set was tried")
                    break
            bar.advance(line)
        bar.update(line, description=settings.encoder)
        try:
            if settings.encoder != "miniature" and not Path(settings.encoder).is_dir():
                copied += [f"the encoder {settings.encoder}"] * copy_encoder(settings.encoder, folder)
        except (OSError, ValueError, RuntimeError) as error:
            problems.append(f"encoder: {settings.encoder}: {' '.join(str(error).split())}")
    if as_json:
        print_json({"to": str(folder), "copied": copied, "problems": problems})
    else:
        for name in copied:
            make_stdout_console().print(f"copied {name}")
        make_stdout_console().print(
            f"{folder}: {len(wanted)} splits, {len(copied)} copied now; use it with --data {folder}"
        )
    if problems:
        raise UserError("\n".join([f"{len(problems)} could not be copied:", *(f"  {problem}" for problem in problems)]))
