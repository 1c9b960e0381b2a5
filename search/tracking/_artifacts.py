"""Artifacts of the home's own MLflow, written by this process and only inside the home, whatever the database says."""

import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from search.home import Home, write_atomically
from search.tracking._database import DatabaseError


def resolve_artifact_folder(home: Home, address: str) -> Path:
    """Resolve the artifact address of a run to a folder of the home.

    Raises:
        DatabaseError: if it is outside the home's artifacts, or the path contains a symbolic link.
    """
    parts = urlsplit(address)
    path = Path(unquote(parts.path))
    whole = parts.scheme in ("", "file") and not parts.netloc and path.is_absolute() and ".." not in path.parts
    # Two paths may lead to one home: the folder is compared, not the word.
    above = (
        next((folder for folder in path.parents if _is_same_folder(folder, home.artifacts)), None) if whole else None
    )
    if above is None:
        raise DatabaseError(
            f"it has artifacts outside {home.artifacts}, where nothing is written: "
            "move mlflow.db and mlflow-artifacts away, then rebuild the view with xlt track"
        )
    _refuse_links(home.artifacts, path.relative_to(above))
    return home.artifacts / path.relative_to(above)


def copy_artifacts(files: Path, folder: Path) -> None:
    """Copy all files below a folder into another; existing files are replaced."""
    for file in (path for path in sorted(files.rglob("*")) if path.is_file()):
        place = folder / file.relative_to(files)
        _refuse_links(folder, place.parent.relative_to(folder))
        with write_atomically(place) as aside:
            shutil.copyfile(file, aside)


def make_artifact_path(folder: Path, name: str) -> Path:
    """The path of an artifact by its name, which may contain folders; they are created."""
    place = folder / PurePosixPath(name)
    assert place.is_relative_to(folder) and ".." not in place.parts, "our own names"
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _is_same_folder(folder: Path, other: Path) -> bool:
    try:
        return folder == other or folder.samefile(other)
    except (OSError, ValueError):
        return False


def _refuse_links(folder: Path, rest: Path) -> None:
    """Raise `DatabaseError` for a symbolic link among a folder and its sub-folders on a path."""
    for place in range(len(rest.parts) + 1):
        if (way := folder.joinpath(*rest.parts[:place])).is_symlink():
            raise DatabaseError(f"{way} is a symbolic link, and nothing is written through links: move it away")
