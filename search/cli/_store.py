"""Commands that keep house: the stage store, the miniature's encoder."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.progress import Progress, TimeElapsedColumn

from search.cli._options import JSON_OPTION, pass_home
from search.config import ByteCount, StoreSettings, check_store_url
from search.errors import UserError
from search.home import Home
from search.terminal import TextTable, make_stderr_console, make_stdout_console, print_json, print_line
from trainables.store import StageEntry, StageRecords, UnexpectedFileError, remove_leftovers, shrink_store

MAX_CELL_LENGTH = 1000
"""Characters of what a stage is, in words, that are shown."""

URL_OPTION = click.option("--url", help="A folder or URL; by default the home's own store.")


@click.group()
def store() -> None:
    """The stage store: what it holds, and room in it."""


@store.command("ls")
@URL_OPTION
@JSON_OPTION
@pass_home
def list_stages(home: Home, url: str | None, as_json: bool) -> None:
    """Every stage: what it is, its size, age and cost, and which searches of this home used it."""
    entries = sorted(_open_records(home, url).iterate_entries(), key=lambda entry: entry.path)
    users = _find_users(home)
    if as_json:
        print_json([_describe_entry(entry, users) for entry in entries])
        return
    _print_entries(entries, users)
    held = [entry for entry in entries if entry.bytes]
    make_stdout_console().print(
        f"{len(entries)} stages, {len(held)} with weights, {_format_size(sum(entry.bytes for entry in held))}; "
        f"{sum(entry.seconds for entry in entries):.0f} s of training"
    )


@store.command()
@URL_OPTION
@click.option("--max-size", required=True, metavar="SIZE", help="Such as 2GB.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@JSON_OPTION
@pass_home
def gc(home: Home, url: str | None, max_size: str, dry_run: bool, as_json: bool) -> None:
    """Shrink the store: weights that cost least to train again per byte go first, scores stay for ever.

    Weights that running trials need are never taken. Stages that were set aside as damaged are named, and left to you.
    """
    try:
        size = TypeAdapter[int](ByteCount).validate_python(max_size)
    except ValidationError as error:
        raise UserError(f"--max-size {max_size[:100]}: it wants a size such as 500MB or 2GB") from error
    records, users = _open_records(home, url), _find_users(home)
    try:
        damaged = records.list_damaged()  # first of all: where it is a link nothing is to be removed
        if not dry_run:
            remove_leftovers(records)
        shrunk = shrink_store(records, size, dry_run=dry_run)
    except UnexpectedFileError as error:
        raise UserError(f"the stage store {records.location.url}: {error}; nothing was removed") from error
    if as_json:
        taken = [_describe_entry(entry, users) for entry in shrunk.evicted]
        print_json(
            {"dry_run": dry_run, "before": shrunk.before, "after": shrunk.after, "taken": taken, "damaged": damaged}
        )
        return
    if shrunk.evicted:
        _print_entries(shrunk.evicted, users)
    verb = "would go" if dry_run else "went"
    make_stdout_console().print(
        f"weights of {len(shrunk.evicted)} stages {verb}: {_format_size(shrunk.before)} before, {_format_size(shrunk.after)} after"
    )
    for name in damaged:
        make_stdout_console().print(f"damaged, set aside, and yours to look at and remove: {_format_cell(name)}")
    if shrunk.after > size:
        print_line(f"xlt: the rest, {_format_size(shrunk.after)}, is needed by running trials", err=True)


@click.group()
def miniature() -> None:
    """The embedded test-bed."""


@miniature.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=int, help="Instead of the shipped encoder's number of steps.")
def build(directory: Path, seed: int, steps: int | None) -> None:
    """Make the miniature's encoder and tokenizer from CLDR text, into DIRECTORY."""
    from trainables.pretraining import PretrainingRecipe, pretrain_encoder

    if directory.exists():
        raise UserError(f"{directory} is there already: name a folder that is new")
    recipe = PretrainingRecipe(seed=seed) if steps is None else PretrainingRecipe(seed=seed, steps=steps)
    console = make_stderr_console()
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("tokenizer", total=recipe.steps)

        def show(step: int, loss: float) -> None:
            progress.update(task, completed=step, description=f"masked loss {loss:.2f}")
            if not console.is_terminal and step % 200 == 0:
                console.print(f"step {step} of {recipe.steps}: masked loss {loss:.2f}")

        pretrain_encoder(recipe, directory, show)
    print_line(f"written to {directory}")


def _open_records(home: Home, url: str | None) -> StageRecords:
    """The store, its troubles told on standard error."""
    try:
        settings = StoreSettings(url=None if url is None else check_store_url(url))
    except ValueError as error:
        raise UserError(f"--url {error}") from error
    place = home.resolve_stage_store(settings)
    assert place is not None
    return StageRecords(place, lambda note: print_line(note, err=True))


def _find_users(home: Home) -> dict[str, list[str]]:
    """The searches of the home by the stages that they used."""
    from search.study import Study

    users: dict[str, list[str]] = {}
    for name in home.list_searches():
        try:
            keys = Study.open(home.find_search(name)).get_stage_keys()
        except UserError as error:
            print_line(f"search {name} cannot be read, so none of its stages is told as used by it: {error}", err=True)
            continue
        for key in keys:
            users.setdefault(key, []).append(name)
    return users


def _describe_entry(entry: StageEntry, users: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "path": list(entry.path),
        "bytes": entry.bytes,
        "seconds": round(entry.seconds, 3),
        "steps": entry.steps,
        "made": entry.made.isoformat(),
        "used_by": users.get(entry.key, []),
    }


def _print_entries(entries: Iterable[StageEntry], users: dict[str, list[str]]) -> None:
    table = TextTable(["stage", "weights", "cost", "age", "used by", "what"], words=["used by", "what"])
    for entry in entries:
        table.add(
            entry.key[:12],
            _format_size(entry.bytes) if entry.bytes else "gone",
            f"{entry.seconds:.1f} s",
            _format_age(datetime.now(UTC) - entry.made),
            _format_cell(", ".join(users.get(entry.key, []))),
            _format_cell(" > ".join(entry.path)),
        )
    make_stdout_console().print(table)


def _format_cell(text: str) -> str:
    """As a cell of a table: others may have written it."""
    shown = text[:MAX_CELL_LENGTH].replace("\n", "\\n").replace("\t", "\\t")
    return shown if len(text) <= MAX_CELL_LENGTH else f"{shown}..."


def _format_size(size: int) -> str:
    return ByteSize(size).human_readable(decimal=True)


def _format_age(age: Any) -> str:
    minutes = max(0.0, age.total_seconds() / 60)  # a clock may have been ahead
    return (
        f"{minutes:.0f} min"
        if minutes < 120
        else f"{minutes / 60:.0f} h"
        if minutes < 2880
        else f"{minutes / 1440:.0f} d"
    )
