"""Checks of a mirror's files before `datasets` opens them: they are in its folder, and none can crash the process or fill the memory."""

import bz2
import gzip
import lzma
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import IO, Any

from datasets import DatasetBuilder, Features
from datasets.config import REPOCARD_FILENAME, REPOYAML_FILENAME
from datasets.packaged_modules.arrow.arrow import Arrow
from datasets.packaged_modules.csv.csv import Csv
from datasets.packaged_modules.json.json import Json
from datasets.packaged_modules.parquet.parquet import Parquet
from datasets.packaged_modules.text.text import Text
from huggingface_hub.repocard import REGEX_YAML_BLOCK

from trainables.validation import (
    MAX_NESTING,
    DataError,
    check_regular_file,
    escape_controls,
    is_inside,
    parse_yaml,
    read_regular_file,
)

MAX_README_BYTES = 4 * 2**20
"""Most bytes of a README."""
MAX_LINE_BYTES = 128 * 2**20
"""Most bytes of a line of a text file; some files hold a whole data set in one line."""
MAX_UNPACK_RATIO = 200
"""Most bytes that one byte of a packed file may expand to; texts expand to about ten."""
MAX_COLUMNS = 1000
MAX_PATHS = 1000
"""Most files and patterns of one configuration in a README."""
_EMPTY_LINES = re.compile(r"[\r\n]{1000}")
"""A text on which `REGEX_YAML_BLOCK` takes time quadratic in its length."""
_JSON_STRING = re.compile(rb'"(?:[^"\\\n]|\\[^\n])*+"?')
"""A JSON string; an unclosed one ends with its line."""
_CHUNK_BYTES = 2**20
"""Bytes that are checked at a time."""
_BRACKETS = re.compile(rb"[\[\]{}]")
_ENCODINGS = frozenset(("utf-8", "utf8", "utf-8-sig", "ascii", "latin-1", "latin1", "iso-8859-1", "cp1252"))
"""Encodings in which brackets are ASCII bytes."""
_FOREIGN_PATH = re.compile(r"[\w+.-]+:|[~/\\]")
"""The beginning of a path outside the mirror's folder."""
_ArgumentCheck = tuple[Callable[[Any], bool], str]
_WORD: _ArgumentCheck = (lambda value: isinstance(value, str | int | float) and len(str(value)) <= 1000, "a word")
_BOOLEAN: _ArgumentCheck = (lambda value: isinstance(value, bool), "true or false")
_CHARACTER: _ArgumentCheck = (lambda value: isinstance(value, str) and len(value) == 1, "one sign")
_COLUMNS: _ArgumentCheck = (
    lambda value: isinstance(value, list) and len(value) <= MAX_COLUMNS,
    f"a list, {MAX_COLUMNS:,} at most",
)
_README_ARGUMENTS: dict[str, _ArgumentCheck] = {
    **dict.fromkeys(("config_name", "data_dir", "description", "version", "field"), _WORD),
    "data_files": (lambda value: isinstance(value, str | list), "a file, or a list of files"),
    **dict.fromkeys(("default", "drop_labels", "drop_metadata", "keep_default_na", "skipinitialspace"), _BOOLEAN),
    **dict.fromkeys(("sep", "delimiter", "quotechar", "escapechar"), _CHARACTER),
    **dict.fromkeys(("names", "column_names", "columns", "features"), _COLUMNS),
    "header": (lambda value: value == "infer" or (isinstance(value, int) and 0 <= value <= 100), "infer, or 0 to 100"),
    "quoting": (lambda value: isinstance(value, int) and 0 <= value <= 3, "0 to 3"),
    "encoding": (
        lambda value: str(value).lower().replace("_", "-") in _ENCODINGS,
        f"{', '.join(sorted(_ENCODINGS))}; save the files in UTF-8",
    ),
}
"""The arguments of readers that a README may set: others could name code or files, or take unbounded time."""
_BUILDER_KINDS = {Parquet: "parquet", Arrow: "arrow", Json: "json", Csv: "csv", Text: "text"}
_DECOMPRESSORS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_UNSUPPORTED_MAGIC = (b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"Rar!")


def check_mirror_files(mirror: Path) -> None:
    """Check that a mirror consists of regular files, and that its README names only these.

    Raises:
        DataError: when it does not; the message says which file, and what to do.
    """
    root = mirror.resolve()
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            check_regular_file(Path(folder) / name, root, folders=True)
            if "::" in name:
                raise DataError(f"{name}: a name with :: stands for a file elsewhere: rename it")
    for name in (REPOCARD_FILENAME, REPOYAML_FILENAME):
        if (root / name).exists():
            _check_readme(root / name, (root / name).stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _check_readme(card: Path, changed: int) -> None:
    """Check the paths in a README; cached until its time of modification changes."""
    try:
        text = read_regular_file(card, MAX_README_BYTES).decode("utf-8-sig")
        if _EMPTY_LINES.search(text):
            raise ValueError("it has a thousand empty lines")
        block = REGEX_YAML_BLOCK.search(text) if card.name == REPOCARD_FILENAME else None
        content = parse_yaml(block[2] if block else "" if card.name == REPOCARD_FILENAME else text)
    except OSError as error:
        raise DataError(
            f"{card.name} cannot be read: {error.strerror or f'it is larger than {MAX_README_BYTES:,} bytes'}"
        ) from error
    except ValueError as error:
        raise DataError(f"{card.name} is garbled: {error}") from error
    configurations = content.get("configs") if isinstance(content, dict) else None
    for each in configurations if isinstance(configurations, list) else ():
        if isinstance(each, dict):
            _check_configuration(each, card.name)


def _check_configuration(configuration: dict[str, Any], card: str) -> None:
    paths = (*_iterate_paths(configuration.get("data_files")), *_iterate_paths(configuration.get("data_dir")))
    if len(paths) > MAX_PATHS:
        raise DataError(
            f"{card} names {len(paths):,} files of one configuration: allowed: {MAX_PATHS:,}; use a pattern"
        )
    for path in paths:
        if _FOREIGN_PATH.match(path) or "::" in path or "://" in path or ".." in (parts := re.split(r"[/\\]", path)):
            raise DataError(f"{card} names {path[:200]!r}: a mirror reads its own folder: name files of it")
        # The time of matching grows by a factor of a name's length with each star.
        if sum("**" in part for part in parts) > 1 or any(len(re.findall(r"\*+", part)) > 3 for part in parts):
            raise DataError(f"{card} names {path[:200]!r}: allowed: ** once, * 3 times in the name of a file")
    for name, value in configuration.items():
        if name not in _README_ARGUMENTS:
            raise DataError(f"{card} has {str(name)[:60]}, which is not used here: remove it")
        fits, allowed = _README_ARGUMENTS[name]
        # Without a separator pandas tries to detect one, which may not end on a long line.
        if not fits(value) and (value is not None or name == "sep"):
            raise DataError(f"{card} has {name} {str(value)[:60]!r}: allowed: {allowed}")


def _iterate_paths(value_or_list: Any) -> Iterator[str]:
    """Every path in a README's ``data_files`` or ``data_dir``; names of splits are left out."""
    if isinstance(value_or_list, dict):
        yield from (path for key, value in value_or_list.items() if key != "split" for path in _iterate_paths(value))
    elif isinstance(value_or_list, list):
        yield from (path for value in value_or_list for path in _iterate_paths(value))
    elif isinstance(value_or_list, str):
        yield value_or_list


def check_split_files(builder: DatasetBuilder, read: Iterable[str], mirror: Path) -> None:
    """Check the files of all splits, and the content of some.

    Args:
        builder: of the data set.
        read: the splits whose content is checked.
        mirror: the folder of the mirror.

    Raises:
        DataError: when they are not in the mirror, have an unsupported format, or could crash the process.
    """
    kind = next((name for loader, name in _BUILDER_KINDS.items() if isinstance(builder, loader)), None)
    if kind is None:
        raise DataError(f"its files are of another kind than {', '.join(_BUILDER_KINDS.values())}")
    check_column_types(builder.info.features)
    root, found = mirror.resolve(), builder.config.data_files or {}
    for file in map(str, chain.from_iterable(found.values())):
        if "::" in file or "://" in file or not is_inside(Path(file), root):
            raise DataError(f"{file} lies elsewhere: a mirror reads its own folder")
    for file in chain.from_iterable(found.get(split, ()) for split in read):
        if kind in {"json", "csv", "text"}:
            status = Path(file).stat()
            _check_text_file(Path(file), kind == "json", status.st_size, status.st_mtime_ns)


def check_column_types(features: Features | None) -> None:
    """Check that no column has a type whose values name files to be opened: images, audio.

    Raises:
        DataError: when one has.
    """
    for name, kind in _iterate_column_types(features or {}):
        if hasattr(kind, "decode_example") and type(kind).__name__ != "Json":
            raise DataError(f"column {name} is of type {type(kind).__name__}: texts and numbers are needed")


def _iterate_column_types(features: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(features, dict):
        for key, value in features.items():
            yield from _iterate_column_types(value, name or str(key))
    elif isinstance(features, list | tuple):
        for value in features:
            yield from _iterate_column_types(value, name)
    else:
        yield name, features
        if hasattr(features, "feature"):
            yield from _iterate_column_types(features.feature, name)


@lru_cache(maxsize=4096)
def _check_text_file(file: Path, json: bool, size: int, changed: int) -> None:
    """Check a text file to its end; cached until its size or time of modification changes."""
    most = MAX_UNPACK_RATIO * size + 16 * _CHUNK_BYTES
    for name, lines in _unpack_file(file):
        with lines:
            _check_lines(lines, escape_controls(name), json, most)


def _unpack_file(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """A file, or the files packed in it, unpacked by content and not by name, as `datasets` does."""
    with file.open("rb") as opened:
        first = opened.read(8)
    if first.startswith(_UNSUPPORTED_MAGIC):
        raise DataError(f"{file.name} is packed in a way that is not read here: pack it with gzip")
    if zipfile.is_zipfile(file) and first.startswith(b"PK"):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield f"{file.name}/{member.filename}", archive.open(member)
        return
    unpack = next((unpack for magic, unpack in _DECOMPRESSORS.items() if first.startswith(magic)), None)
    yield file.name, unpack(file, "rb") if unpack else file.open("rb")


def _check_lines(lines: IO[bytes], name: str, json: bool, most: int) -> None:
    depth = read = 0
    with _convert_unpack_errors(name):
        while part := lines.read(_CHUNK_BYTES):
            part += lines.readline(MAX_LINE_BYTES)
            read += len(part)
            if len(part) > MAX_LINE_BYTES:
                raise DataError(f"{name} has a line of more than {MAX_LINE_BYTES // 2**20} MiB")
            if read > most:
                raise DataError(f"{name} becomes more than {MAX_UNPACK_RATIO} times as large when it is unpacked")
            if json and (depth := _count_depth(_JSON_STRING.sub(b"", part), depth)) > MAX_NESTING:
                raise DataError(f"{name} is nested deeper than {MAX_NESTING} levels")


@contextmanager
def _convert_unpack_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{name} cannot be unpacked: {error}") from error


def _count_depth(text: bytes, depth: int) -> int:
    """The nesting depth after a text without strings, or the first depth above the limit."""
    for bracket in _BRACKETS.finditer(text):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_NESTING:
            break
    return depth
