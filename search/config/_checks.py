"""Checks of single values; each raises ValueError saying what is allowed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from trainables.benchmarks import BENCHMARK_LANGUAGES, BENCHMARKS
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.validation import (
    DataError,
    MissingReferenceError,
    check_encoder_folder,
    expand_references,
    mask_secrets,
)

READ_ONLY_CONTEXT = {"looking": True}
"""Context of a validation that needs nothing besides the document."""
HUB_ID_PATTERN = re.compile(r"[\w.-]+/[\w.-]+")


def check_members(names: Sequence[str], allowed: Sequence[str] | Mapping[str, Any], what: str) -> tuple[str, ...]:
    """The names, if there is one at least, each is allowed, and none stands twice."""
    if not names:
        raise ValueError(f"at least one {what} is needed; allowed: {', '.join(allowed)}")
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise ValueError(f"unknown {what}: {', '.join(map(repr, unknown))}; allowed: {', '.join(allowed)}")
    if len(set(names)) < len(names):
        raise ValueError(f"a {what} is named twice in {list(names)}")
    return tuple(names)


def check_number_or_all(value: object, what: str, most: int) -> object:
    """The value, if it is a whole number from 0 to `most`, or the word ``all``."""
    if value != "all" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"wants a number of {what}, or all; got {value!r}")
    if isinstance(value, int) and value > most:
        raise ValueError(f"wants {most:,} {what} at most, or all; got {value}")
    return value


def check_languages(languages: Sequence[str], benchmark: str, targets: Iterable[str]) -> None:
    """Check that a benchmark has these languages, and each target one that transfer to it can be told by.

    Raises:
        ValueError: saying which there are.
    """
    there, cards = BENCHMARK_LANGUAGES[benchmark], BENCHMARKS[benchmark]
    check_members(languages, there, "language")
    for target in targets:
        of_target = cards[target].languages or there
        if not any(LANGUAGES[code].seen and code != SOURCE_LANGUAGE for code in languages if code in of_target):
            raise ValueError(
                f"transfer to {target} needs a language besides English that encoders are pre-trained on; it has: {', '.join(of_target)}"
            )


def is_folder_name(encoder: str) -> bool:
    """Whether an encoder is written as only a folder can be, there or not."""
    return encoder != "miniature" and (not HUB_ID_PATTERN.fullmatch(encoder) or encoder[0] == ".")


def check_encoder(encoder: str) -> str:
    """The encoder, if it is the miniature, a folder that holds a model, or may be a hub id.

    Raises:
        ValueError: saying what is missing.
    """
    folder = Path(encoder)
    if encoder == "miniature" or not (is_folder_name(encoder) or folder.is_dir()):
        return encoder
    if not folder.is_dir():
        there = "is a file, no folder" if folder.exists() else "is no folder here and no hub id"
        raise ValueError(f"{encoder!r} {there}; allowed: miniature, a folder, namespace/name")
    if not (folder / "config.json").is_file():
        raise ValueError(f"the encoder folder {encoder!r} has no config.json: it wants what save_pretrained writes")
    if not any(folder.glob("*.safetensors*")):
        raise ValueError(f"the encoder folder {encoder!r} has no weights: no *.safetensors in it")
    try:
        check_encoder_folder(folder)
    except (DataError, OSError) as error:
        raise ValueError(f"the encoder folder {encoder!r} cannot be used: {error}") from error
    return encoder


def check_store_url(url: str) -> str:
    """The URL, if fsspec has what its protocol needs; one that begins with a reference is looked at where the environment has it.

    Raises:
        ValueError: saying what to install, or which protocols there are.
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
    """One of pydantic's errors in a line: where, what is wrong, what was given."""
    where = ".".join(map(str, details["loc"]))
    if details["type"] == "value_error":
        return f"{where}: {details['ctx']['error']}"
    message = details["msg"][0].lower() + details["msg"][1:]
    return f"{where}: {message}; got {json.dumps(details['input'], ensure_ascii=False, default=str)}"


def list_keys_at(section: Any, path: Sequence[Any]) -> list[str]:
    """The keys of the section at a path below a section, for the message about one that is not there."""
    for part in path:
        field = section.model_fields.get(part) if hasattr(section, "model_fields") else None
        if field is None:
            continue
        inner = [kind for kind in (field.annotation, *get_args(field.annotation)) if hasattr(kind, "model_fields")]
        section = inner[0] if inner else section
    return list(section.model_fields)
