"""YAML documents: strict reading, and overrides by dotted paths."""

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from search.errors import ConfigError
from trainables.validation import MAX_NESTING, MAX_YAML_BYTES, parse_yaml, read_regular_file

MAX_WORD_LENGTH = 10_000
"""Most characters of one string in a document."""
_INHERITED_FILE = re.compile(r"/dev/stdin|/(dev|proc/self)/fd/[0-9]+")
"""Files that the process inherited. They may be pipes, which other paths must not be."""
_FORBIDDEN_CHARACTERS = re.compile("[\0\ud800-\udfff]")


def parse_yaml_document(text: str, source: str) -> Any:
    """Parse a YAML text.

    Raises:
        ConfigError: if it is not valid YAML, a key is repeated, a string has a forbidden character, or a limit of
            `trainables.validation.parse_yaml` is exceeded.
    """
    try:
        document = parse_yaml(text)
        _check_words(document)
    except ValueError as error:
        raise ConfigError(source, [str(error)]) from error
    return document


def _check_words(part: Any) -> None:
    """Refuse strings that cannot be a path, an address or a task: too long, or with a forbidden character."""
    if isinstance(part, str):
        if len(part) > MAX_WORD_LENGTH:
            raise ValueError(f"a string has at most {MAX_WORD_LENGTH:,} characters; one begins with {part[:40]!r}")
        if _FORBIDDEN_CHARACTERS.search(part):
            raise ValueError(f"{part[:200]!r} holds a forbidden character (null or surrogate)")
    elif isinstance(part, dict):
        _check_words([*part.keys(), *part.values()])
    elif isinstance(part, list):
        for inner in part:
            _check_words(inner)


def convert_to_json(document: Any) -> str:
    """Convert a YAML document to JSON; dates become strings.

    Raises:
        ValueError: if a key is not a string, or a value has a type that no config has.
    """
    try:
        return json.dumps(document, default=_convert_date)
    except (TypeError, RecursionError) as error:
        raise ValueError(
            f"keys must be strings; values must be strings, numbers, lists or mappings: {error}"
        ) from error


def _convert_date(value: object) -> str:
    if isinstance(value, date):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not a type that a config has")


@contextmanager
def convert_path_errors(source: str) -> Iterator[None]:
    """Convert an OSError on a path in a document to a ConfigError.

    Raises:
        ConfigError: with the source and the path.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(
            source, [f"a path in it cannot be checked: {error.strerror}: {str(error.filename)[:80]}"]
        ) from error


def read_document(path: Path) -> Any:
    """Read a YAML file in UTF-8, or in UTF-16 with a byte order mark, as some editors write it.

    Raises:
        ConfigError: if there is no such file, or it is not valid YAML.
    """
    try:
        return parse_yaml_document(_decode_text(_read_bytes(path)), str(path))
    except FileNotFoundError as error:
        raise ConfigError(str(path), ["no such file"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [f"is not UTF-8 text: save it as UTF-8 ({error})"]) from error
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror or error}"]) from error


def _read_bytes(path: Path) -> bytes:
    if not _INHERITED_FILE.fullmatch(str(path)):
        return read_regular_file(path)
    with path.open("rb") as file:
        return file.read(MAX_YAML_BYTES + 1)


def _decode_text(data: bytes) -> str:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig")


def apply_override(document: dict[str, Any], override: str) -> None:
    """Set one key of a document in place, as ``--set a.b=value`` does; the value is read as YAML.

    Raises:
        ConfigError: if the override does not have that form.
    """
    path, equals, value = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > MAX_NESTING:
        raise ConfigError(f"--set {override}", ["must be KEY=VALUE, such as space.learning_rate.low=1e-5"])
    section = document
    for part in keys[:-1]:
        if not isinstance(section.get(part), dict):
            section[part] = {}
        section = section[part]
    section[keys[-1]] = parse_yaml_document(value, f"--set {override}")
