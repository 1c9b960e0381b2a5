"""The program's own code: carried to the workers, and known by its content."""

import shutil
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import search
import trainables


def _packages() -> list[Path]:
    return [Path(str(package.__file__)).parent for package in (search, trainables)]


@cache
def digest() -> str:
    """Of what this process imports, as it lay on the disk when this was first asked: a launch asks before it reads its data."""
    return _digest(_packages())


def _digest(packages: Iterable[Path]) -> str:
    """Of every source file by its name and content."""
    found = sha256()
    for package in packages:
        for file in sorted(package.rglob("*.py")):
            found.update(str(file.relative_to(package.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def where() -> str:
    """The folder that this process imports it from."""
    return str(_packages()[0].parent)


def copy(folder: Path) -> str:
    """Copy it into `folder`, from where it can be imported; returns the copy's digest."""
    for package in _packages():
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return _digest(folder / package.name for package in _packages())


def refuse_other(theirs: str) -> None:
    """Refuse to work in a process that imports other code than the one whose digest this is.

    Raises:
        RuntimeError: saying where from.
    """
    if theirs != digest():
        raise RuntimeError(
            f"this worker has other code of xlt-search than the launch, from {where()}: it trains nothing"
        )
