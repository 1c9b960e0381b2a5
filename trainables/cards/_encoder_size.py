"""The size of an encoder by the headers of its files, and what its training holds in memory. Reads no weights, imports no torch."""

import os
from math import prod
from pathlib import Path

from trainables.cards._mirrors import find_encoder_mirror
from trainables.validation import CONFIG_FILE, WEIGHT_FILES, DataError, find_shards, open_regular_file, parse_json

BYTES_PER_TRAINED_WEIGHT = 16
"""float32: the weight, its gradient, and AdamW's two moments (Loshchilov and Hutter, ICLR 2019)."""
_MAX_HEADER_BYTES = 2**26
_UNUSED_PARTS = ("decoder.", "lm_head.", "cls.", "classifier.")
"""Parts of a checkpoint that are no part of the encoder: an mT5's decoder, heads of the pre-training."""
_MINIATURE = Path(__file__).parents[1] / "benchmarks" / "miniature" / "encoder"


def count_encoder_weights(encoder: str) -> int | None:
    """The number of an encoder's weights; None where they are not in safetensors on this machine.

    Args:
        encoder: as in a config.
    """
    folder = _find_folder(encoder)
    if folder is None:
        return None
    try:
        return sum(_count_weights(file) for file in _list_weight_files(folder)) or None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, DataError):
        return None


def format_training_memory(weights: int) -> str:
    """What training holds in memory for so many weights of an encoder, reckoned, as text; heads and activations come on top."""
    needed = BYTES_PER_TRAINED_WEIGHT * weights
    size = f"{needed / 2**30:,.1f} GiB" if needed >= 2**30 else f"{needed / 2**20:,.0f} MiB"
    return f"{size} for {weights:,} weights, their gradients and AdamW; activations come on top"


def _find_folder(encoder: str) -> Path | None:
    """The folder of an encoder that is on this machine."""
    if encoder == "miniature":
        return _MINIATURE
    if (mirror := find_encoder_mirror(encoder)) is not None:
        return mirror
    if Path(encoder).is_dir():
        return Path(encoder)
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(encoder, CONFIG_FILE)
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _list_weight_files(folder: Path) -> list[Path]:
    single, index = (folder / name for name in WEIGHT_FILES[:2])
    if single.exists():
        return [single]
    return find_shards(index, folder) if index.exists() else []


def _count_weights(file: Path) -> int:
    """The number of weights of the encoder in a safetensors file, by its header."""
    with open_regular_file(file) as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > _MAX_HEADER_BYTES:
            raise ValueError("its header is too long")
        header = parse_json(opened.read(length))
        held = os.fstat(opened.fileno()).st_size
    names = [name for name in header if name != "__metadata__" and not name.startswith(_UNUSED_PARTS)]
    count = sum(prod(header[name]["shape"]) for name in names)
    if not 0 <= count <= held:
        raise ValueError("it is smaller than its header says")
    return int(count)
