"""Artifacts of the home's own MLflow: written by this process, into the home and nowhere else, whatever the database says."""

import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from search.home import Home, written_aside
from search.tracking.database import DatabaseError


def folder_of(home: Home, address: str) -> Path:
    """The folder that an address of a run's artifacts leads to.

    Raises:
        DatabaseError: when that is not among the home's artifacts, or a link is on the way.
    """
    parts = urlsplit(address)
    path = Path(unquote(parts.path))
    whole = parts.scheme in ("", "file") and not parts.netloc and path.is_absolute() and ".." not in path.parts
    # Two paths may lead to one home: the folder is compared, not the word.
    above = next((folder for folder in path.parents if _is_one(folder, home.artifacts)), None) if whole else None
    if above is None or (way := _link(home.artifacts, path.relative_to(above))) is not None:
        raise DatabaseError(
            f"it has artifacts outside {home.artifacts}, where nothing is written: "
            "move mlflow.db and mlflow-artifacts away and have xlt track write the view anew"
            if above is None
            else f"{way} is a link, through which nothing is written: move it away"
        )
    return home.artifacts / path.relative_to(above)


def write(files: Path, folder: Path) -> None:
    """Copy all files below a folder into another, in place of what is there."""
    for file in (path for path in sorted(files.rglob("*")) if path.is_file()):
        place = folder / file.relative_to(files)
        if (way := _link(folder, place.parent.relative_to(folder))) is not None:
            raise DatabaseError(f"{way} is a link, through which nothing is written: move it away")
        with written_aside(place) as aside:
            shutil.copyfile(file, aside)


def below(folder: Path, name: str) -> Path:
    """The place of a file by its name as an artifact, which may hold folders; they are made."""
    place = folder / PurePosixPath(name)
    assert place.is_relative_to(folder) and ".." not in place.parts, "our own names"
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _is_one(folder: Path, other: Path) -> bool:
    try:
        return folder == other or folder.samefile(other)
    except (OSError, ValueError):
        return False


def _link(folder: Path, rest: Path) -> Path | None:
    """The first link among a folder and those below it, if there is one."""
    ways = [folder, *(folder.joinpath(*rest.parts[: place + 1]) for place in range(len(rest.parts)))]
    return next((way for way in ways if way.is_symlink()), None)
