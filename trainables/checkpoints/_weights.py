"""Weights from a file, taken only if they are those of the model that is to have them: a true checksum says who wrote them, not what they are."""

from collections.abc import Mapping

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from trainables.encoders import Weights, is_finite

MAX_HEADER_BYTES = 2**24
"""Bytes that a file of weights has at most besides its numbers."""


def parse_weights(content: bytes, like: Mapping[str, Tensor] | None) -> Weights:
    """The weights in a safetensors file.

    Args:
        content: of the file.
        like: weights of the same names, shapes and types, on any device; None where nothing is known of these.

    Raises:
        ValueError: when it is no such file, or its weights are others, or not all finite; it says which.
    """
    try:
        weights = dict(load(content))
        wrong = explain_invalid_weights(weights, like)
    except (SafetensorError, ValueError, KeyError, OverflowError, RuntimeError, MemoryError) as error:
        raise ValueError(f"is no file of weights ({' '.join(str(error).split())[:200]})") from error
    if wrong:
        raise ValueError(wrong)
    return weights


def compute_max_bytes(like: Mapping[str, Tensor]) -> int:
    """Bytes that a file of such weights has at most."""
    return MAX_HEADER_BYTES + sum(tensor.numel() * tensor.element_size() for tensor in like.values())


def explain_invalid_weights(weights: Mapping[str, Tensor], like: Mapping[str, Tensor] | None = None) -> str:
    """Why these weights are not to be used, in words; empty if they may be.

    Args:
        weights: as they were read, or are to be written.
        like: as for `parse_weights`.
    """
    if like is not None and (missing := sorted(like.keys() - weights.keys())):
        return f"lacks {missing[0]}" + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
    for name, tensor in sorted(weights.items()):
        expected = None if like is None else like.get(name)
        if like is not None and expected is None:
            return f"holds {name[:200]}, which the model does not have"
        if expected is not None and tensor.shape != expected.shape:
            return f"has {name} of shape {list(tensor.shape)}, not {list(expected.shape)}"
        if expected is not None and tensor.dtype != expected.dtype:
            return f"has {name} in {tensor.dtype}, not {expected.dtype}"
        if not is_finite(tensor):
            return f"has numbers in {name[:200]} that are not finite"
    return ""
