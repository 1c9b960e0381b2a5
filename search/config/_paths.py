"""Paths in a config: made absolute once, when the config is loaded.

A relative path that stands in a file is relative to the folder of that file, so that a config means the same wherever it is launched
from; one that ``--set`` gives is relative to the working directory. ``~`` is the user's home. What is no path (a hub id, a URL, a
server) stays as it is.
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
"""Of addresses that may have a relative path."""
MLFLOW_SERVICES = ("databricks", "databricks-uc", "uc")
"""What MLflow takes for a service although there is no ``://`` in it."""


def make_paths_absolute(document: dict[str, Any], folder: Path, given: Iterable[KeyPath] = ()) -> list[str]:
    """Make the paths of a config's document absolute, in place; returns what is wrong with them, in words.

    Args:
        document: of the config, with what the command line gave in it.
        folder: of its file.
        given: the dotted paths that the command line gave, as keys.
    """
    problems, given = [], list(given)
    for keys in (ENCODER_KEYS, SYNONYMS_KEYS, STORE_KEYS, TRACKING_KEYS):
        section = _find_section(document, keys)
        if section is None or not isinstance(word := section[keys[-1]], str):
            continue
        typed = any(keys[: len(each)] == each for each in given)
        try:
            section[keys[-1]] = _resolve_address(keys, word, Path.cwd() if typed else folder)
            elsewhere = None if typed else _find_in_working_directory(keys, word, folder)
        except (MissingReferenceError, RuntimeError) as error:
            problems.append(f"{'.'.join(keys)}: {error}")
            continue
        if elsewhere is not None:
            problems.append(
                f"{'.'.join(keys)}: {word!r} is relative to the folder of the config, {folder.absolute()}, which has none; "
                f"write {elsewhere} if that is meant"
            )
    return problems


def make_encoder_absolute(encoder: str, folder: Path) -> str:
    """An encoder that is a folder, or can be nothing else, by its absolute path, relative to `folder`; others as they are."""
    return _join_path(encoder, folder) if is_folder_name(encoder) or _is_encoder_folder(encoder, folder) else encoder


def parse_override_keys(overrides: Sequence[str]) -> list[KeyPath]:
    """The dotted paths that overrides set, as keys."""
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
    """What stands before the path of an address, the path, None if it has none, and what stands behind it."""
    if keys == SYNONYMS_KEYS:
        return "", word, ""
    told = expand_references(word)
    for scheme in PATH_SCHEMES:
        if told.startswith(scheme):
            path, mark, query = told.removeprefix(scheme).partition("?")
            return scheme, None if path in ("", ":memory:") else path, mark + query
    if told.startswith("file:"):
        return "file://", told.removeprefix("file:"), ""
    service = keys == TRACKING_KEYS and told.partition(":")[0] in MLFLOW_SERVICES
    return "", None if service or "://" in told or not told else told, ""


def _join_path(path: str, folder: Path) -> str:
    """As it is written, links and all: what lies behind one may move."""
    whole = folder.absolute() / Path(path).expanduser()
    return str(whole.resolve() if ".." in whole.parts else whole)


def _find_in_working_directory(keys: KeyPath, word: str, folder: Path) -> Path | None:
    """What a relative path means in the working directory, where there is something, and nothing beside the config."""
    path = word if keys == ENCODER_KEYS else _split_address(keys, word)[1]
    if path in (None, "miniature"):
        return None
    here, other = Path(_join_path(str(path), folder)), Path(_join_path(str(path), Path.cwd()))
    return other if here != other and other.exists() and not here.exists() else None
