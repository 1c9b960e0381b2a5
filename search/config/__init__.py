"""The typed config of a search. All problems are reported together, each with its path."""

from search.config._checks import check_encoder, check_languages, check_store_url, describe_validation_error
from search.config._config import NAME_PATTERN, Config
from search.config._load import dump_config, load_config, validate_config
from search.config._paths import make_encoder_absolute
from search.config._sections import StageSettings, StoreSettings
from search.config._shipped import find_config, list_shipped_configs
from search.config._size import ByteCount
from search.config._stage_space import NoiseSpace, StageSpace
from search.config._yaml import convert_path_errors, convert_to_json, read_document

__all__ = [
    "NAME_PATTERN",
    "ByteCount",
    "Config",
    "NoiseSpace",
    "StageSettings",
    "StageSpace",
    "StoreSettings",
    "check_encoder",
    "check_languages",
    "check_store_url",
    "convert_path_errors",
    "convert_to_json",
    "describe_validation_error",
    "dump_config",
    "find_config",
    "list_shipped_configs",
    "load_config",
    "make_encoder_absolute",
    "read_document",
    "validate_config",
]
