"""YAML documents, read strictly, and changed by dotted paths."""

import codecs
import re
from pathlib import Path
from typing import Any

import yaml

from search.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """YAML where a key may stand once, and ``1e-3`` is a number as in YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a plain word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def parse_yaml(text: str, source: str) -> Any:
    """The document in a YAML text.

    Raises:
        ConfigError: when it is no YAML, or a key stands twice.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(source, [f"{where}{error.problem or 'not YAML'}"]) from error
    except yaml.YAMLError as error:
        raise ConfigError(source, [f"not YAML: {error}"]) from error


def read(path: Path) -> Any:
    """The document in a YAML file, in UTF-8, or in UTF-16 with its mark, as some editors write it.

    Raises:
        ConfigError: when there is no such file, or it is no YAML.
    """
    try:
        return parse_yaml(_decoded(path.read_bytes()), str(path))
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
