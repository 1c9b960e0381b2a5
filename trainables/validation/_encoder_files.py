"""Checks of an encoder's files before a library opens them: regular files of its own folder, and documents that load nothing from
elsewhere.

Imports no torch: planning a search makes these checks, too.
"""

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainables.validation._documents import escape_controls, parse_json, read_regular_file
from trainables.validation._errors import DataError

CONFIG_FILE, TOKENIZER_CONFIG_FILE, ADAPTER_FILE = "config.json", "tokenizer_config.json", "adapter_config.json"
WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""The names under which transformers looks for weights; it takes the first that is there."""
MAX_CONFIG_BYTES = 16 * 2**20
"""Most bytes of a configuration; some hold the names of a hundred thousand added tokens."""
MAX_TOKENIZER_BYTES = 512 * 2**20
MAX_CONFIG_NUMBERS = {"layer": 1000, "position": 2**24, "num_labels": 10**5, "n_langs": 10**4}
"""Largest values of integers that decide how long the building of a model takes, by a part of their names."""
ATTENTION_IMPLEMENTATIONS = (None, "eager", "sdpa")
"""Attention implementations of torch; transformers would download others from the hub and run them."""
_READ_SUFFIXES = frozenset((".json", ".txt", ".model", ".safetensors", ".bin", ".jinja", ".bpe", ".tiktoken"))
"""Suffixes of the files that transformers may open."""
_CHAT_TEMPLATES = "additional_chat_templates"
_TOKENIZER_CLASS = re.compile(r"(?!Auto)\w+(Tokenizer(Fast)?|Backend)")
"""transformers would accept any of its classes by name, including those that ask whether remote code may run."""
_ATTENTION_KEYS = frozenset({"attn_implementation", "_attn_implementation", "_attn_implementation_internal"})
_EXTERNAL_FIELDS = {
    "quantization_config": "its weights are quantized, which cannot be trained: take the encoder it was made from",
    "compression_config": "its weights are compressed, which cannot be trained: take the encoder it was made from",
    "transformers_weights": f"it names its weights otherwise than {WEIGHT_FILES[0]}: rename them and remove the field",
    **dict.fromkeys(
        ("kernel_config", "fusion_config", "distributed_config"), "it asks for kernels of others: remove the field"
    ),
}
"""Fields of a configuration that make transformers load code or weights from elsewhere: what is wrong, and what to do."""


def check_encoder_folder(folder: Path) -> None:
    """Check the files of an encoder's folder.

    Raises:
        DataError: when one is no regular file, is a link that leaves the folder, is invalid, or loads something from elsewhere.
    """
    check_no_adapter(folder / ADAPTER_FILE)
    for file in sorted([*folder.iterdir(), *folder.glob(f"{_CHAT_TEMPLATES}/*")]):
        if file.suffix in _READ_SUFFIXES or file.name == _CHAT_TEMPLATES:
            check_regular_file(file, folder, folders=file.name == _CHAT_TEMPLATES)
    check_encoder_config(read_encoder_document(folder / CONFIG_FILE))
    if (folder / TOKENIZER_CONFIG_FILE).exists():
        _check_tokenizer_class(
            read_encoder_document(folder / TOKENIZER_CONFIG_FILE).get("tokenizer_class"), TOKENIZER_CONFIG_FILE
        )


def check_regular_file(file: Path, folder: Path, *, folders: bool = False) -> None:
    """Check that a file is a regular one in `folder`, or in the same repository of the hub's cache if the folder is part of that.

    Args:
        file: its path, which begins with that of `folder`.
        folder: links in its path are followed.
        folders: whether it may be a folder.

    Raises:
        DataError: when it is not.
    """
    shown = escape_controls(str(file.relative_to(folder)))
    with convert_to_data_error(f"{shown} cannot be read"):
        mode, within = file.stat().st_mode, is_inside(file, folder.resolve())
    if not (stat.S_ISREG(mode) or (folders and stat.S_ISDIR(mode))):
        raise DataError(f"{shown} is no plain file: remove it, or put the file itself there")
    if not within:
        raise DataError(f"{shown} is a link that leaves its folder: put the file itself there")


@contextmanager
def convert_to_data_error(what: str = "it cannot be read") -> Iterator[None]:
    """Convert whatever a library raises for a file into a DataError of one line; panics of Rust libraries are no `Exception`."""
    try:
        yield
    except DataError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise DataError(_describe_library_error(what, error)) from error


def _describe_library_error(what: str, error: BaseException) -> str:
    message = " ".join(str(getattr(error, "strerror", None) or error).split())
    if "trust_remote_code" in message:
        return (
            "it brings code of its own (auto_map), which is never run: take one whose architecture transformers knows"
        )
    # Where the message is only a key or a number, the class says what is wrong.
    message = (
        f"{type(error).__name__}: {message}" if len(message.split()) < 3 and not isinstance(error, OSError) else message
    )
    return escape_controls(f"{what}: {message[:300]}")


def is_inside(file: Path, folder: Path) -> bool:
    """Whether a file, with links resolved, is in a folder; for a snapshot in the hub's cache, in the cache of that repository.

    Raises:
        OSError: when it is missing.
        RuntimeError: when its links form a loop.
    """
    root = next((outer.parent for outer in folder.parents if _is_hub_cache(outer)), folder)
    return file.resolve(strict=True).is_relative_to(root)


def _is_hub_cache(folder: Path) -> bool:
    return folder.name == "snapshots" and (folder.parent / "blobs").is_dir()


def read_encoder_document(file: Path, largest: int = MAX_CONFIG_BYTES) -> dict[str, Any]:
    """One of an encoder's documents.

    Raises:
        DataError: when it is missing, or no JSON object within the limits of `parse_json`.
    """
    with convert_to_data_error(f"{file.name} cannot be read"):
        data = read_regular_file(file, largest)
    with convert_to_data_error(f"{file.name} is garbled"):
        document = parse_json(data)
    if not isinstance(document, dict):
        raise DataError(f"{file.name} is garbled: it holds no JSON object")
    return document


def check_encoder_config(document: dict[str, Any]) -> None:
    """Check the content of a ``config.json``.

    Raises:
        DataError: when it loads code or weights from elsewhere, or has a number that no encoder has.
    """
    for key, value, depth in _iterate_fields(document):
        shown = json.dumps(value)[:60]
        if key in _EXTERNAL_FIELDS and value:
            raise DataError(f"{CONFIG_FILE} has {key}: {_EXTERNAL_FIELDS[key]}")
        if key in _ATTENTION_KEYS and value not in ATTENTION_IMPLEMENTATIONS:
            raise DataError(
                f"{CONFIG_FILE} has {key} {shown}, which comes from elsewhere: set it to sdpa, or remove it"
            )
        if key == "auto_map" and depth:
            raise DataError(
                f"{CONFIG_FILE} has auto_map within another field: code of an encoder is never run; remove it"
            )
        if key == "tokenizer_class":
            _check_tokenizer_class(value, CONFIG_FILE)
        if isinstance(value, int | float) and not isinstance(value, bool):
            _check_number(key, value)


def _check_tokenizer_class(name: Any, file: str) -> None:
    if name is not None and not (isinstance(name, str) and _TOKENIZER_CLASS.fullmatch(name)):
        raise DataError(f"{file} has tokenizer_class {json.dumps(name)[:60]}, which is no tokenizer")


def _check_number(key: str, value: float) -> None:
    setting = f"{CONFIG_FILE} has {key} {json.dumps(value)[:60]}"
    if not abs(value) <= sys.float_info.max:  # nor an integer that no float holds
        raise DataError(f"{setting}: a finite number is needed")
    if ("dropout" in key or key.endswith("_prob")) and not 0 <= value <= 1:
        raise DataError(f"{setting}: allowed: 0 to 1")
    for part, most in MAX_CONFIG_NUMBERS.items():
        if part in key and value > most:
            raise DataError(f"{setting}: allowed: at most {most:,}")


def _iterate_fields(document: Any, depth: int = 0) -> Iterator[tuple[str, Any, int]]:
    """Every field of a document, nested ones included: key, value and depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key, value, depth
            yield from _iterate_fields(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from _iterate_fields(value, depth + 1)


def check_no_adapter(file: Path) -> None:
    """Check that there is no adapter, which would load the encoder that it names from elsewhere.

    Raises:
        DataError: when there is one.
    """
    if os.path.lexists(file):
        raise DataError(
            f"it holds an adapter ({file.name}), which would fetch another model: merge it into its encoder and save that"
        )


def find_shards(index: Path, folder: Path) -> list[Path]:
    """The files that an index of weights names.

    Raises:
        DataError: when it is invalid, or names anything but regular files of its own folder.
    """
    parts = read_encoder_document(index, MAX_TOKENIZER_BYTES).get("weight_map")
    names = (
        set(parts.values()) if isinstance(parts, dict) and all(isinstance(n, str) for n in parts.values()) else set()
    )
    suffix = index.name.removesuffix(".index.json").rpartition(".")[2]
    odd = sorted(name for name in names if Path(name).name != name or not name.endswith(f".{suffix}"))
    if not names or odd:
        what = f"it names {odd[0]!r}" if odd else "it names no files"
        raise DataError(f"{index.name} is garbled: {what}; files of its own folder are needed")
    files = [folder / name for name in sorted(names)]
    for file in files:
        check_regular_file(file, folder)
    return files
