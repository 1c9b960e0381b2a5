"""JSON and YAML documents that others may have written, read within limits; and text from them, made safe for a terminal.

Whatever is in a file, reading it ends in a document of JSON types or in a ValueError of one line, in bounded time and memory.
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
"""Default limit of the bytes of a document."""
MAX_YAML_BYTES = 2**20
"""Limit of the bytes of a YAML document, which is parsed far more slowly than JSON."""
MAX_NESTING = 100
"""Limit of the levels of a document."""
MAX_YAML_NODES = 40_000
"""Limit of the nodes of a YAML document; nodes that aliases repeat count each time."""

CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that act on a terminal or on the order of the text shown: control characters except newline and tab, line and paragraph
separators, marks of direction, unpaired surrogates."""


def open_regular_file(path: Path, flags: int = os.O_RDONLY, folder: int | None = None) -> BinaryIO:
    """Open a regular file; a pipe is refused without waiting.

    Args:
        path: of the file.
        flags: of open(2); by default the file is read.
        folder: the descriptor of the folder in which `path` is a name; links are refused then.

    Raises:
        OSError: when it is missing, cannot be opened, or is no regular file.
    """
    flags |= os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if folder is None else os.O_NOFOLLOW)
    handle = os.open(path, flags, 0o666, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    reads = flags & os.O_ACCMODE == os.O_RDONLY
    return os.fdopen(handle, "rb" if reads else "wb", -1 if reads else 0)


def read_regular_file(path: Path, largest: int = MAX_DOCUMENT_BYTES, folder: int | None = None) -> bytes:
    """The bytes of a regular file of at most `largest` bytes; a pipe is refused without waiting.

    Args:
        path: of the file; a link is followed.
        largest: bytes.
        folder: as for `open_regular_file`.

    Raises:
        OSError: when it is missing, cannot be read, is no regular file, or is larger.
    """
    with open_regular_file(path, folder=folder) as file:
        data = file.read(min(largest, os.fstat(file.fileno()).st_size) + 1)  # as much memory is taken as is asked for
    if len(data) > largest:
        raise OSError(f"{path} is larger than {largest / 2**20:g} MiB")
    return data


def parse_json(data: str | bytes) -> Any:
    """The document in a JSON text.

    Raises:
        ValueError: when the text is no JSON, is nested deeper than `MAX_NESTING`, or has a number that JSON does not have (NaN).
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
    """YAML with unique keys, with ``1e-3`` as a number, as in YAML 1.2, and with a limit on the nodes that aliases repeat."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth, self._nodes = 0, 0
        self._sizes: dict[int, int] = {}
        """The number of nodes in each composed node, by its id."""

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
            problem = f"{str(node.value)[:80]!r} is no {kind}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

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
        ValueError: when the text is no YAML, has a key twice, or exceeds a limit; the message has line and column.
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
        tab = ": put blanks in place of the tab" if "'\\t'" in (error.problem or "") else ""
        raise ValueError(escape_controls(f"{where}{error.problem or 'not YAML'}{tab}")) from error
    except yaml.YAMLError as error:
        raise ValueError(escape_controls(f"not YAML: {' '.join(str(error).split())}")) from error
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_NESTING} levels") from None


def escape_controls(text: str) -> str:
    """The text with `CONTROL_CHARACTERS` as escapes. Letters of every script stay."""
    return CONTROL_CHARACTERS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
