"""Rows of files in the usual forms, each with the number of its line, for messages."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trainables.cards import Row
from trainables.validation import DataError, parse_json

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_FIELD = 2**24
"""Most characters of one cell."""
_SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon"}
NumberedRow = tuple[int, Row]
"""The number of a row's line, or of a row of a table without lines, from 1, and the row."""


def read_file(path: Path) -> Iterator[NumberedRow]:
    """The rows of a file by their lines, their values as the file has them.

    Raises:
        DataError: when the form is not known or the file is broken; the message names file, line and what to do.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path}: {path.suffix or 'a file without an ending'} is not read; write one of {', '.join(READERS)}"
        )
    try:
        yield from reader(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text in UTF-8 by number from 1, without their ends; a byte order mark is skipped."""
    with path.open("rb") as file:
        number = 0
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith(_UTF_16):
                raise DataError(f"{path} is in UTF-16: save it in UTF-8")
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                raise DataError(
                    f"{path}, line {number}: byte {byte:#04x} is not UTF-8: save the whole file in UTF-8"
                ) from error
        if number == 0:
            raise DataError(f"{path} is empty: write its rows, or leave it out")


def _read_json_lines(path: Path) -> Iterator[NumberedRow]:
    for number, line in _read_lines(path):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON: {error}; each line is one object") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: {type(row).__name__} instead of an object")
        yield number, row


def _read_separated(path: Path, dialect: Mapping[str, Any]) -> Iterator[NumberedRow]:
    previous, csv_limit = 0, csv.field_size_limit(_LONGEST_FIELD)
    lines = (f"{line}\n" for _, line in _read_lines(path))
    table = csv.reader(lines, strict=True, **dialect)
    try:
        header = next(table)
        _check_header(path, header, dialect["delimiter"])
        previous = table.line_num
        for cells in table:
            number, previous = previous + 1, table.line_num
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"{path}, line {number}: {len(cells)} cells, and the header has {len(header)}: "
                    "put cells that hold a separator, a quote or a line break into double quotes, and double the quotes in them"
                )
            yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}, line {previous + 1}: {error}: double the quotes within a quoted cell") from error
    finally:
        csv.field_size_limit(csv_limit)


def _check_header(path: Path, header: list[str], delimiter: str) -> None:
    others = [mark for mark in _SEPARATORS if mark != delimiter and len(header) == 1 and mark in header[0]]
    if others:
        raise DataError(
            f"{path}, line 1: no {_SEPARATORS[delimiter]} between the names of its columns, but {_SEPARATORS[others[0]]}: "
            "save it with commas as .csv or with tabs as .tsv"
        )
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise DataError(f"{path}, line 1: column {', '.join(map(repr, repeated))} occurs more than once")


def _read_csv(path: Path) -> Iterator[NumberedRow]:
    return _read_separated(path, {"delimiter": ","})


def _read_tsv(path: Path) -> Iterator[NumberedRow]:
    """Cells between tabs as they are: quotes mean nothing, as in most files of this form."""
    return _read_separated(path, {"delimiter": "\t", "quoting": csv.QUOTE_NONE})


def _read_parquet(path: Path) -> Iterator[NumberedRow]:
    try:
        file = pq.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pa.ArrowException, ValueError) as error:
        raise DataError(
            f"{path} is no whole parquet file: {str(error).splitlines()[0].rstrip('.')}: copy it again"
        ) from error


def _read_conll(path: Path) -> Iterator[NumberedRow]:
    """Sentences with a word a line, its columns between tabs or blanks, an empty line after each; the first column is the word, the last
    its tag. Lines that begin with ``#`` and a blank are comments."""
    start, sentence = 0, list[tuple[str, str]]()
    for number, line in _end_with_blank(_read_lines(path)):
        if line.startswith(("# ", "-DOCSTART-")):
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        if not any(cells):
            if sentence:
                yield start, {"words": [word for word, _ in sentence], "tags": [tag for _, tag in sentence]}
            start, sentence = 0, []
        elif len(cells) < 2:
            raise DataError(
                f"{path}, line {number}: {line[:40]!r} has a word and no tag: put a tab and the tag after the word"
            )
        else:
            start = start or number
            sentence.append((cells[0], cells[-1].strip()))


def _end_with_blank(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    number = 0
    for number, line in lines:
        yield number, line
    yield number + 1, ""


READERS: Mapping[str, Callable[[Path], Iterator[NumberedRow]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
    ".conll": _read_conll,
    ".iob2": _read_conll,
    ".bio": _read_conll,
}
"""By the ending of a file's name."""
