"""Paths in a config: made absolute once, when the config is loaded.

A relative path in a file is relative to the folder of that file, so that a config means the same from every working directory.
A relative path given by ``--set`` is relative to the working directory. ``~`` is the user's home. Hub ids, URLs and servers are not
changed.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from search.config._checks import is_folder_name
from trainables.validation import MissingReferenceError, expand_references

KeyPath = tuple[str, ...]

ENCODER_KEYS: KeyPath = ("encoder",)
SYNONYMS_KEYS: KeyPath = ("space", "noise", "synonyms")
STORE_KEYS: KeyPath = ("store", "url")
TRACKING_KEYS: KeyPath = ("tracking", "uri")
PATH_SCHEMES = ("sqlite:///", "file://", "local://")
"""Prefixes of addresses that may hold a relative path."""
MLFLOW_SERVICES = ("databricks", "databricks-uc", "uc")
"""Tracking URIs without ``://`` that MLflow reads as a service."""


def make_paths_absolute(document: dict[str, Any], folder: Path, given: Iterable[KeyPath] = ()) -> list[str]:
    """Make the paths of a config's document absolute, in place, and return the problems found.

    Args:
        document: the config as plain data, with the overrides of the command line.
        folder: the folder of the config file.
        given: the keys that the command line set.
    """
    problems, given = [], list(given)
    _make_task_files_absolute(document, folder)
    for keys in (ENCODER_KEYS, SYNONYMS_KEYS, STORE_KEYS, TRACKING_KEYS):
        section = _find_section(document, keys)
        if section is None or not isinstance(value := section[keys[-1]], str):
            continue
        overridden = any(keys[: len(each)] == each for each in given)
        try:
            section[keys[-1]] = _resolve_address(keys, value, Path.cwd() if overridden else folder)
            elsewhere = None if overridden else _find_in_working_directory(keys, value, folder)
        except (MissingReferenceError, RuntimeError) as error:
            problems.append(f"{'.'.join(keys)}: {error}")
            continue
        if elsewhere is not None:
            problems.append(
                f"{'.'.join(keys)}: {value!r} is relative to the folder of the config, {folder.absolute()}, and does not exist there; "
                f"write {elsewhere} if you mean that one"
            )
    return problems


def _make_task_files_absolute(document: dict[str, Any], folder: Path) -> None:
    """Make the files of one's own tasks absolute; what is no path is left for the validation."""
    tasks = document.get("tasks")
    for task in tasks.values() if isinstance(tasks, dict) else ():
        files = task.get("files") if isinstance(task, dict) else None
        if isinstance(files, str):
            task["files"] = _join_path(files, folder)
        elif isinstance(files, list):
            task["files"] = [_join_path(file, folder) if isinstance(file, str) else file for file in files]


def make_encoder_absolute(encoder: str, folder: Path) -> str:
    """The absolute path of an encoder that is a folder relative to `folder`; hub ids and ``miniature`` are returned unchanged."""
    return _join_path(encoder, folder) if is_folder_name(encoder) or _is_encoder_folder(encoder, folder) else encoder


def parse_override_keys(overrides: Sequence[str]) -> list[KeyPath]:
    """The keys that overrides set, one tuple for each."""
    return [tuple(override.partition("=")[0].strip().split(".")) for override in overrides]


def _is_encoder_folder(encoder: str, folder: Path) -> bool:
    return encoder != "miniature" and (folder / encoder).is_dir()


def _find_section(document: Any, keys: KeyPath) -> dict[str, Any] | None:
    for key in keys[:-1]:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) and keys[-1] in document else None


def _resolve_address(keys: KeyPath, word: str, folder: Path) -> str:
    if keys == ENCODER_KEYS:
        return make_encoder_absolute(word, folder)
    scheme, path, query = _split_address(keys, word)
    return word if path is None or Path(path).is_absolute() else f"{scheme}{_join_path(path, folder)}{query}"


def _split_address(keys: KeyPath, word: str) -> tuple[str, str | None, str]:
    """Split an address into the part before its path, the path (None if it has none), and the part after it."""
    if keys == SYNONYMS_KEYS:
        return "", word, ""
    expanded = expand_references(word)
    for scheme in PATH_SCHEMES:
        if expanded.startswith(scheme):
            path, mark, query = expanded.removeprefix(scheme).partition("?")
            return scheme, None if path in ("", ":memory:") else path, mark + query
    if expanded.startswith("file:"):
        return "file://", expanded.removeprefix("file:"), ""
    service = keys == TRACKING_KEYS and expanded.partition(":")[0] in MLFLOW_SERVICES
    return "", None if service or "://" in expanded or not expanded else expanded, ""


def _join_path(path: str, folder: Path) -> str:
    """The absolute path; symbolic links are kept, because their targets may move."""
    whole = folder.absolute() / Path(path).expanduser()
    return str(whole.resolve() if ".." in whole.parts else whole)


def _find_in_working_directory(keys: KeyPath, word: str, folder: Path) -> Path | None:
    """The file in the working directory that a relative path may mean: it exists there, and not beside the config."""
    path = word if keys == ENCODER_KEYS else _split_address(keys, word)[1]
    if path in (None, "miniature"):
        return None
    here, other = Path(_join_path(str(path), folder)), Path(_join_path(str(path), Path.cwd()))
    return other if here != other and other.exists() and not here.exists() else None
