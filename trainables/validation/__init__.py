"""Reads files and documents of others within limits, and keeps secrets out of everything that is written."""

from trainables.validation._documents import (
    CONTROL_CHARACTERS,
    MAX_DOCUMENT_BYTES,
    MAX_NESTING,
    MAX_YAML_BYTES,
    escape_controls,
    open_regular_file,
    parse_json,
    parse_yaml,
    read_regular_file,
)
from trainables.validation._encoder_files import (
    ADAPTER_FILE,
    CONFIG_FILE,
    TOKENIZER_CONFIG_FILE,
    WEIGHT_FILES,
    check_encoder_folder,
    check_regular_file,
    convert_to_data_error,
    find_shards,
    is_inside,
)
from trainables.validation._errors import DataError, UnreachableError, UnusableRowError
from trainables.validation._scores import explain_invalid_metrics, explain_invalid_scores
from trainables.validation._secrets import (
    REFERENCE_PATTERN,
    MissingReferenceError,
    expand_references,
    hide_secrets,
    mask_secrets,
    resolve_references,
)

__all__ = [
    "ADAPTER_FILE",
    "CONFIG_FILE",
    "CONTROL_CHARACTERS",
    "MAX_DOCUMENT_BYTES",
    "MAX_NESTING",
    "MAX_YAML_BYTES",
    "REFERENCE_PATTERN",
    "TOKENIZER_CONFIG_FILE",
    "WEIGHT_FILES",
    "DataError",
    "MissingReferenceError",
    "UnreachableError",
    "UnusableRowError",
    "check_encoder_folder",
    "check_regular_file",
    "convert_to_data_error",
    "escape_controls",
    "expand_references",
    "explain_invalid_metrics",
    "explain_invalid_scores",
    "find_shards",
    "hide_secrets",
    "is_inside",
    "mask_secrets",
    "open_regular_file",
    "parse_json",
    "parse_yaml",
    "read_regular_file",
    "resolve_references",
]
