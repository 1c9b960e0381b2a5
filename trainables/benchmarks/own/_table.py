"""The rows of a task's files in memory, by split and language."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from trainables.benchmarks.own._hub_set import HubReader, HubSplit, list_hub_splits
from trainables.benchmarks.own._labels import check_found_labels, check_spelling
from trainables.benchmarks.own._paths import TaskFile, find_task_files
from trainables.benchmarks.own._readers import read_file
from trainables.benchmarks.own._splits import Part, cut_missing_splits
from trainables.benchmarks.own._values import convert_value, to_arrow
from trainables.cards import KIND_FACTS, OWN_KINDS, Row, is_blank
from trainables.languages import resolve_language
from trainables.own_tasks import PLACE_COLUMNS, SPLIT_NAMES, OwnTask
from trainables.validation import DataError

PLACE_COLUMN = "_place"
"""The column that says where a row stands: file and line."""
_CHUNK_ROWS = 1000
LARGEST_OVERLAP = 0.05
"""Largest share of a dev or test set whose rows may also be training rows; above, the set measures memory."""


_USUAL_NAMES = {
    "language": ("language", "lang", "locale", "lang_code", "language_code"),
    "split": ("split", "subset", "partition"),
}
"""What files often call the columns of language and split."""


@dataclass(frozen=True)
class OwnTable:
    """The rows of a task, their columns under their own names and `PLACE_COLUMN`."""

    table: pa.Table
    parts: Mapping[Part, Sequence[int]]
    """By split and language, the numbers of the rows."""
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    """What a user should know: what was cut off, what occurs twice."""
    digest: str
    """Of the rows in their order, with their splits and languages, whatever the files are called."""

    def languages(self, split: str) -> tuple[str, ...]:
        """The languages of a split, in alphabetical order."""
        return tuple(sorted(language for name, language in self.parts if name == split))

    def iterate_rows(self, split: str, language: str) -> Iterator[Row]:
        """The rows of a split in a language."""
        numbers = self.parts.get((split, language), ())
        for start in range(0, len(numbers), _CHUNK_ROWS):
            yield from self.table.take(list(numbers[start : start + _CHUNK_ROWS])).to_pylist()


def load_own_table(own: OwnTask, hub: HubReader) -> OwnTable:
    """Read the rows of a task, unless they were read and its files have not changed since.

    Raises:
        DataError: when a file is missing or broken, or its rows are not those of the task; the message names file, line and what to do.
    """
    files = () if own.hub else find_task_files(own)
    return _read_table(replace(own, rows=(), digest=""), files, _stamp_source(own, files, hub), hub)


def describe_own_source(own: OwnTask, split: str, language: str, hub: HubReader) -> list[Any]:
    """What decides the rows of a split in a language: the task, and paths, sizes and times of its files."""
    files = () if own.hub else find_task_files(own)
    return [own.to_json(), split, language, _stamp_source(own, files, hub)]


def _stamp_source(own: OwnTask, files: tuple[TaskFile, ...], hub: HubReader) -> tuple[tuple[str, int, int], ...]:
    paths = hub.list_files(own) if own.hub else tuple(file.path for file in files)
    return tuple(_stamp_file(path) for path in paths)


def _stamp_file(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns


@lru_cache(maxsize=16)
def _read_table(
    own: OwnTask, files: tuple[TaskFile, ...], stamps: tuple[tuple[str, int, int], ...], hub: HubReader
) -> OwnTable:
    builder = _TableBuilder(own)
    for file in files:
        builder.add_rows(file, ((f"line {line}", row) for line, row in read_file(file.path)))
    if own.hub:
        splits, builder.notes = list_hub_splits(own, hub)
        for each in splits:
            builder.add_rows(each, ((f"row {number}", row) for number, row in enumerate(each.read_rows(hub))))
    return builder.build()


@dataclass
class _TableBuilder:
    own: OwnTask
    columns: dict[str, list[Any]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    parts: "dict[Part, array[int]]" = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    """By row, a digest of its item, or of its texts where it has none."""
    notes: list[str] = field(default_factory=list)
    digest: Any = field(default_factory=partial(hashlib.blake2b, digest_size=16))

    def __post_init__(self) -> None:
        self.used = {theirs: ours for ours, theirs in self.own.columns if ours not in ("language", "split")}
        self.columns = {theirs: [] for theirs in self.used}
        self.splits = {
            name.casefold(): ours
            for ours, names in SPLIT_NAMES.items()
            for name in names
            if ours not in dict(self.own.splits)
        } | {theirs.casefold(): ours for ours, theirs in self.own.splits}

    def add_rows(self, place: TaskFile | HubSplit, numbered: Iterable[tuple[str, Row]]) -> None:
        """Add the rows of a file, or of a split of a set of the hub."""
        rows, filled = 0, set[str]()
        for rows, (number, row) in enumerate(numbered, start=1):
            if rows == 1:
                self._check_columns(place, row)
            try:
                self._add_row(place, number, row)
            except ValueError as error:
                raise DataError(f"{place}, {number}: {error}") from error
            filled |= {theirs for theirs in self.used if theirs not in filled and not _is_null(row.get(theirs))}
        if not rows:
            raise DataError(f"{place} has no rows: add some, or leave it out")
        self._check_filled(place, filled)

    def _check_columns(self, place: TaskFile | HubSplit, row: Row) -> None:
        placed = [column for name in PLACE_COLUMNS if (column := self.own.find_column(name))]
        wanted = dict.fromkeys([*self.used, *placed])
        if missing := [column for column in wanted if column not in row]:
            raise DataError(
                f"{place}: no column {', '.join(missing)}; it has {', '.join(map(str, row))}: name its columns under tasks.{self.own.name}.columns"
            )
        self.notes += [note for note in self._find_unread(place, row) if note not in self.notes]

    def _find_unread(self, place: TaskFile | HubSplit, row: Row) -> Iterator[str]:
        """Columns that by their names say a row's language or split, and that the config does not list."""
        for ours, of_file in (("language", place.language or self.own.language), ("split", place.split)):
            unread = [theirs for theirs in row if theirs.casefold() in _USUAL_NAMES[ours] and theirs not in self.used]
            if unread and not of_file and not self.own.find_column(ours):
                yield f"column {unread[0]} is not read; to read it, write {ours}: {unread[0]} under tasks.{self.own.name}.columns"

    def _check_filled(self, place: TaskFile | HubSplit, filled: Collection[str]) -> None:
        """Refuse a column that is empty in every row; labels of a test set may be hidden, and are counted when rows are read."""
        needed = [
            theirs for theirs, ours in self.used.items() if ours not in ("label", "labels", "tags", "answers", "item")
        ]
        if empty := [column for column in needed if column not in filled]:
            raise DataError(
                f"{place}: column {', '.join(empty)} is empty in every row: fill it, or name another under tasks.{self.own.name}.columns"
            )

    def _add_row(self, place: TaskFile | HubSplit, number: str, row: Row) -> None:
        split = self._find_split(row, place)
        language = self._find_language(row, place.language)
        values = {theirs: convert_value(row.get(theirs), ours, theirs, self.own) for theirs, ours in self.used.items()}
        for theirs, value in values.items():
            self.columns[theirs].append(value)
        self.parts.setdefault((split, language), array("q")).append(len(self.places))
        self.places.append(f"{place}, {number}")
        self.keys.append(self._make_key(row, language))
        self.digest.update(repr((split, language, values)).encode("utf-8", "surrogatepass"))

    def _find_split(self, row: Row, place: TaskFile | HubSplit) -> str:
        column = self.own.find_column("split")
        if column is None and isinstance(place, HubSplit):
            return place.split
        value = row.get(column) if column else place.split
        if value is None:
            if column:
                raise ValueError(f"no split in column {column}: write train, dev or test")
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
                raise ValueError(f"no language in column {column}: write its code, such as sw")
            return resolve_language(self.own.language or self.own.source[0], self.own.added)
        return resolve_language(str(value).strip(), self.own.added)

    def _make_key(self, row: Row, language: str) -> bytes:
        item = self.own.find_column("item")
        if item and row[item] is not None:
            text = f"item {row[item]}"
        else:
            texts = [
                row.get(theirs) for theirs, ours in self.used.items() if ours not in ("label", "labels", "tags", "item")
            ]
            text = f"{language} {texts}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def build(self) -> OwnTable:
        parts, cuts = cut_missing_splits(self.own, self.parts, self.keys)
        notes = [*self.notes, *cuts, *self._find_repeated(), *self._find_overlaps(parts)]
        table = pa.table({theirs: to_arrow(values, theirs, self.places) for theirs, values in self.columns.items()})
        table = table.append_column(PLACE_COLUMN, pa.array(self.places, pa.large_string()))
        return OwnTable(table, parts, self._find_labels(parts), tuple(notes), self.digest.hexdigest())

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
        ours = next((name for name in ("tags", "labels", "label") if name in OWN_KINDS[self.own.kind].columns), "")
        column = self.own.find_column(ours)
        if column is None or not KIND_FACTS[self.own.kind].has_labels:
            return self.own.labels
        found = self._list_labels(parts, column, train=True)
        if not self.own.labels:
            rows = sum(len(numbers) for (split, _), numbers in parts.items() if split == "train")
            check_found_labels(self.own, found, self.places, rows)
        known = self.own.labels or tuple(sorted(found))
        check_spelling(known, self._list_labels(parts, column, train=False), self.places)
        return known

    def _list_labels(self, parts: Mapping[Part, Sequence[int]], column: str, *, train: bool) -> dict[str, int]:
        """The labels of training rows, or of all, each with the first row that has it."""
        found: dict[str, int] = {}
        values = self.columns[column]
        for numbers in (numbers for (split, _), numbers in sorted(parts.items()) if split == "train" or not train):
            for number in numbers:
                for label in values[number] if isinstance(values[number], list) else [values[number]]:
                    if label is not None and not is_blank(label):
                        found.setdefault(label, number)
        return found


def _is_null(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and is_blank(value))
