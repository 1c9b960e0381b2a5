"""``xlt store``: what the stage store holds, and shrinking it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from pydantic import ByteSize, TypeAdapter, ValidationError

from search.cli._options import JSON_OPTION, pass_home
from search.config import ByteCount, StoreSettings, check_store_url
from search.errors import UserError
from search.home import Home
from search.terminal import TextTable, make_stdout_console, print_json, print_line
from trainables.store import StageEntry, StageRecords, UnexpectedFileError, remove_leftovers, shrink_store

MAX_CELL_LENGTH = 1000
"""Characters of a table's cell, at most."""

URL_OPTION = click.option("--url", help="A folder or URL; by default the home's own store.")


@click.group()
def store() -> None:
    """The stage store: list its stages, shrink it."""


@store.command("ls")
@URL_OPTION
@JSON_OPTION
@pass_home
def list_stages(home: Home, url: str | None, as_json: bool) -> None:
    """List every stage: what it is, its size, age and training time, and which searches of this home used it."""
    entries = sorted(_open_records(home, url).iterate_entries(), key=lambda entry: entry.path)
    users = _find_users(home)
    if as_json:
        print_json([_describe_entry(entry, users) for entry in entries])
        return
    _print_entries(entries, users)
    with_weights = [entry for entry in entries if entry.bytes]
    make_stdout_console().print(
        f"{len(entries)} stages, {len(with_weights)} with weights, {_format_size(sum(entry.bytes for entry in with_weights))}; "
        f"{sum(entry.seconds for entry in entries):.0f} s of training"
    )


@store.command()
@URL_OPTION
@click.option("--max-size", required=True, metavar="SIZE", help="Such as 2GB.")
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@JSON_OPTION
@pass_home
def gc(home: Home, url: str | None, max_size: str, dry_run: bool, as_json: bool) -> None:
    """Remove weights until the store has at most SIZE: first those that cost least training time per byte. Scores are kept.

    Weights that running trials use are kept. Damaged stages that were set aside are listed for you to remove.
    """
    try:
        size = TypeAdapter[int](ByteCount).validate_python(max_size)
    except ValidationError as error:
        raise UserError(f"--max-size {max_size[:100]}: expected a size such as 500MB or 2GB") from error
    records, users = _open_records(home, url), _find_users(home)
    try:
        damaged = records.list_damaged()  # before anything is removed: it refuses a link
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
    count = len(shrunk.evicted)
    make_stdout_console().print(
        f"weights of {count} stage{'s' * (count != 1)} {'would be ' * dry_run}removed: "
        f"{_format_size(shrunk.before)} before, {_format_size(shrunk.after)} after"
    )
    for name in damaged:
        make_stdout_console().print(f"damaged stage, set aside; check and remove it yourself: {_format_cell(name)}")
    if shrunk.after > size:
        print_line(f"xlt: running trials use the remaining {_format_size(shrunk.after)}", err=True)


def _open_records(home: Home, url: str | None) -> StageRecords:
    """Open the store; its warnings go to standard error."""
    try:
        settings = StoreSettings(url=None if url is None else check_store_url(url))
    except ValueError as error:
        raise UserError(f"--url {error}") from error
    resolved = home.resolve_stage_store(settings)
    assert resolved is not None
    return StageRecords(resolved, lambda note: print_line(note, err=True))


def _find_users(home: Home) -> dict[str, list[str]]:
    """The names of the searches of the home that used each stage, by stage key."""
    from search.study import Study

    users: dict[str, list[str]] = {}
    for name in home.list_searches():
        try:
            keys = Study.open(home.find_search(name)).get_stage_keys()
        except UserError as error:
            print_line(f"search {name} cannot be read; the column 'used by' does not contain it: {error}", err=True)
            continue
        for key in keys:
            users.setdefault(key, []).append(name)
    return users


def _describe_entry(entry: StageEntry, users: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "path": list(entry.path),
        "bytes": entry.bytes,
        "seconds": round(entry.seconds, 3),
        "steps": entry.steps,
        "made": entry.made.isoformat(),
        "used_by": users.get(entry.key, []),
    }


def _print_entries(entries: Iterable[StageEntry], users: Mapping[str, list[str]]) -> None:
    table = TextTable(["stage", "weights", "training", "age", "used by", "path"], wrapped_columns=["used by", "path"])
    for entry in entries:
        table.add_row(
            entry.key[:12],
            _format_size(entry.bytes) if entry.bytes else "removed",
            f"{entry.seconds:.1f} s",
            _format_age(datetime.now(UTC) - entry.made),
            _format_cell(", ".join(users.get(entry.key, []))),
            _format_cell(" > ".join(entry.path)),
        )
    make_stdout_console().print(table)


def _format_cell(text: str) -> str:
    """One line of limited length: the text may be from others."""
    line = text[:MAX_CELL_LENGTH].replace("\n", "\\n").replace("\t", "\\t")
    return line if len(text) <= MAX_CELL_LENGTH else f"{line}..."


def _format_size(size: int) -> str:
    return ByteSize(size).human_readable(decimal=True)


def _format_age(age: timedelta) -> str:
    minutes = max(0.0, age.total_seconds() / 60)  # the clock of another machine may be ahead
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:.0f} d"
