"""Checks of an encoder before it is used: names, shapes and values of its weights, and the ids that its tokenizer gives."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from pickle import UnpicklingError
from zipfile import is_zipfile

import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn import Embedding
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto import modeling_auto
from transformers.utils import ModelOutput, logging

from trainables.encoders._architectures import ENCODER_DECODERS, UNSUPPORTED, get_encoder_class
from trainables.encoders._batches import pad_features
from trainables.encoders._features import Feature
from trainables.encoders._tokenizer import EncoderTokenizer
from trainables.validation import DataError, convert_to_data_error

TEXT_ARCHITECTURES: frozenset[str] = frozenset().union(
    modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_MULTIPLE_CHOICE_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
"""Architectures that read text and that some task can be trained on: others download parts from elsewhere, or need images."""
SAMPLE_TEXTS = ("a b", "Ω \u0f00 \u1e9e\U0001f9ed")
"""Texts for trial encodings: letters that every vocabulary has, and characters that a small one lacks."""
_POOLER = "pooler"
"""A part that an encoder may lack; it belongs to the heads then."""
_MAX_POSITION_CELLS = 2**24
"""Most cells of a table of sinusoidal positions, which is computed in Python cell by cell."""


def build_meta_model(config: PretrainedConfig) -> PreTrainedModel:
    """The bare model on the meta device, without memory for weights.

    Raises:
        DataError: when the configuration is not that of an encoder.
    """
    if config.model_type not in TEXT_ARCHITECTURES:
        raise DataError(f"it is a {config.model_type!r}, which is not an encoder of texts")
    if config.model_type in UNSUPPORTED:
        raise DataError(f"it is a {config.model_type!r}, which is not supported: {UNSUPPORTED[config.model_type]}")
    # Funnel has distances in place of positions; XLNet says -1. Those of T5 have no limit.
    if config.model_type not in ENCODER_DECODERS and getattr(config, "max_position_embeddings", -1) == -1:
        what = "gives no number of positions (max_position_embeddings)"
        raise DataError(
            f"it is a {config.model_type!r} that {what}, which is not supported: take one like BERT or XLM-R"
        )
    rows, width = getattr(config, "max_position_embeddings", 0), getattr(config, "hidden_size", 0)
    if getattr(config, "sinusoidal_embeddings", False) and rows * width > _MAX_POSITION_CELLS:
        raise DataError(f"config.json asks for {rows:,} positions of {width:,} numbers, which no encoder has")
    if getattr(config, "num_hidden_layers", 1) < 1:
        raise DataError(f"config.json has num_hidden_layers {config.num_hidden_layers}: at least 1 is needed")
    with convert_to_data_error("config.json does not describe an encoder"), torch.device("meta"):
        model: PreTrainedModel = get_encoder_class(config).from_config(config, trust_remote_code=False)
    return model


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, tokens: EncoderTokenizer, model: PreTrainedModel) -> None:
    """Check that the encoder has an embedding for every id and token type of its tokenizer, and positions for a text.

    Args:
        tokenizer: the encoder's pre-trained tokenizer.
        tokens: the `EncoderTokenizer` made of it.
        model: from `build_meta_model`.

    Raises:
        DataError: when an embedding or position is missing, or texts cannot be encoded.
    """
    with convert_to_data_error():
        if not isinstance(tokenizer, PreTrainedTokenizerBase):
            raise DataError(f"its tokenizer is a {type(tokenizer).__name__}, which is none")
        if not tokenizer.is_fast and model.config.model_type != "xlm":
            what = "gives no characters of its tokens, which tagging and span answers need"
            raise DataError(f"its tokenizer, {type(tokenizer).__name__}, {what}: take an encoder with a tokenizer.json")
        rows = _count_token_embeddings(model)
        # First of all: a vocabulary with a huge id is small itself, but tables made from it would be huge.
        _check_ids([max(tokenizer.get_vocab().values(), default=0)], rows)
        if tokenizer.pad_token_id is None:
            raise DataError("its tokenizer has no token that pads: set pad_token in tokenizer_config.json")
        if tokens.max_input_length + min(tokens.max_pair_tokens(0), 0) < 1:
            raise DataError(f"its config.json leaves {tokens.max_input_length} positions for a text")
        features = _encode_sample_texts(tokens)
        _check_ids([tokens.pad_id, *(each for feature in features for each in feature["input_ids"])], rows)
        given = {each for feature in features for each in feature.get("token_type_ids", ())}
    types = _count_token_types(model)
    if types is not None and given and not given <= set(range(types)):
        raise DataError(
            f"its tokenizer gives texts the type {max(given)}; its config.json has a type_vocab_size of {types}"
        )


def _encode_sample_texts(tokens: EncoderTokenizer) -> list[Feature]:
    longest, languages = min(64, tokens.max_input_length), [("en", "en")] * len(SAMPLE_TEXTS)
    return tokens.encode_pairs(SAMPLE_TEXTS, None, longest, languages) + tokens.encode_pairs(
        SAMPLE_TEXTS, SAMPLE_TEXTS[::-1], longest, languages
    )


def _count_token_embeddings(model: PreTrainedModel) -> int | None:
    """Rows of the table of token embeddings; None if the model has none."""
    try:
        table = model.get_input_embeddings()
    except NotImplementedError:
        return None
    return table.num_embeddings if isinstance(table, Embedding) else None


def _count_token_types(model: PreTrainedModel) -> int | None:
    """Rows of the table of token types; None if the model has none."""
    tables = (table for name, table in model.named_modules() if name.endswith("token_type_embeddings"))
    return next((table.num_embeddings for table in tables if isinstance(table, Embedding)), None)


def _check_ids(ids: Sequence[int], rows: int | None) -> None:
    if rows is not None and (odd := [each for each in ids if not 0 <= each < rows]):
        raise DataError(f"its tokenizer gives the id {odd[0]}; its config.json has a vocab_size of {rows:,}")


def check_weight_files(files: Sequence[Path], model: PreTrainedModel, *, values: bool) -> None:
    """Check that files hold the weights of a model, before memory is allocated for them.

    Args:
        files: safetensors, or files saved by torch, of which only tensors are read.
        model: from `build_meta_model`.
        values: whether to read the weights, too, tensor by tensor, and check that all are finite.

    Raises:
        DataError: when they do not.
    """
    with convert_to_data_error():
        shapes = {name: shape for file in files for name, shape in _read_shapes(file)}
        cells = min(sum(map(prod, shapes.values())), sum(file.stat().st_size for file in files))
        sizes = {name: each.numel() for name, each in model.named_parameters()}
        optional = sum(size for name, size in sizes.items() if _POOLER in name)
        if (needed := max(sum(sizes.values()) - optional, optional)) > cells:
            raise DataError(f"config.json describes {needed:,} weights, its files hold {cells:,}")
        _check_names(shapes, model)
        if values:
            _check_values(each for file in files for each in _read_tensors(file))


def _read_shapes(file: Path) -> Iterator[tuple[str, Sequence[int]]]:
    if file.suffix != ".safetensors":
        yield from ((name, each.shape) for name, each in _load_torch_file(file, "meta").items())
        return
    with safe_open(file, "pt") as opened:
        for name in opened.keys():  # noqa: SIM118 - it is no dict
            part = opened.get_slice(name)
            if name.endswith(".weight") and not part.get_dtype().startswith(("F", "BF")):
                raise DataError(f"its weights {name} are of type {part.get_dtype()}, no floating-point numbers")
            yield name, part.get_shape()


def _read_tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    if file.suffix != ".safetensors":
        yield from _load_torch_file(file, "cpu").items()
        return
    with safe_open(file, "pt") as opened:
        yield from ((name, opened.get_tensor(name)) for name in opened.keys())  # noqa: SIM118


def _load_torch_file(file: Path, device: str) -> dict[str, Tensor]:
    """The tensors in a file saved by torch; DataError if it holds anything else. With ``weights_only`` torch runs no other code of a pickle."""
    try:
        found = torch.load(file, map_location=device, weights_only=True, mmap=True if is_zipfile(file) else None)
    except UnpicklingError as error:
        raise DataError(
            f"{file.name} is a pickle that holds more than tensors, which is never run: take safetensors"
        ) from error
    if not (isinstance(found, dict) and all(isinstance(each, Tensor) for each in found.values())):
        raise DataError(f"{file.name} holds other things than tensors by their names: take safetensors")
    return found


def _check_names(shapes: Mapping[str, Sequence[int]], model: PreTrainedModel) -> None:
    """Load tensors without memory in place of the weights: transformers knows the other names that weights may have."""
    stubs = {name: torch.zeros(()).expand(tuple(shape)) for name, shape in shapes.items()}
    with suppress_loading_report():
        _, loading = type(model).from_pretrained(
            None, config=model.config, state_dict=stubs, ignore_mismatched_sizes=True, output_loading_info=True
        )
    if odd := sorted(loading["mismatched_keys"]):
        name, theirs, ours = odd[0]
        raise DataError(f"its weights {name} have the shape {list(theirs)}; config.json describes {list(ours)}")
    if missing := sorted(name for name in loading["missing_keys"] if _POOLER not in name):
        raise DataError(f"its files lack {len(missing)} of its weights, {missing[0]} among them")


def _check_values(weights: Iterable[tuple[str, Tensor]]) -> None:
    for name, tensor in weights:
        if not is_finite(tensor):
            raise DataError(f"its weights {name} are not finite numbers")


def is_finite(tensor: Tensor) -> bool:
    """Whether all numbers of a tensor are finite."""
    # A sum is faster, takes no memory, and is finite only if every number is.
    return bool(tensor.sum().isfinite()) or bool(tensor.isfinite().all())


def check_memory(model: PreTrainedModel) -> None:
    """Check that this machine has memory for a model's weights in float32, twice.

    Raises:
        DataError: when they do not.
    """
    needed = 8 * sum(each.numel() for each in model.parameters())
    available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > available:
        raise DataError(
            f"its weights need {needed / 2**30:,.0f} GiB of memory; this machine has {available / 2**30:,.0f}"
        )


def check_forward_pass(model: PreTrainedModel, tokens: EncoderTokenizer) -> None:
    """Check that a model's outputs for texts are finite.

    Raises:
        DataError: when it does not.
    """
    with convert_to_data_error("it cannot be used as it is"), torch.no_grad():
        output = model(**pad_features(_encode_sample_texts(tokens), tokens.pad_id))
        if not isinstance(output, ModelOutput):
            raise DataError("its outputs have no names: remove return_dict and torchscript from its config.json")
        if not output[0].isfinite().all():
            raise DataError("its outputs for a text are not finite")


@contextmanager
def suppress_loading_report() -> Iterator[None]:
    """Keep transformers' table of missing and unexpected weights and its progress bar off the terminal: a missing head is expected here."""
    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()
