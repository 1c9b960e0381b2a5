"""The program's own code: carried to the workers, and known by its content."""

import shutil
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import search
import trainables


def _get_package_folders() -> list[Path]:
    return [Path(str(package.__file__)).parent for package in (search, trainables)]


@cache
def get_code_digest() -> str:
    """Of what this process imports, as it lay on the disk when this was first asked: a launch asks before it reads its data."""
    return _digest_sources(_get_package_folders())


def _digest_sources(packages: Iterable[Path]) -> str:
    """Of every source file by its name and content."""
    found = sha256()
    for package in packages:
        for file in sorted(package.rglob("*.py")):
            found.update(str(file.relative_to(package.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def get_code_folder() -> str:
    """The folder that this process imports it from."""
    return str(_get_package_folders()[0].parent)


def copy_code(folder: Path) -> str:
    """Copy it into `folder`, from where it can be imported; returns the copy's digest."""
    for package in _get_package_folders():
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return _digest_sources(folder / package.name for package in _get_package_folders())


def check_same_code(theirs: str) -> None:
    """Refuse to work in a process that imports other code than the one whose digest this is.

    Raises:
        RuntimeError: saying where from.
    """
    if theirs != get_code_digest():
        raise RuntimeError(
            f"this worker has other code of xlt-search than the launch, from {get_code_folder()}: it trains nothing"
        )
