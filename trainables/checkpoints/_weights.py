"""Weights from a file, checked against the model that gets them: a matching checksum says that a file is unchanged, not what it holds."""

from collections.abc import Mapping

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from trainables.encoders import Weights, is_finite

MAX_HEADER_BYTES = 2**24
"""Most bytes of a weight file besides its numbers."""


def parse_weights(content: bytes, expected: Mapping[str, Tensor] | None) -> Weights:
    """The weights in a safetensors file.

    Args:
        content: of the file.
        expected: weights of the names, shapes and types that these must have, on any device; None: not checked.

    Raises:
        ValueError: when it is no safetensors file, or its weights are not the expected ones, or not all finite.
    """
    try:
        weights = dict(load(content))
        wrong = explain_invalid_weights(weights, expected)
    except (SafetensorError, ValueError, KeyError, OverflowError, RuntimeError, MemoryError) as error:
        raise ValueError(f"is no file of weights ({' '.join(str(error).split())[:200]})") from error
    if wrong:
        raise ValueError(wrong)
    return weights


def compute_max_bytes(expected: Mapping[str, Tensor]) -> int:
    """Most bytes of a file of such weights."""
    return MAX_HEADER_BYTES + sum(tensor.numel() * tensor.element_size() for tensor in expected.values())


def explain_invalid_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor] | None = None) -> str:
    """Why these weights cannot be used, as text; empty if they can.

    Args:
        weights: that were read, or are to be written.
        expected: as for `parse_weights`.
    """
    if expected is not None and (missing := sorted(expected.keys() - weights.keys())):
        return f"lacks {missing[0]}" + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
    for name, tensor in sorted(weights.items()):
        expected_tensor = None if expected is None else expected.get(name)
        if expected is not None and expected_tensor is None:
            return f"holds {name[:200]}, which the model does not have"
        if expected_tensor is not None and tensor.shape != expected_tensor.shape:
            return f"has {name} of shape {list(tensor.shape)}, not {list(expected_tensor.shape)}"
        if expected_tensor is not None and tensor.dtype != expected_tensor.dtype:
            return f"has {name} in {tensor.dtype}, not {expected_tensor.dtype}"
        if not is_finite(tensor):
            return f"has numbers in {name[:200]} that are not finite"
    return ""
