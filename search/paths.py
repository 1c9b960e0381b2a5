"""Paths in a config: made absolute once, when the config is loaded.

A relative path that stands in a file is relative to the folder of that file, so that a config means the same wherever it is launched
from; one that ``--set`` gives is relative to the working directory. ``~`` is the user's home. What is no path (a hub id, a URL, a
server) stays as it is.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from search.checks import names_folder
from trainables.addresses import MissingReferenceError, expand

Keys = tuple[str, ...]

ENCODER: Keys = ("encoder",)
SYNONYMS: Keys = ("space", "noise", "synonyms")
STORE: Keys = ("store", "url")
TRACKING: Keys = ("tracking", "uri")
SCHEMES = ("sqlite:///", "file://", "local://")
"""Of addresses that may have a relative path."""
SERVICES = ("databricks", "databricks-uc", "uc")
"""What MLflow takes for a service although there is no ``://`` in it."""


def absolute(document: dict[str, Any], folder: Path, given: Iterable[Keys] = ()) -> list[str]:
    """Make the paths of a config's document absolute, in place; returns what is wrong with them, in words.

    Args:
        document: of the config, with what the command line gave in it.
        folder: of its file.
        given: the dotted paths that the command line gave, as keys.
    """
    problems, given = [], list(given)
    for keys in (ENCODER, SYNONYMS, STORE, TRACKING):
        section = _section(document, keys)
        if section is None or not isinstance(word := section[keys[-1]], str):
            continue
        typed = any(keys[: len(each)] == each for each in given)
        try:
            section[keys[-1]] = _placed(keys, word, Path.cwd() if typed else folder)
            elsewhere = None if typed else _elsewhere(keys, word, folder)
        except (MissingReferenceError, RuntimeError) as error:
            problems.append(f"{'.'.join(keys)}: {error}")
            continue
        if elsewhere is not None:
            problems.append(
                f"{'.'.join(keys)}: {word!r} is relative to the folder of the config, {folder.absolute()}, which has none; "
                f"write {elsewhere} if that is meant"
            )
    return problems


def placed_encoder(encoder: str, folder: Path) -> str:
    """An encoder that is a folder, or can be nothing else, by its absolute path, relative to `folder`; others as they are."""
    return _joined(encoder, folder) if names_folder(encoder) or _is_encoder(encoder, folder) else encoder


def keys_of(overrides: Sequence[str]) -> list[Keys]:
    """The dotted paths that overrides set, as keys."""
    return [tuple(override.partition("=")[0].strip().split(".")) for override in overrides]


def _is_encoder(encoder: str, folder: Path) -> bool:
    return encoder != "miniature" and (folder / encoder).is_dir()


def _section(document: Any, keys: Keys) -> dict[str, Any] | None:
    for key in keys[:-1]:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) and keys[-1] in document else None


def _placed(keys: Keys, word: str, folder: Path) -> str:
    if keys == ENCODER:
        return placed_encoder(word, folder)
    scheme, path, query = _parts(keys, word)
    return word if path is None or Path(path).is_absolute() else f"{scheme}{_joined(path, folder)}{query}"


def _parts(keys: Keys, word: str) -> tuple[str, str | None, str]:
    """What stands before the path of an address, the path, None if it has none, and what stands behind it."""
    if keys == SYNONYMS:
        return "", word, ""
    told = expand(word)
    for scheme in SCHEMES:
        if told.startswith(scheme):
            path, mark, query = told.removeprefix(scheme).partition("?")
            return scheme, None if path in ("", ":memory:") else path, mark + query
    if told.startswith("file:"):
        return "file://", told.removeprefix("file:"), ""
    service = keys == TRACKING and told.partition(":")[0] in SERVICES
    return "", None if service or "://" in told or not told else told, ""


def _joined(path: str, folder: Path) -> str:
    """As it is written, links and all: what lies behind one may move."""
    whole = folder.absolute() / Path(path).expanduser()
    return str(whole.resolve() if ".." in whole.parts else whole)


def _elsewhere(keys: Keys, word: str, folder: Path) -> Path | None:
    """What a relative path means in the working directory, where there is something, and nothing beside the config."""
    path = word if keys == ENCODER else _parts(keys, word)[1]
    if path in (None, "miniature"):
        return None
    here, other = Path(_joined(str(path), folder)), Path(_joined(str(path), Path.cwd()))
    return other if here != other and other.exists() and not here.exists() else None
