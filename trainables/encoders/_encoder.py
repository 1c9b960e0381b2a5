"""Encoders: a configuration, a tokenizer and weights, from the hub, a folder, or the shipped miniature."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    XLMTokenizer,
    dynamic_module_utils,
)
from transformers.models.auto.tokenization_auto import get_tokenizer_config
from transformers.utils import cached_file
from transformers.utils.hub import get_checkpoint_shard_files

from trainables.cards import find_encoder_mirror
from trainables.encoders._checks import (
    build_meta_model,
    check_forward_pass,
    check_memory,
    check_tokenizer,
    check_weight_files,
    suppress_loading_report,
)
from trainables.encoders._tokenizer import EncoderTokenizer
from trainables.store import ENCODING_VERSION, digest_json
from trainables.validation import (
    ADAPTER_FILE,
    CONFIG_FILE,
    TOKENIZER_CONFIG_FILE,
    WEIGHT_FILES,
    DataError,
    check_encoder_folder,
    check_regular_file,
    convert_to_data_error,
    find_shards,
)

Weights = dict[str, Tensor]
INERT_CONFIG_FIELDS = frozenset(
    {
        *("_name_or_path", "_commit_hash", "architectures", "auto_map", "transformers_version"),
        *("dtype", "torch_dtype", "return_dict", "output_hidden_states", "output_attentions", "use_cache"),
        *("id2label", "label2id", "num_labels", "problem_type", "finetuning_task", "task_specific_params"),
    }
)
"""Fields of a configuration that change no result: names, what a head is replaced by, the files' precision (weights are read as float32)."""
dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0
"""transformers refuses foreign code where it would ask on the terminal, in every class of it that an encoder's files may name."""
_OPTIONAL_FILE = {"_raise_exceptions_for_missing_entries": False}

MINIATURE_FOLDER = Path(__file__).parents[1] / "benchmarks" / "miniature" / "encoder"


@dataclass(frozen=True)
class Encoder:
    """A pre-trained multilingual model, before any stage."""

    source: str
    config: PretrainedConfig
    pretrained_tokenizer: PreTrainedTokenizerBase

    @cached_property
    def weights(self) -> Weights:
        """float32, by the names of the bare model; what the checkpoint lacks (XLM-R's pooler) belongs to the heads."""
        # A hub repository without safetensors would be converted by a thread in the background, over the network.
        os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
        with _name_encoder_in_errors(self.source):
            files, sketch = find_weight_files(self.source), build_meta_model(self.config)
            check_weight_files(files, sketch, values=False)
            check_memory(sketch)
            with convert_to_data_error(), suppress_loading_report():
                model, loading = AutoModel.from_pretrained(
                    resolve_encoder_path(self.source),
                    config=self.config,
                    dtype=torch.float32,
                    trust_remote_code=False,
                    output_loading_info=True,
                )
            check_forward_pass(model, self.tokenizer)
        missing = set(loading["missing_keys"])
        return {name: tensor.detach().clone() for name, tensor in model.state_dict().items() if name not in missing}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all that acts on a stage: weights, configuration and tokenizer. The root of the stage tree."""
        told = {
            "weights": hash_weights(self.weights),
            "config": extract_effective_config(self.config),
            "tokenizer": self.tokenizer.fingerprint,
            "tokenized": ENCODING_VERSION,
        }
        return digest_json(told)

    @cached_property
    def tokenizer(self) -> EncoderTokenizer:
        """What makes ids of texts."""
        return EncoderTokenizer(self.pretrained_tokenizer, self.config)

    @property
    def embeddings(self) -> Tensor:
        """The token embeddings, [vocabulary, width]."""
        # BERT and XLM-R call the table embeddings.word_embeddings, XLM just embeddings.
        names = ("embeddings.word_embeddings.weight", "embeddings.weight")
        return next(self.weights[name] for name in names if name in self.weights)

    @cached_property
    def embedding_norm(self) -> float:
        """Mean L2 norm of the token embeddings: the unit of every noise magnitude."""
        return float(self.embeddings.norm(dim=-1).mean())


def extract_effective_config(config: PretrainedConfig) -> dict[str, Any]:
    """The fields of a configuration that decide what a model computes, but for those at their architecture's default."""
    usual = type(config)().to_dict()
    return {"model_type": config.model_type} | {
        name: value
        for name, value in config.to_dict().items()
        if name not in INERT_CONFIG_FIELDS and (name not in usual or usual[name] != value)
    }


def hash_weights(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].contiguous()
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=2)
def load_encoder(source: str) -> Encoder:
    """The encoder of a config's ``encoder``: ``miniature``, a folder, or a hub id; never with remote code. Weights are read when
    someone asks for them.

    Raises:
        DataError: when there is no such encoder, or a package is missing that its tokenizer needs.
    """
    path = resolve_encoder_path(source)
    with _name_encoder_in_errors(source), convert_to_data_error():
        check_encoder_folder(_find_document_folder(path))
        config = AutoConfig.from_pretrained(path, trust_remote_code=False)
        config.dtype = torch.float32
        vars(config).pop(
            "auto_map", None
        )  # transformers has a class of its own, and whoever makes a head of it need not ask
        sketch = build_meta_model(config)
        if config.model_type == "xlm":
            tokenizer = _load_xlm_tokenizer(path, config)
        else:
            tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
        encoder = Encoder(source, config, tokenizer)
        check_tokenizer(tokenizer, encoder.tokenizer, sketch)
    return encoder


def fetch_encoder_weights(source: str) -> None:
    """Have the weights here, and look at them, so that nobody learns only when training begins what they lack.

    Raises:
        DataError: when there are none, or not those of the encoder.
    """
    with _name_encoder_in_errors(source):
        check_weight_files(find_weight_files(source), build_meta_model(load_encoder(source).config), values=True)


def find_weight_files(source: str) -> list[Path]:
    """The files of an encoder's weights, fetched from the hub if it lies there.

    Raises:
        DataError: when there are none, or they are no plain files of its own folder.
    """
    where = resolve_encoder_path(source)
    with convert_to_data_error():
        found = next(
            (Path(file) for name in WEIGHT_FILES if (file := cached_file(where, name, **_OPTIONAL_FILE))), None
        )
        if found is None:
            raise DataError(f"it has no weights: none of {', '.join(WEIGHT_FILES)}")
        check_regular_file(found, found.parent)
        if found.suffix != ".json":
            return [found]
        if not Path(where).is_dir():
            get_checkpoint_shard_files(where, found)
        return find_shards(found, found.parent)


@contextmanager
def _name_encoder_in_errors(source: str) -> Iterator[None]:
    """Makes an error say which encoder it is about."""
    try:
        yield
    except DataError as error:
        said = f"cannot be used: {error}".replace("cannot be used: it cannot be read: ", "cannot be read: ")
        raise DataError(f"the encoder {source} {said}") from error


def _find_document_folder(path: str) -> Path:
    """The folder of an encoder's documents: its own, or of the hub's cache, with those that say what may be loaded."""
    if Path(path).is_dir():
        return Path(path)
    found = cached_file(path, CONFIG_FILE)
    assert found is not None, "it raises where there is none"
    for name in (TOKENIZER_CONFIG_FILE, *[ADAPTER_FILE] * bool(find_spec("peft"))):
        cached_file(path, name, **_OPTIONAL_FILE)
    return Path(found).parent


def resolve_encoder_path(source: str) -> str:
    """Where an encoder is read from: a mirror of it if there is one, else the folder or hub id that was named."""
    if source == "miniature":
        return str(MINIATURE_FOLDER)
    mirror = find_encoder_mirror(source)
    return source if mirror is None else str(mirror)


def _load_xlm_tokenizer(path: str, config: PretrainedConfig) -> PreTrainedTokenizerBase:
    if find_spec("sacremoses") is None:
        raise DataError("the tokenizer of XLM needs the package sacremoses: pip install xlt-search[xlm]")
    # Of those with several languages XLM-17 and XLM-100 alone have no language embeddings, and case and accents; where the
    # files do not say so the tokenizer would take them off.
    bare = config.n_langs == 1 or config.use_lang_emb
    told = {"do_lowercase_and_remove_accent": bare} | get_tokenizer_config(path, trust_remote_code=False)
    return XLMTokenizer.from_pretrained(
        path, trust_remote_code=False, do_lowercase_and_remove_accent=told["do_lowercase_and_remove_accent"]
    )
