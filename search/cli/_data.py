"""``xlt data``: check every data set before training, and copy the sets for machines without internet."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from search.cli._options import CONFIG_ARGUMENT, DATA_OPTION, JSON_OPTION, SET_OPTION
from search.config import Config, load_config
from search.data import (
    DatasetCheck,
    check_datasets,
    describe_own_tasks,
    describe_shot_sources,
    describe_training_memory,
    find_encoder_problems,
    list_shot_sources,
    list_task_requests,
)
from search.errors import UserError
from search.terminal import TextTable, make_progress_bar, make_stderr_console, make_stdout_console, print_json
from trainables.cards import MIRROR_VARIABLE, TAGGED_FILE_FORMAT, DatasetPart
from trainables.validation import DataError, UnreachableError


@click.group()
def data() -> None:
    """The data sets of a config: check them, copy them."""


def _make_progress_bar() -> Progress:
    return make_progress_bar(make_stderr_console(), MofNCompleteColumn(), TimeRemainingColumn())


@data.command()
@CONFIG_ARGUMENT
@SET_OPTION
@DATA_OPTION
@click.option("--quick", is_flag=True, help="Read only the first hundred rows of each set.")
@JSON_OPTION
def check(config: Path, overrides: tuple[str, ...], quick: bool, as_json: bool) -> None:
    """Read every data set of CONFIG, and check that columns, labels and numbers of rows are as expected.

    Lists all problems at once. The exit code is 1 if a launch would be refused.
    """
    settings = load_config(config, overrides)
    encoder_notes, memory = list(find_encoder_problems(settings)), describe_training_memory(settings)
    with _make_progress_bar() as bar:
        line = bar.add_task("checking", total=None)
        checks = list(
            check_datasets(
                settings,
                quick,
                lambda name, number, count: bar.update(line, description=name, completed=number, total=count),
            )
        )
    problems = [text for kind, text in encoder_notes if kind == "problem"]
    problems += [each.problem for each in checks if each.problem]
    own_notes = describe_own_tasks(settings) if settings.tasks and not problems else {}
    if as_json:
        print_json(
            {
                "name": settings.name,
                "usable": not problems,
                "encoder": [{"kind": kind, "text": text} for kind, text in encoder_notes],
                "memory": memory,
                "sets": [each.to_json() for each in checks],
                **({"own_tasks": {name: list(lines) for name, lines in own_notes.items()}} if own_notes else {}),
                **({"shots": shots} if (shots := list_shot_sources(settings)) else {}),
            }
        )
    else:
        notes = [*_list_notes(checks), *(text for kind, text in encoder_notes if kind == "note")]
        notes += [note for lines in own_notes.values() for note in lines]
        notes += describe_shot_sources(settings)
        notes += [f"memory: a trial holds {memory}"] if memory else []
        _print_dataset_checks(settings.name, checks, notes, problems)
    if problems:
        raise SystemExit(1)


def _print_dataset_checks(name: str, checks: list[DatasetCheck], notes: list[str], problems: list[str]) -> None:
    console = make_stdout_console()
    console.print(_build_table(checks))
    for note in dict.fromkeys(notes):
        console.print(f"note: {note}")
    for problem in dict.fromkeys(problems):
        console.print(f"problem: {problem}")
    count = len(set(problems))
    console.print(
        f"{name}: {count} problem{'s' * (count != 1)}: a launch would be refused"
        if problems
        else f"{name}: every set can be used"
    )


def _build_table(checks: Iterable[DatasetCheck]) -> TextTable:
    """A row for each task, split and set, over its languages."""
    titles = ["task", "split", "languages", "rows", "set", "licence"]
    table = TextTable(titles, wrapped_columns=["task", "set", "licence"], left_aligned_columns=titles[:3])
    groups: dict[tuple[str, str, str, str], list[DatasetCheck]] = defaultdict(list)
    for each in checks:
        groups[each.task, each.split, each.where.split(",")[0], each.licence].append(each)
    for (task, split, where, licence), group in groups.items():
        languages = {each.language for each in group}
        usable = languages - {each.language for each in group if each.rows is None}
        total = f" of {len(languages)}" if len(usable) < len(languages) else ""
        table.add_row(
            task, split, f"{len(usable)}{total}", f"{sum(each.rows or 0 for each in group):,}", where, licence
        )
    return table


def _list_notes(checks: Iterable[DatasetCheck]) -> Iterator[str]:
    for each in checks:
        if each.is_unexpected:
            yield f"{each.where}: {each.rows:,} rows; expected {each.expected:,}"
        for what, count in each.mended.items():
            more = f" and {count - 1:,} more" if count > 1 else ""
            yield f"{each.where}, row {each.first[what]}{more}: {what}"


@data.command()
@CONFIG_ARGUMENT
@SET_OPTION
@DATA_OPTION
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the copies."
)
@JSON_OPTION
def fetch(config: Path, overrides: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Copy the data sets and the encoder of CONFIG from the hub to a folder of mirrors, for machines without internet.

    Existing copies are kept. Use the folder with --data FOLDER or XLT_DATA=FOLDER.
    """
    from trainables.benchmarks.hub import silence_datasets

    settings = load_config(config, overrides)
    if os.environ.get(MIRROR_VARIABLE) and Path(os.environ[MIRROR_VARIABLE]).absolute() == folder.absolute():
        del os.environ[MIRROR_VARIABLE]  # the hub is the source, not the folder itself
    silence_datasets()
    parts = dict(_list_parts(settings))
    copied, problems = _copy_all(settings, parts, folder)
    if as_json:
        print_json({"to": str(folder), "copied": copied, "problems": problems})
    else:
        for name in copied:
            make_stdout_console().print(f"copied {name}")
        make_stdout_console().print(
            f"{folder}: {len(parts)} splits, {len(copied)} copied now; use it with --data {folder}"
        )
    if problems:
        raise UserError("\n".join([f"{len(problems)} could not be copied:", *(f"  {problem}" for problem in problems)]))


def _list_parts(settings: Config) -> Iterator[tuple[str, tuple[DatasetPart, str]]]:
    """The splits of sets that are read, by name; files of a user's own are where they are."""
    from trainables.benchmarks.hub import list_own_parts

    for request in list_task_requests(settings):
        for _, part, language in request.iterate_parts(settings.scored_languages):
            if part.source.own is None:
                yield part.describe_source(language), (part, language)
    for own in settings.own_tasks:
        for part in list_own_parts(own):
            yield part.describe_source(""), (part, "")


def _copy_all(settings: Config, parts: dict[str, tuple[DatasetPart, str]], folder: Path) -> tuple[list[str], list[str]]:
    """Copy sets and encoder; returns the names of those that were copied now, and the problems."""
    copied: list[str] = []
    problems: list[str] = []
    with _make_progress_bar() as bar:
        line = bar.add_task("copying", total=len(parts) + 1)
        for name, (part, language) in parts.items():
            bar.update(line, description=name)
            try:
                copied += [name] * _copy_part(name, part, language, folder)
            except DataError as error:
                problems.append(str(error))
                if isinstance(error, UnreachableError):
                    problems.append("no further set was tried")
                    break
            bar.advance(line)
        bar.update(line, description=settings.encoder)
        try:
            copied += [f"the encoder {settings.encoder}"] * _copy_encoder(settings.encoder, folder)
        except (OSError, ValueError, RuntimeError) as error:
            problems.append(f"encoder: {settings.encoder}: {' '.join(str(error).split())}")
    return copied, problems


def _copy_part(name: str, part: DatasetPart, language: str, folder: Path) -> bool:
    """Copy one split from the hub; returns whether it was copied now.

    Raises:
        DataError: if it cannot be copied, or is on no hub and the folder lacks it.
    """
    from trainables.benchmarks.hub import copy_split

    if not part.source.is_local:
        return copy_split(part, language, folder)
    file = folder / part.source.repository / f"{part.split_of(language)}.tsv"
    if not file.is_file():
        raise DataError(f"{name}: on no hub ({part.source.licence}): put your copy into {file} ({TAGGED_FILE_FORMAT})")
    return False


def _copy_encoder(encoder: str, folder: Path) -> bool:
    from trainables.benchmarks.hub import copy_encoder

    return encoder != "miniature" and not Path(encoder).is_dir() and copy_encoder(encoder, folder)
