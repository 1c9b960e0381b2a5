"""Tables of rows on disk, memory-mapped: shared by every process of a machine, and of any size."""

import atexit
import json
import shutil
import stat
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
from datasets import Dataset

from trainables.documents import contents, parse_json

Row = dict[str, Any]
About = dict[str, Any]
NOTHING: About = {}
TOGETHER = 1000
"""Rows that are in memory at once when a table is written, or read from one end to the other."""


class Table(Sequence[Row]):
    """Rows of a file that is mapped into memory."""

    def __init__(self, rows: Dataset | None) -> None:
        self._rows = rows

    @classmethod
    def at(cls, file: Path) -> "Table":
        """The table in a file.

        Raises:
            OSError: when it is not there, or is no plain file.
            pyarrow.ArrowException: when it is garbled.
        """
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{file.name} is no plain file")
        if not status.st_size:
            return cls(None)
        rows = Dataset.from_file(str(file))
        rows.data.table.validate()
        return cls(rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return () if self._rows is None else tuple(self._rows.column_names)

    @property
    def numbers(self) -> frozenset[str]:
        """Those of whole numbers."""
        kinds = () if self._rows is None else self._rows.features.arrow_schema
        return frozenset(each.name for each in kinds if pa.types.is_integer(each.type))

    def only(self, *columns: str) -> "Table":
        """The same rows with these columns alone: others are not read."""
        return Table(None if self._rows is None else self._rows.select_columns(list(columns)))

    def __len__(self) -> int:
        return 0 if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        places = range(len(self))[place]
        return self.take([places])[0] if isinstance(places, int) else self.take(places)

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), TOGETHER):
            yield from self[start : start + TOGETHER]

    def take(self, places: Sequence[int]) -> list[Row]:
        """The rows at these places, in their order."""
        if self._rows is None or not len(places):
            return []
        found = self._rows[list(places)]
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    def column(self, name: str) -> np.ndarray:
        """A column of numbers."""
        if self._rows is None:
            return np.empty(0, dtype=np.int64)
        found: np.ndarray = self._rows.data.column(name).to_numpy()
        return found


def take(rows: Sequence[Row], places: Sequence[int]) -> list[Row]:
    """The rows at these places, of a table or of a list."""
    return rows.take(places) if isinstance(rows, Table) else [rows[place] for place in places]


@cache
def _passing() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xlt-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True, slots=True)
class Kept:
    """A table, and what was noted when it was written."""

    table: Table
    about: About


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of tables, each under what decides it; one that is there is complete."""

    folder: Path = field(default_factory=_passing)
    """By default one that goes with the process."""

    def find(self, key: str, about: Mapping[str, type] = NOTHING, numbers: Iterable[str] = ()) -> Kept | None:
        """A table, if it is there and is what it should be; what somebody else left under its name is not.

        Args:
            key: what decides the table.
            about: what was noted of it, by name, and of which type.
            numbers: columns of whole numbers that it has, unless it is empty.
        """
        place = self._place(key)
        try:
            if place.is_symlink() or place.parent.is_symlink():
                return None
            noted = parse_json(_own(place / "about.json"))
            table = Table.at(place / "rows.arrow")
        except (OSError, ValueError, pa.ArrowException):
            return None
        known = isinstance(noted, dict) and all(isinstance(noted.get(name), kind) for name, kind in about.items())
        whole = not len(table) or set(numbers) <= table.numbers
        return Kept(table, noted) if known and whole else None

    def keep(self, key: str, rows: Iterable[Row], about: Callable[[], About]) -> Kept:
        """Write a table: aside first, then renamed, so that of two writers at once one wins. What `find` does not take under its name is
        moved aside as it is.

        Args:
            key: what decides the table, hexadecimal.
            rows: read once; `TOGETHER` of them are in memory at a time.
            about: asked when the last row is written.
        """
        place = self._place(key)
        self.folder.mkdir(parents=True, exist_ok=True)
        if place.parent.is_symlink() or place.parent.is_file():
            _set_aside(place.parent)
        place.parent.mkdir(exist_ok=True)
        aside = place.with_name(f"{place.name}.{uuid4().hex[:8]}")
        aside.mkdir()
        try:
            _write(aside / "rows.arrow", rows)
            noted = about()
            (aside / "about.json").write_text(json.dumps(noted, ensure_ascii=False, indent=1), encoding="utf-8")
            kept = self._renamed(aside, key, noted)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        assert kept is not None
        return kept

    def _renamed(self, aside: Path, key: str, noted: About) -> Kept | None:
        """The table in its place: that of another writer, if one was faster."""
        place, kinds = self._place(key), {name: type(value) for name, value in noted.items()}
        numbers = Table.at(aside / "rows.arrow").numbers
        for _ in range(3):
            with suppress(OSError):
                aside.rename(place)
            if (kept := self.find(key, kinds, numbers)) is not None:
                return kept
            _set_aside(place)
        return None

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key


def _own(file: Path) -> bytes:
    """What is in a plain file that is no link.

    Raises:
        OSError: when it is another thing.
    """
    if file.is_symlink():
        raise OSError(f"{file.name} is a link")
    return contents(file)


def _set_aside(place: Path) -> None:
    """Move what is under a table's name out of the way: nothing of it is opened, followed or removed."""
    with suppress(FileNotFoundError):
        place.rename(place.with_name(f"{place.name}.damaged-{uuid4().hex[:8]}"))


def _write(file: Path, rows: Iterable[Row]) -> None:
    told = _alike(rows)
    first = list(islice(told, TOGETHER))
    with file.open("wb") as sink:
        if not first:
            return
        schema = pa.schema([_settled(column) for column in pa.RecordBatch.from_pylist(first).schema])
        with pa.ipc.new_stream(sink, schema) as writer:
            while first:
                writer.write_batch(pa.RecordBatch.from_pylist(first, schema=schema))
                first = list(islice(told, TOGETHER))


def _alike(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each with the columns of the first: Arrow would leave others out in silence."""
    columns = None
    for row in rows:
        columns = columns or row.keys()
        if row.keys() != columns:
            raise ValueError(f"a row with columns {', '.join(row)} after one with {', '.join(columns)}")
        yield row


def _settled(column: pa.Field) -> pa.Field:
    """A column's type for all rows from what the first ones show: four bytes a number in a list, text where there was nothing yet."""
    return pa.field(column.name, _settled_type(column.type, column.name))


def _settled_type(kind: pa.DataType, name: str, within: bool = False) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_settled_type(kind.value_type, name, within=True))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(part.name, _settled_type(part.type, part.name, within)) for part in kind])
    if pa.types.is_null(kind):
        return pa.int32() if name == "answer_start" else pa.string()
    return pa.int32() if within and pa.types.is_integer(kind) else kind
