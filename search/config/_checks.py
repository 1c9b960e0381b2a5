"""Checks of single values. Each raises ValueError with the allowed values."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from trainables.cards import TaskCard
from trainables.languages import LanguageRules
from trainables.validation import (
    DataError,
    MissingReferenceError,
    check_encoder_folder,
    expand_references,
    mask_secrets,
)

READ_ONLY_CONTEXT = {"looking": True}
"""Validation context for reading a search: neither the encoder nor the stage store needs to exist."""
_WELL_KNOWN_ENCODERS = {
    "xlm-roberta-base": "FacebookAI/xlm-roberta-base",
    "xlm-roberta-large": "FacebookAI/xlm-roberta-large",
    "bert-base-multilingual-cased": "google-bert/bert-base-multilingual-cased",
}
"""Encoders that tutorials name without a namespace."""
HUB_ID_PATTERN = re.compile(r"[\w.-]+/[\w.-]+")


def check_members(names: Sequence[str], allowed: Sequence[str] | Mapping[str, Any], what: str) -> tuple[str, ...]:
    """Return the names as a tuple.

    Raises:
        ValueError: if there is none, one is not in `allowed`, or one is repeated.
    """
    if not names:
        raise ValueError(f"at least one {what} is needed; allowed: {', '.join(allowed)}")
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise ValueError(f"unknown {what}: {', '.join(map(repr, unknown))}; allowed: {', '.join(allowed)}")
    if len(set(names)) < len(names):
        raise ValueError(f"a {what} is listed twice: {list(names)}")
    return tuple(names)


def check_number_or_all(value: object, what: str, most: int) -> object:
    """Return the value if it is a whole number from 0 to `most`, or ``all``."""
    if value != "all" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"must be a number of {what}, or all; got {value!r}")
    if isinstance(value, int) and value > most:
        raise ValueError(f"must be at most {most:,} {what}, or all; got {value}")
    return value


def check_languages(
    languages: Sequence[str],
    available: Sequence[str],
    cards: Mapping[str, TaskCard],
    targets: Iterable[str],
    rules: LanguageRules,
) -> None:
    """Check that the languages are available, and that each target has one in which transfer can be measured.

    Args:
        languages: of a config.
        available: the languages of its benchmark and its own tasks.
        cards: of its tasks.
        targets: names in `cards`.
        rules: which languages count.

    Raises:
        ValueError: with the languages that are allowed.
    """
    of_targets = {target: cards[target].languages or available for target in targets}
    for target, of_target in of_targets.items():
        if not any(map(rules.counts, of_target)):
            raise ValueError(_explain_no_transfer(target, of_target, rules, own=_is_own(cards[target])))
    check_members(languages, available, "language")
    for target, of_target in of_targets.items():
        if not any(rules.counts(code) for code in languages if code in of_target):
            raise ValueError(_explain_no_transfer(target, of_target, rules))


def _is_own(card: TaskCard) -> bool:
    return card.parts is not None and any(part.source.own for part in (*card.parts.test, *card.parts.dev))


def _explain_no_transfer(target: str, languages: Sequence[str], rules: LanguageRules, own: bool = False) -> str:
    told = f"{target} needs a language other than {rules.name_source()} that encoders are pre-trained on; it has: {', '.join(languages)}"
    hint = f"; name the column that says a row's language under tasks.{target}.columns, or write {{language}} for it in tasks.{target}.files"
    return told + hint * own


def is_folder_name(encoder: str) -> bool:
    """Whether the encoder can only be a folder, by the way it is written; the folder need not exist."""
    return encoder != "miniature" and (not HUB_ID_PATTERN.fullmatch(encoder) or encoder[0] == ".")


def check_encoder(encoder: str) -> str:
    """Return the encoder if it is ``miniature``, a folder with a model, or could be a hub id.

    Raises:
        ValueError: with what is missing.
    """
    folder = Path(encoder)
    if encoder == "miniature" or not (is_folder_name(encoder) or folder.is_dir()):
        return encoder
    if not folder.is_dir():
        problem = "is a file, not a folder" if folder.exists() else "is neither an existing folder nor a hub id"
        known = _WELL_KNOWN_ENCODERS.get(encoder)
        hint = f"; did you mean {known}?" if known else ""
        raise ValueError(f"{encoder!r} {problem}; allowed: miniature, a folder, namespace/name{hint}")
    if not (folder / "config.json").is_file():
        raise ValueError(f"the encoder folder {encoder!r} has no config.json; it must hold what save_pretrained writes")
    if not any(folder.glob("*.safetensors*")):
        raise ValueError(f"the encoder folder {encoder!r} has no weights: it holds no *.safetensors")
    try:
        check_encoder_folder(folder)
    except (DataError, OSError) as error:
        raise ValueError(f"the encoder folder {encoder!r} cannot be used: {error}") from error
    return encoder


def check_store_url(url: str) -> str:
    """Return the URL if fsspec can open its protocol. A URL whose ``${NAME}`` is not set here is not checked.

    Raises:
        ValueError: with what to install, or the known protocols.
    """
    import fsspec

    try:
        protocol, separator, _ = expand_references(url).partition("://")
    except MissingReferenceError:
        return url
    try:
        if separator:
            fsspec.get_filesystem_class(protocol)
    except (ValueError, ImportError) as error:
        raise ValueError(f"{mask_secrets(url)!r}: {error}") from error
    return url


def describe_validation_error(details: Any) -> str:
    """One of pydantic's errors in one line: the path, the problem and the value."""
    where = ".".join(map(str, details["loc"]))
    if details["type"] == "value_error":
        return f"{where}: {details['ctx']['error']}"
    message = _EXPECTED.get(details["type"]) or details["msg"][0].lower() + details["msg"][1:]
    return f"{where}: {message}; got {json.dumps(details['input'], ensure_ascii=False, default=str)}"


_EXPECTED = {
    "tuple_type": "must be a list, such as [a, b]",
    "list_type": "must be a list, such as [a, b]",
    "dict_type": "must be a mapping, such as {a: {}, b: {}}",
    "model_type": "must be a mapping of keys to values",
}
"""What is needed, where pydantic says it in the words of JSON."""


def list_keys_at(section: Any, path: Sequence[Any]) -> list[str]:
    """The keys of the section at a path below `section`, for the message about an unknown key."""
    for part in path:
        field = section.model_fields.get(part) if hasattr(section, "model_fields") else None
        if field is None:
            continue
        inner = [kind for kind in (field.annotation, *get_args(field.annotation)) if hasattr(kind, "model_fields")]
        section = inner[0] if inner else section
    return list(section.model_fields)
