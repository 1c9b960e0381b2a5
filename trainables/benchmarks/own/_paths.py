"""The files of a task: paths with patterns for language and split."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from trainables.own_tasks import OwnTask
from trainables.validation import DataError

_PART = re.compile(r"\*\*/|\*\*|\*|\{language\}|\{split\}")
_EXPRESSIONS = {
    "**/": "(?:.*/)?",
    "**": ".*",
    "*": "[^/]*",
    "{language}": "(?P<language>[^/]+?)",
    "{split}": "(?P<split>[^/.]+?)",
}


@dataclass(frozen=True, slots=True)
class TaskFile:
    """One file of a task, and what its path says of its rows."""

    path: Path
    language: str | None
    split: str | None

    def __str__(self) -> str:
        return str(self.path)


def find_task_files(own: OwnTask) -> tuple[TaskFile, ...]:
    """The files of a task in the order of their paths.

    Raises:
        DataError: when a path or pattern matches no file.
    """
    found: dict[Path, TaskFile] = {}
    for pattern in own.files:
        matches = list(_match_files(pattern))
        if not matches:
            raise DataError(f"{own.name}: {_explain_no_match(pattern)}; correct tasks.{own.name}.files")
        found |= {file.path: file for file in matches}
    return tuple(found[path] for path in sorted(found))


def _match_files(pattern: str) -> Iterator[TaskFile]:
    first = _PART.search(pattern)
    if first is None:
        if Path(pattern).is_file():
            yield TaskFile(Path(pattern), None, None)
        return
    folder = Path(pattern[: pattern.rfind("/", 0, first.start()) + 1] or ".")
    expression = re.compile(_build_expression(pattern))
    for path in sorted(folder.glob(_build_glob(pattern.removeprefix(f"{folder}/").removeprefix("/")))):
        if path.is_file() and (match := expression.fullmatch(str(path))):
            groups = match.groupdict()
            yield TaskFile(path, groups.get("language"), groups.get("split"))


def _build_expression(pattern: str) -> str:
    """A regular expression; a placeholder that occurs again stands for the same text."""
    built, last, seen = "", 0, set[str]()
    for part in _PART.finditer(pattern):
        word = part[0]
        built += re.escape(pattern[last : part.start()])
        built += f"(?P={word[1:-1]})" if word in seen else _EXPRESSIONS[word]
        seen |= {word} if word.startswith("{") else set()
        last = part.end()
    return built + re.escape(pattern[last:])


def _build_glob(pattern: str) -> str:
    """A pattern of `Path.glob`, in which brackets and question marks of names mean themselves."""
    between = [glob.escape(text) for text in _PART.split(pattern)]
    parts = [part[0] if part[0].startswith("**") else "*" for part in _PART.finditer(pattern)]
    return "".join(text + part for text, part in zip_longest(between, parts, fillvalue=""))


def _explain_no_match(pattern: str) -> str:
    if Path(pattern).is_dir():
        return f"{pattern} is a folder: name its files"
    what = f"no file matches {pattern}" if _PART.search(pattern) else f"there is no file {pattern}"
    folder = next(parent for parent in Path(_PART.split(pattern)[0] + "x").parents if parent.is_dir())
    names = sorted(path.name for path in folder.iterdir())[:8]
    return f"{what}; {folder} has {', '.join(names) or 'nothing'}"
