"""The rows of a task's files in memory, by split and language."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from trainables.benchmarks.own._paths import TaskFile, find_task_files
from trainables.benchmarks.own._readers import read_file
from trainables.benchmarks.own._splits import Part, cut_missing_splits
from trainables.cards import Row, is_blank
from trainables.languages import resolve_language
from trainables.own_tasks import OWN_KINDS, PLACE_COLUMNS, SPLIT_NAMES, OwnTask
from trainables.validation import DataError

PLACE_COLUMN = "_place"
"""The column that says where a row stands: file and line."""
_CHUNK_ROWS = 1000
LARGEST_OVERLAP = 0.05
"""Largest share of a dev or test set whose rows may also be training rows; above, the set measures memory."""


@dataclass(frozen=True)
class OwnTable:
    """The rows of a task, their columns under their own names and `PLACE_COLUMN`."""

    table: pa.Table
    parts: Mapping[Part, Sequence[int]]
    """By split and language, the numbers of the rows."""
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    """What a user should know: what was cut off, what occurs twice."""

    def languages(self, split: str) -> tuple[str, ...]:
        """The languages of a split, in alphabetical order."""
        return tuple(sorted(language for name, language in self.parts if name == split))

    def iterate_rows(self, split: str, language: str) -> Iterator[Row]:
        """The rows of a split in a language."""
        numbers = self.parts.get((split, language), ())
        for start in range(0, len(numbers), _CHUNK_ROWS):
            yield from self.table.take(list(numbers[start : start + _CHUNK_ROWS])).to_pylist()


def load_own_table(own: OwnTask) -> OwnTable:
    """Read the files of a task, unless they were read and have not changed since.

    Raises:
        DataError: when a file is missing or broken, or its rows are not those of the task; the message names file, line and what to do.
    """
    files = find_task_files(own)
    return _read_table(replace(own, rows=()), files, tuple(_stamp_file(file.path) for file in files))


def describe_own_source(own: OwnTask, split: str, language: str) -> list[Any]:
    """What decides the rows of a split in a language: the task, and paths, sizes and times of its files."""
    return [own.to_json(), split, language, [_stamp_file(file.path) for file in find_task_files(own)]]


def _stamp_file(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns


@lru_cache(maxsize=16)
def _read_table(own: OwnTask, files: tuple[TaskFile, ...], stamps: tuple[tuple[str, int, int], ...]) -> OwnTable:
    builder = _TableBuilder(own)
    for file in files:
        builder.add_file(file)
    return builder.build()


@dataclass
class _TableBuilder:
    own: OwnTask
    columns: dict[str, list[Any]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    parts: "dict[Part, array[int]]" = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    """By row, a digest of its item, or of its texts where it has none."""

    def __post_init__(self) -> None:
        kind = OWN_KINDS[self.own.kind]
        self.used = {
            theirs: ours for ours, theirs in self.own.columns if ours in (*kind.required, *kind.optional, "item")
        }
        self.columns = {theirs: [] for theirs in self.used}
        self.splits = {
            name.casefold(): ours
            for ours, names in SPLIT_NAMES.items()
            for name in names
            if ours not in dict(self.own.splits)
        } | {theirs.casefold(): ours for ours, theirs in self.own.splits}

    def add_file(self, file: TaskFile) -> None:
        rows = 0
        for rows, (line, row) in enumerate(read_file(file.path), start=1):
            if rows == 1:
                self._check_columns(file.path, row)
            try:
                self._add_row(file, line, row)
            except ValueError as error:
                raise DataError(f"{file.path}, line {line}: {error}") from error
        if not rows:
            raise DataError(f"{file.path} has no rows")

    def _check_columns(self, path: Path, row: Row) -> None:
        placed = [column for name in PLACE_COLUMNS if (column := self.own.find_column(name))]
        wanted = dict.fromkeys([*self.used, *placed])
        if missing := [column for column in wanted if column not in row]:
            raise DataError(
                f"{path}: no column {', '.join(missing)}; it has {', '.join(map(str, row))}: name its columns under tasks.{self.own.name}.columns"
            )

    def _add_row(self, file: TaskFile, line: int, row: Row) -> None:
        split = self._find_split(row, file.split)
        language = self._find_language(row, file.language)
        number = len(self.places)
        for theirs, ours in self.used.items():
            self.columns[theirs].append(_convert_value(row.get(theirs), ours))
        self.places.append(f"{file.path}, line {line}")
        self.keys.append(self._make_key(row, language))
        self.parts.setdefault((split, language), array("q")).append(number)

    def _find_split(self, row: Row, of_file: str | None) -> str:
        column = self.own.find_column("split")
        value = row.get(column) if column else of_file
        if value is None:
            if column:
                raise ValueError(f"no split in column {column}")
            return "train"
        split = self.splits.get(str(value).strip().casefold())
        if split is None:
            raise ValueError(
                f"split {value!r} is none of {', '.join(self.splits)}: say which it is under tasks.{self.own.name}.splits"
            )
        return split

    def _find_language(self, row: Row, of_file: str | None) -> str:
        column = self.own.find_column("language")
        value = row.get(column) if column else of_file
        if value is None or is_blank(str(value)):
            if column:
                raise ValueError(f"no language in column {column}")
            return resolve_language(self.own.language or self.own.source[0], self.own.added)
        return resolve_language(str(value).strip(), self.own.added)

    def _make_key(self, row: Row, language: str) -> bytes:
        item = self.own.find_column("item")
        if item and row[item] is not None:
            text = f"item {row[item]}"
        else:
            texts = [row.get(theirs) for theirs, ours in self.used.items() if ours not in ("label", "tags", "item")]
            text = f"{language} {texts}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def build(self) -> OwnTable:
        parts, notes = cut_missing_splits(self.own, self.parts, self.keys)
        notes = [*notes, *self._find_repeated(), *self._find_overlaps(parts)]
        table = pa.table({theirs: _to_arrow(values) for theirs, values in self.columns.items()})
        table = table.append_column(PLACE_COLUMN, pa.array(self.places, pa.large_string()))
        return OwnTable(table, parts, self._find_labels(parts), tuple(notes))

    def _find_repeated(self) -> Iterator[str]:
        for (split, language), numbers in sorted(self.parts.items()):
            counts = Counter(self.keys[number] for number in numbers)
            if repeated := sum(count - 1 for count in counts.values()):
                yield f"{split} in {language}: {repeated:,} of {len(numbers):,} rows repeat an earlier one"

    def _find_overlaps(self, parts: Mapping[Part, Sequence[int]]) -> Iterator[str]:
        train = {self.keys[number] for (split, _), numbers in parts.items() if split == "train" for number in numbers}
        for (split, language), numbers in sorted(parts.items()) if self.own.is_target else ():
            if split == "train" or not (common := [number for number in numbers if self.keys[number] in train]):
                continue
            what = f"{split} in {language}: {len(common):,} of {len(numbers):,} rows are training rows too"
            if len(common) > LARGEST_OVERLAP * len(numbers):
                raise DataError(
                    f"{self.own.name}: {what}, the first at {self.places[common[0]]}: take them out of one; "
                    f"at most {LARGEST_OVERLAP:.0%} may be"
                )
            yield what

    def _find_labels(self, parts: Mapping[Part, Sequence[int]]) -> tuple[str, ...]:
        ours = "tags" if self.own.kind == "tagging" else "label"
        column = self.own.find_column(ours)
        if column is None or self.own.kind == "multiple_choice" or self.own.labels:
            return self.own.labels
        found: dict[str, int] = {}
        values = self.columns[column]
        for numbers in (numbers for (split, _), numbers in sorted(parts.items()) if split == "train"):
            for number in numbers:
                for label in values[number] if ours == "tags" else [values[number]]:
                    if label is not None and not is_blank(label):
                        found.setdefault(label, number)
        self._check_labels(found)
        return tuple(sorted(found))

    def _check_labels(self, found: Mapping[str, int]) -> None:
        alike: dict[str, str] = {}
        for label, number in found.items():
            first = alike.setdefault(" ".join(label.split()).casefold(), label)
            if first != label:
                raise DataError(
                    f"{self.own.name}: labels {first!r} and {label!r} differ in case or blanks alone ({self.places[number]}): write one of them, "
                    f"or list all labels under tasks.{self.own.name}.labels"
                )
        if len(found) < 2:
            raise DataError(
                f"{self.own.name}: its training rows have {'the label ' + repr(next(iter(found))) + ' alone' if found else 'no label'}: "
                "there is nothing to learn"
            )


def _convert_value(value: Any, ours: str) -> Any:
    """Labels as text, whatever type the file gives them."""
    if ours == "label":
        return _to_label(value)
    if ours == "tags" and isinstance(value, list):
        return [_to_label(each) for each in value]
    if ours in ("words", "tags", "choices") and isinstance(value, str):
        return value.split()
    return value


def _to_label(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _to_arrow(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except pa.ArrowInvalid as error:
        raise DataError(f"a column has values of several types: {str(error).splitlines()[0]}") from error
