"""Tables of rows on disk, memory-mapped: shared by every process of a machine, and of any size."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, overload
from uuid import uuid4

import numpy as np
import pyarrow as pa

from trainables.store import ConfinedFolder
from trainables.validation import open_regular_file, parse_json, read_regular_file

Row = dict[str, Any]
TableMetadata = dict[str, Any]
NO_METADATA: TableMetadata = {}
CHUNK_ROWS = 1000
"""Rows that are in memory at once when a table is written, or read from one end to the other."""


class ArrowTable(Sequence[Row]):
    """Rows of a file that is mapped into memory."""

    def __init__(self, rows: pa.Table | None) -> None:
        self._rows = rows
        self._batches = [] if rows is None else rows.to_batches()
        self._starts = np.cumsum([0, *map(len, self._batches)])

    @classmethod
    def open_file(cls, file: Path, folder: int | None = None) -> "ArrowTable":
        """The table in a file, every value of it checked: 0.1 s for 100 MiB of texts.

        Args:
            file: written by `Shelf.keep`.
            folder: as for `trainables.validation.open_regular_file`.

        Raises:
            OSError: when it is not there, or is no plain file.
            pyarrow.ArrowException: when it is garbled.
            UnicodeDecodeError: when the name of a column is.
        """
        with open_regular_file(file, folder=folder) as opened:
            if not os.fstat(opened.fileno()).st_size:
                return cls(None)
            # By its descriptor, it is the file that was looked at.
            rows = pa.ipc.open_stream(pa.memory_map(f"/dev/fd/{opened.fileno()}")).read_all()
        if not _is_allowed_type(pa.struct(list(rows.schema))):
            raise pa.ArrowInvalid(f"{file.name} has columns that no table has")
        rows.validate(full=True)
        return cls(rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return () if self._rows is None else tuple(self._rows.column_names)

    @property
    def integer_columns(self) -> frozenset[str]:
        """Those of whole numbers, none of which is missing."""
        columns = () if self._rows is None else zip(self._rows.schema, self._rows.columns, strict=True)
        return frozenset(each.name for each, told in columns if pa.types.is_integer(each.type) and not told.null_count)

    def select_columns(self, *columns: str) -> "ArrowTable":
        """The same rows with these columns alone: others are not read."""
        return ArrowTable(None if self._rows is None else self._rows.select(list(columns)))

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        places = range(len(self))[place]
        return self.take([places])[0] if isinstance(places, int) else self.take(places)

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), CHUNK_ROWS):
            yield from self[start : start + CHUNK_ROWS]

    def take(self, places: Sequence[int]) -> list[Row]:
        """The rows at these places, in their order.

        Raises:
            IndexError: when a place is below 0, or there is no such row.
        """
        if self._rows is None or not len(places):
            return []
        asked = np.asarray(places)
        if asked.min() < 0 or asked.max() >= len(self):
            raise IndexError(f"a table of {len(self)} rows lacks one of rows {asked.min()} to {asked.max()}")
        if isinstance(places, range) and places.step == 1:
            rows = self._rows.slice(places.start, len(places))
        else:
            rows = pa.Table.from_batches(self._slice_rows(asked))
        found = rows.to_pydict()
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    def _slice_rows(self, places: np.ndarray) -> list[pa.RecordBatch]:
        """A batch of one row for each place."""
        batches = np.searchsorted(self._starts, places, side="right") - 1
        within = (places - self._starts[batches]).tolist()
        return [self._batches[batch].slice(place, 1) for batch, place in zip(batches.tolist(), within, strict=True)]

    def column(self, name: str) -> np.ndarray:
        """A column of numbers."""
        if self._rows is None:
            return np.empty(0, dtype=np.int64)
        found: np.ndarray = self._rows.column(name).to_numpy()
        return found


def take_rows(rows: Sequence[Row], places: Sequence[int]) -> list[Row]:
    """The rows at these places, of a table or of a list."""
    return rows.take(places) if isinstance(rows, ArrowTable) else [rows[place] for place in places]


@cache
def _make_temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xlt-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True, slots=True)
class CachedTable:
    """A table, and what was noted when it was written."""

    table: ArrowTable
    metadata: TableMetadata


@dataclass(frozen=True, slots=True)
class TableCache:
    """A folder of tables, each under what decides it; one that is there is complete."""

    folder: Path = field(default_factory=_make_temporary_folder)
    """By default one that goes with the process."""

    def find(
        self, key: str, about: Mapping[str, type] = NO_METADATA, numbers: Iterable[str] = ()
    ) -> CachedTable | None:
        """A table, if it is there and is what it should be; what somebody else left under its name is not.

        Args:
            key: what decides the table.
            about: what was noted of it, by name, and of which type; a `dict` is one of counts.
            numbers: columns of whole numbers that it has, unless it is empty.
        """
        try:
            with ConfinedFolder(str(self.folder)).open_folder(f"{key[:2]}/{key}") as folder:
                noted = parse_json(read_regular_file(Path("about.json"), folder=folder))
                table = ArrowTable.open_file(Path("rows.arrow"), folder)
        except Exception:  # whatever a library says of what somebody else left there
            return None
        known = isinstance(noted, dict) and all(
            _is_valid_metadata(noted.get(name), kind) for name, kind in about.items()
        )
        whole = not len(table) or set(numbers) <= table.integer_columns
        return CachedTable(table, noted) if known and whole else None

    def put(self, key: str, rows: Iterable[Row], about: Callable[[], TableMetadata]) -> CachedTable:
        """Write a table: aside first, then renamed, so that of two writers at once one wins. What `find` does not take under its name is
        moved aside as it is.

        Args:
            key: what decides the table, hexadecimal.
            rows: read once; `CHUNK_ROWS` of them are in memory at a time.
            about: asked when the last row is written.
        """
        place = self._table_path(key)
        self.folder.mkdir(parents=True, exist_ok=True)
        if place.parent.is_symlink() or place.parent.is_file():
            _move_damaged(place.parent)
        place.parent.mkdir(exist_ok=True)
        aside = place.with_name(f"{place.name}.{uuid4().hex[:8]}")
        aside.mkdir()
        try:
            _write_table(aside / "rows.arrow", rows)
            noted = about()
            (aside / "about.json").write_text(json.dumps(noted, ensure_ascii=False, indent=1), encoding="utf-8")
            kept = self._publish(aside, key, noted)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        assert kept is not None
        return kept

    def _publish(self, aside: Path, key: str, noted: TableMetadata) -> CachedTable | None:
        """The table in its place: that of another writer, if one was faster."""
        place, kinds = self._table_path(key), {name: type(value) for name, value in noted.items()}
        numbers = ArrowTable.open_file(aside / "rows.arrow").integer_columns
        for _ in range(3):
            with suppress(OSError):
                aside.rename(place)
            if (kept := self.find(key, kinds, numbers)) is not None:
                return kept
            _move_damaged(place)
        return None

    def _table_path(self, key: str) -> Path:
        return self.folder / key[:2] / key


def _is_valid_metadata(value: Any, kind: type) -> bool:
    if kind is dict:
        return isinstance(value, dict) and all(_is_valid_metadata(each, int) for each in value.values())
    # Counts are divided: a float holds no integer of any size.
    return isinstance(value, kind) and (not isinstance(value, int) or 0 <= value < 2**63)


def _move_damaged(place: Path) -> None:
    """Move what is under a table's name out of the way: nothing of it is opened, followed or removed."""
    with suppress(FileNotFoundError):
        place.rename(place.with_name(f"{place.name}.damaged-{uuid4().hex[:8]}"))


def _write_table(file: Path, rows: Iterable[Row]) -> None:
    told = _check_same_columns(rows)
    first = list(islice(told, CHUNK_ROWS))
    with file.open("wb") as sink:
        if not first:
            return
        schema = pa.schema([_widen_field(column) for column in pa.RecordBatch.from_pylist(first).schema])
        with pa.ipc.new_stream(sink, schema) as writer:
            while first:
                writer.write_batch(pa.RecordBatch.from_pylist(first, schema=schema))
                first = list(islice(told, CHUNK_ROWS))


def _check_same_columns(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each with the columns of the first: Arrow would leave others out in silence."""
    columns = None
    for row in rows:
        columns = columns or row.keys()
        if row.keys() != columns:
            raise ValueError(f"a row with columns {', '.join(row)} after one with {', '.join(columns)}")
        yield row


def _widen_field(column: pa.Field) -> pa.Field:
    """A column's type for all rows from what the first ones show: four bytes a number in a list, text where there was nothing yet."""
    return pa.field(column.name, _widen_type(column.type, column.name))


def _widen_type(kind: pa.DataType, name: str, within: bool = False) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_widen_type(kind.value_type, name, within=True))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(part.name, _widen_type(part.type, part.name, within)) for part in kind])
    if pa.types.is_null(kind):
        return pa.int32() if name == "answer_start" else pa.string()
    return pa.int32() if within and pa.types.is_integer(kind) else kind


def _is_allowed_type(kind: pa.DataType) -> bool:
    """Whether a table may have a column of this type: what JSON knows."""
    if pa.types.is_list(kind):
        return _is_allowed_type(kind.value_type)
    if pa.types.is_struct(kind):
        return len({part.name for part in kind}) == kind.num_fields and all(
            _is_allowed_type(part.type) for part in kind
        )
    known = (pa.types.is_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(each(kind) for each in known)
