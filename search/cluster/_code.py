"""The code of xlt-search: copied to the workers, and identified by its content."""

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
    """The digest of the source files that this process imports, as they are at the first call: a launch calls it before it reads its data."""
    return _digest_sources(_get_package_folders())


def _digest_sources(packages: Iterable[Path]) -> str:
    """Digest of the names and contents of all source files."""
    digest = sha256()
    for package in packages:
        for file in sorted(package.rglob("*.py")):
            digest.update(str(file.relative_to(package.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def get_code_folder() -> str:
    """The folder that this process imports the code from."""
    return str(_get_package_folders()[0].parent)


def copy_code(folder: Path) -> str:
    """Copy the code into a folder from which it can be imported; returns the digest of the copy."""
    for package in _get_package_folders():
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return _digest_sources(folder / package.name for package in _get_package_folders())


def check_same_code(digest: str) -> None:
    """Check that this process imports the same code as the launch.

    Args:
        digest: the digest of the launch's code.

    Raises:
        RuntimeError: if it imports other code; the message names the folder.
    """
    if digest != get_code_digest():
        raise RuntimeError(
            f"this worker imports xlt-search from {get_code_folder()}, which differs from the code of the launch: it trains nothing"
        )
