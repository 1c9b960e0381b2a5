"""What differs between architectures: the part that encodes, positions, inputs, language adapters."""

from collections.abc import Mapping
from inspect import signature
from types import MappingProxyType
from typing import Any

from transformers import AutoModel, AutoModelForTextEncoding, PretrainedConfig

ENCODER_DECODERS: frozenset[str] = frozenset({"t5", "mt5", "umt5"})
"""Architectures of an encoder and a decoder of which the encoder is used alone (``AutoModelForTextEncoding``)."""
RELATIVE_LENGTH = 1024
"""Most tokens of an input where positions are relative and have no limit: the length of mT5's pre-training (Xue et al., NAACL 2021)."""
UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "canine": "it reads characters and has no table of token embeddings, which noise and its unit need",
        "t5gemma": "it is an encoder and a decoder, of which no part can be trained alone here",
    }
)
"""Architectures that transformers can train and this program cannot: why."""
_OFFSET_POSITIONS = frozenset(
    {"xmod", "camembert", "data2vec-text", "ibert", "luke", "mpnet", "esm", "longformer", "mra", "markuplm"}
)
"""Architectures besides the RoBERTas whose positions begin after the id of the padding token."""


def get_encoder_class(config: PretrainedConfig) -> Any:
    """The Auto class of the bare encoder: `AutoModel`, or `AutoModelForTextEncoding` for an encoder and a decoder."""
    return AutoModelForTextEncoding if config.model_type in ENCODER_DECODERS else AutoModel


def compute_max_input_length(config: PretrainedConfig) -> int:
    """Most tokens of an input, by the encoder's positions."""
    if config.model_type in ENCODER_DECODERS:
        return RELATIVE_LENGTH
    longest: int = config.max_position_embeddings
    has_offset = "roberta" in config.model_type or config.model_type in _OFFSET_POSITIONS
    return longest - config.pad_token_id - 1 if has_offset else longest


def find_surplus_inputs(config: PretrainedConfig, names: list[str]) -> frozenset[str]:
    """Those of a tokenizer's outputs that the bare encoder does not take: token types, for ModernBERT or EuroBERT."""
    mapping = get_encoder_class(config)._model_mapping
    found = mapping.get(type(config), None)
    if not isinstance(found, type):
        return frozenset()
    return frozenset(set(names) - signature(found.forward).parameters.keys())  # type: ignore[attr-defined]


def number_adapters(config: PretrainedConfig) -> dict[str, int]:
    """The numbers of X-MOD's language adapters by ISO 639-1 code; empty for other architectures.

    Its languages are called ``en_XX``, ``sw_KE``.
    """
    numbers: dict[str, int] = {}
    for number, name in enumerate(config.languages if config.model_type == "xmod" else ()):
        numbers.setdefault(name.partition("_")[0], number)
    return numbers
