"""Commands that keep house: the stage store, the miniature's encoder."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.progress import Progress, TimeElapsedColumn

from search.checks import check_url
from search.errors import UserError
from search.home import Home
from search.options import AS_JSON, with_home
from search.sections import StoreSettings
from search.sizes import Size
from search.table import Rows
from search.terminal import aside, out, print_json, say
from trainables.store.folder import MisplacedError
from trainables.store.records import Entry, Records
from trainables.store.size import shrink, tidy

LONGEST = 1000
"""Characters of what a stage is, in words, that are shown."""

URL = click.option("--url", help="A folder or URL; by default the home's own store.")


@click.group()
def store() -> None:
    """The stage store: what it holds, and room in it."""


@store.command("ls")
@URL
@AS_JSON
@with_home
def list_stages(home: Home, url: str | None, as_json: bool) -> None:
    """Every stage: what it is, its size, age and cost, and which searches of this home used it."""
    entries = sorted(_records(home, url).entries(), key=lambda entry: entry.path)
    users = _users(home)
    if as_json:
        print_json([_described(entry, users) for entry in entries])
        return
    _print_entries(entries, users)
    held = [entry for entry in entries if entry.bytes]
    out().print(
        f"{len(entries)} stages, {len(held)} with weights, {_size(sum(entry.bytes for entry in held))}; "
        f"{sum(entry.seconds for entry in entries):.0f} s of training"
    )


@store.command()
@URL
@click.option("--max-size", required=True, metavar="SIZE", help="Such as 2GB.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@AS_JSON
@with_home
def gc(home: Home, url: str | None, max_size: str, dry_run: bool, as_json: bool) -> None:
    """Shrink the store: weights that cost least to train again per byte go first, scores stay for ever.

    Weights that running trials need are never taken. Stages that were set aside as damaged are named, and left to you.
    """
    try:
        size = TypeAdapter[int](Size).validate_python(max_size)
    except ValidationError as error:
        raise UserError(f"--max-size {max_size[:100]}: it wants a size such as 500MB or 2GB") from error
    records, users = _records(home, url), _users(home)
    try:
        damaged = records.damaged()  # first of all: where it is a link nothing is to be removed
        if not dry_run:
            tidy(records)
        shrunk = shrink(records, size, dry_run=dry_run)
    except MisplacedError as error:
        raise UserError(f"the stage store {records.place.url}: {error}; nothing was removed") from error
    if as_json:
        taken = [_described(entry, users) for entry in shrunk.taken]
        print_json(
            {"dry_run": dry_run, "before": shrunk.before, "after": shrunk.after, "taken": taken, "damaged": damaged}
        )
        return
    if shrunk.taken:
        _print_entries(shrunk.taken, users)
    verb = "would go" if dry_run else "went"
    out().print(
        f"weights of {len(shrunk.taken)} stages {verb}: {_size(shrunk.before)} before, {_size(shrunk.after)} after"
    )
    for name in damaged:
        out().print(f"damaged, set aside, and yours to look at and remove: {_word(name)}")
    if shrunk.after > size:
        say(f"xlt: the rest, {_size(shrunk.after)}, is needed by running trials", err=True)


@click.group()
def miniature() -> None:
    """The embedded test-bed."""


@miniature.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=int, help="Instead of the shipped encoder's number of steps.")
def build(directory: Path, seed: int, steps: int | None) -> None:
    """Make the miniature's encoder and tokenizer from CLDR text, into DIRECTORY."""
    from trainables.benchmarks.miniature.pretrain import Recipe
    from trainables.benchmarks.miniature.pretrain import build as make

    if directory.exists():
        raise UserError(f"{directory} is there already: name a folder that is new")
    recipe = Recipe(seed=seed) if steps is None else Recipe(seed=seed, steps=steps)
    console = aside()
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("tokenizer", total=recipe.steps)

        def show(step: int, loss: float) -> None:
            progress.update(task, completed=step, description=f"masked loss {loss:.2f}")
            if not console.is_terminal and step % 200 == 0:
                console.print(f"step {step} of {recipe.steps}: masked loss {loss:.2f}")

        make(recipe, directory, show)
    say(f"written to {directory}")


def _records(home: Home, url: str | None) -> Records:
    """The store, its troubles told on standard error."""
    try:
        settings = StoreSettings(url=None if url is None else check_url(url))
    except ValueError as error:
        raise UserError(f"--url {error}") from error
    place = home.stage_store(settings)
    assert place is not None
    return Records(place, lambda note: say(note, err=True))


def _users(home: Home) -> dict[str, list[str]]:
    """The searches of the home by the stages that they used."""
    from search.study import Study

    users: dict[str, list[str]] = {}
    for name in home.names():
        try:
            keys = Study.open(home.find(name)).stage_keys()
        except UserError as error:
            say(f"search {name} cannot be read, so none of its stages is told as used by it: {error}", err=True)
            continue
        for key in keys:
            users.setdefault(key, []).append(name)
    return users


def _described(entry: Entry, users: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "path": list(entry.path),
        "bytes": entry.bytes,
        "seconds": round(entry.seconds, 3),
        "steps": entry.steps,
        "made": entry.made.isoformat(),
        "used_by": users.get(entry.key, []),
    }


def _print_entries(entries: Iterable[Entry], users: dict[str, list[str]]) -> None:
    table = Rows(["stage", "weights", "cost", "age", "used by", "what"], words=["used by", "what"])
    for entry in entries:
        table.add(
            entry.key[:12],
            _size(entry.bytes) if entry.bytes else "gone",
            f"{entry.seconds:.1f} s",
            _age(datetime.now(UTC) - entry.made),
            _word(", ".join(users.get(entry.key, []))),
            _word(" > ".join(entry.path)),
        )
    out().print(table)


def _word(text: str) -> str:
    """As a cell of a table: others may have written it."""
    shown = text[:LONGEST].replace("\n", "\\n").replace("\t", "\\t")
    return shown if len(text) <= LONGEST else f"{shown}..."


def _size(size: int) -> str:
    return ByteSize(size).human_readable(decimal=True)


def _age(age: Any) -> str:
    minutes = max(0.0, age.total_seconds() / 60)  # a clock may have been ahead
    return (
        f"{minutes:.0f} min"
        if minutes < 120
        else f"{minutes / 60:.0f} h"
        if minutes < 2880
        else f"{minutes / 1440:.0f} d"
    )
