"""Documents that somebody else may have written: JSON and YAML, read within limits; and text of theirs, fit for a terminal.

Whatever is in a file, reading it ends in a document of JSON's own types or in a ValueError of one line, soon and in little memory.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import yaml

MAX_DOCUMENT_BYTES = 64 * 2**20
"""Bytes of a document, unless a caller says otherwise."""
MAX_YAML_BYTES = 2**20
"""Bytes of a YAML document, which take a thousand times as long as JSON's."""
MAX_NESTING = 100
"""Levels of a document."""
MAX_YAML_NODES = 40_000
"""Parts of a YAML document, those that aliases repeat counted each time."""

CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Signs that act on a terminal, or on the order in which it shows a text: control signs but the end of a line and the tabulator, ends of
lines and paragraphs, turns of direction, halves of surrogates."""


def open_regular_file(path: Path, flags: int = os.O_RDONLY, folder: int | None = None) -> BinaryIO:
    """A plain file, open: never waits, as a pipe would.

    Args:
        path: of the file.
        flags: of open(2) besides; without `os.O_RDONLY` and the like in them it is read.
        folder: the descriptor of the folder that `path` is a name in, if it is one: a link is no plain file then.

    Raises:
        OSError: when it is not there or cannot be opened so; also when it is no plain file.
    """
    flags |= os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if folder is None else os.O_NOFOLLOW)
    handle = os.open(path, flags, 0o666, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    reads = flags & os.O_ACCMODE == os.O_RDONLY
    return os.fdopen(handle, "rb" if reads else "wb", -1 if reads else 0)


def read_regular_file(path: Path, largest: int = MAX_DOCUMENT_BYTES, folder: int | None = None) -> bytes:
    """The bytes of a plain file: never waits, as a pipe would, and never reads more than `largest`.

    Args:
        path: of the file; a link is followed.
        largest: bytes.
        folder: as for `open_regular_file`.

    Raises:
        OSError: when it is not there or cannot be read; also when it is no plain file, or larger.
    """
    with open_regular_file(path, folder=folder) as file:
        data = file.read(min(largest, os.fstat(file.fileno()).st_size) + 1)  # as much memory is taken as is asked for
    if len(data) > largest:
        raise OSError(f"{path} is larger than {largest / 2**20:g} MiB")
    return data


def parse_json(data: str | bytes) -> Any:
    """The document in a JSON text.

    Raises:
        ValueError: when it is none: also when it is nested deeper than `MAX_NESTING`, or holds a number that JSON does not know.
    """
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_NESTING} levels") from None
    _check_depth(document)
    return document


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(MAX_NESTING):
        level = [
            part
            for outer in level
            if isinstance(outer, dict | list)
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {MAX_NESTING} levels")


class _YamlLoader(yaml.SafeLoader):
    """YAML where a key may stand once, ``1e-3`` is a number as in YAML 1.2, and aliases do not explode."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth, self._nodes = 0, 0
        self._sizes: dict[int, int] = {}
        """Nodes in each node that is whole, by its id."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, before = self.peek_event(), self._nodes  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _make_yaml_error(event, f"it is nested deeper than {MAX_NESTING} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if not isinstance(event, yaml.AliasEvent):
            self._nodes += 1
            self._sizes[id(node)] = self._nodes - before
        elif id(node) not in self._sizes:
            raise _make_yaml_error(event, f"*{event.anchor} holds itself")
        else:
            self._nodes += self._sizes[id(node)]
        if self._nodes > MAX_YAML_NODES:
            raise _make_yaml_error(event, f"it has more than {MAX_YAML_NODES:,} parts")
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:  # of the value's own type
            kind = node.tag.rpartition(":")[2]
            told = f"{str(node.value)[:80]!r} is no {kind}"
            raise yaml.MarkedYAMLError(problem=told, problem_mark=node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a plain word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_YamlLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _make_yaml_error(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]


def parse_yaml(text: str) -> Any:
    """The document in a YAML text.

    Raises:
        ValueError: when it is none, a key stands twice, or it is above the limits of this module; it says where.
    """
    if len(text) > MAX_YAML_BYTES:
        raise ValueError(f"it is larger than {MAX_YAML_BYTES / 2**20:g} MiB")
    with _convert_yaml_errors():
        return yaml.load(text, _YamlLoader)  # noqa: S506 - a SafeLoader


@contextmanager
def _convert_yaml_errors() -> Iterator[None]:
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(escape_controls(f"{where}{error.problem or 'not YAML'}")) from error
    except yaml.YAMLError as error:
        raise ValueError(escape_controls(f"not YAML: {' '.join(str(error).split())}")) from error
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_NESTING} levels") from None


def escape_controls(text: str) -> str:
    """The text without what acts on a terminal (`CONTROL_CHARACTERS`), which is written as escapes. Letters of every script stay."""
    return CONTROL_CHARACTERS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
