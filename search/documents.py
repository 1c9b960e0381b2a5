"""YAML documents, read strictly, and changed by dotted paths."""

import codecs
from pathlib import Path
from typing import Any

from search.errors import ConfigError
from trainables import documents


def parse_yaml(text: str, source: str) -> Any:
    """The document in a YAML text.

    Raises:
        ConfigError: when it is no YAML, a key stands twice, or it is above the limits of `trainables.documents`.
    """
    try:
        return documents.parse_yaml(text)
    except ValueError as error:
        raise ConfigError(source, [str(error)]) from error


def read(path: Path) -> Any:
    """The document in a YAML file, in UTF-8, or in UTF-16 with its mark, as some editors write it.

    Raises:
        ConfigError: when there is no such file, or it is no YAML.
    """
    try:
        return parse_yaml(_decoded(documents.contents(path)), str(path))
    except FileNotFoundError as error:
        raise ConfigError(str(path), ["no such file"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [f"it is no text in UTF-8: save it as UTF-8 ({error})"]) from error
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error}"]) from error


def _decoded(data: bytes) -> str:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig")


def apply(document: dict[str, Any], override: str) -> None:
    """Set one key of a document, as ``--set a.b=value`` does; the value is read as YAML.

    Raises:
        ConfigError: when it is not of that form.
    """
    path, equals, value = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"--set {override}", ["it wants KEY=VALUE, such as space.learning_rate.low=1e-5"])
    section = document
    for part in keys[:-1]:
        if not isinstance(section.get(part), dict):
            section[part] = {}
        section = section[part]
    section[keys[-1]] = parse_yaml(value, f"--set {override}")
