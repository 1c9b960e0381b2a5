"""Reading, validating and writing a config."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from search.config._checks import READ_ONLY_CONTEXT, describe_validation_error, list_keys_at
from search.config._config import Config
from search.config._own_task import mark_targets
from search.config._paths import make_paths_absolute, parse_override_keys
from search.config._shipped import get_base_folder
from search.config._yaml import apply_override, convert_path_errors, convert_to_json, read_document
from search.errors import ConfigError


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a config from a YAML file and make its paths absolute.

    Relative paths in the file are relative to its folder; those of `overrides` are relative to the working directory.

    Args:
        path: the YAML file.
        overrides: ``a.b=value`` each, as ``--set`` takes them; the value is read as YAML.

    Raises:
        ConfigError: with all problems.
    """
    document = read_document(path)
    if not isinstance(document, dict):
        raise ConfigError(str(path), [f"a config is a mapping of keys to values; this is a {type(document).__name__}"])
    for override in overrides:
        apply_override(document, override)
    with convert_path_errors(str(path)):
        return validate_config(
            document, str(path), make_paths_absolute(document, get_base_folder(path), parse_override_keys(overrides))
        )


def validate_config(
    document: Mapping[str, Any], source: str, problems: Sequence[str] = (), *, looking: bool = False
) -> Config:
    """Validate a document as a config; its paths are not changed.

    Args:
        document: the config as plain data.
        source: where the document comes from, for the message.
        problems: problems found before, reported together with those found here.
        looking: whether the search is only read; then neither encoder nor stage store need exist.

    Raises:
        ConfigError: with all problems.
    """
    try:
        text = convert_to_json(mark_targets(document))
    except ValueError as error:
        raise ConfigError(source, [str(error)]) from error
    try:
        config = Config.model_validate_json(text, context=READ_ONLY_CONTEXT if looking else None)
    except ValidationError as error:
        raise ConfigError(source, [*problems, *(_describe_problem(details) for details in error.errors())]) from None
    if problems:
        raise ConfigError(source, problems)
    return config


def dump_config(config: Config) -> str:
    """The complete config as YAML; reading it again gives the same config."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _describe_problem(details: Any) -> str:
    where = ".".join(str(part) for part in details["loc"])
    match details["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key; allowed here: {', '.join(list_keys_at(Config, details['loc'][:-1]))}"
        case "missing":
            return f"{where}: this key is required"
        case _:
            return describe_validation_error(details)
