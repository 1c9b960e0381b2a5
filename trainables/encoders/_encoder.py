"""Encoders: configuration, tokenizer and weights, from the hub, a folder, or the shipped miniature."""

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
from trainables.encoders._architectures import get_encoder_class
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
"""Fields of a configuration that do not change any result: names, settings of heads, which are replaced, and the files' precision
(weights are read as float32)."""
dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0
"""Make transformers refuse code of an encoder's repository where it would ask on the terminal, in every class that the files may name."""
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
        """float32, by the names of the bare model; weights that the checkpoint lacks (XLM-R's pooler) belong to the heads."""
        # transformers would convert a hub repository without safetensors in a background thread, over the network.
        os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
        with _name_encoder_in_errors(self.source):
            files, meta_model = find_weight_files(self.source), build_meta_model(self.config)
            check_weight_files(files, meta_model, values=False)
            check_memory(meta_model)
            with convert_to_data_error(), suppress_loading_report():
                model, loading = get_encoder_class(self.config).from_pretrained(
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
        """SHA-256 of weights, effective configuration and tokenizer: the key of the root of the stage tree."""
        content = {
            "weights": hash_weights(self.weights),
            "config": extract_effective_config(self.config),
            "tokenizer": self.tokenizer.fingerprint,
            "tokenized": ENCODING_VERSION,
        }
        return digest_json(content)

    @cached_property
    def tokenizer(self) -> EncoderTokenizer:
        """Encodes texts for this encoder."""
        return EncoderTokenizer(self.pretrained_tokenizer, self.config)

    @property
    def embeddings(self) -> Tensor:
        """The token embeddings, [vocabulary, width]."""
        return self.weights[self._embedding_name]

    @cached_property
    def _embedding_name(self) -> str:
        """The name of the table of token embeddings among the weights."""
        model = build_meta_model(self.config)
        table = model.get_input_embeddings().weight
        names = [name for name, each in model.named_parameters(remove_duplicate=False) if each is table]
        return next(str(name) for name in names if name in self.weights)

    @cached_property
    def parameter_count(self) -> int:
        """The number of its weights, by its configuration; no weights are read."""
        return sum(each.numel() for each in build_meta_model(self.config).parameters())

    @cached_property
    def embedding_norm(self) -> float:
        """Mean L2 norm of the token embeddings: the unit of every noise magnitude."""
        return float(self.embeddings.norm(dim=-1).mean())


def extract_effective_config(config: PretrainedConfig) -> dict[str, Any]:
    """The fields of a configuration that change a model's results and differ from their architecture's default."""
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
    """Load an encoder; remote code is never run. Its weights are read when they are first used.

    Args:
        source: a config's ``encoder``: ``miniature``, a folder, or a hub id.

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
        meta_model = build_meta_model(config)
        if config.model_type == "xlm":
            tokenizer = _load_xlm_tokenizer(path, config)
        else:
            tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
        encoder = Encoder(source, config, tokenizer)
        check_tokenizer(tokenizer, encoder.tokenizer, meta_model)
    return encoder


def fetch_encoder_weights(source: str) -> None:
    """Download an encoder's weights if necessary, and check them, so that problems show before the training.

    Raises:
        DataError: when there are none, or they do not belong to the encoder.
    """
    with _name_encoder_in_errors(source):
        check_weight_files(find_weight_files(source), build_meta_model(load_encoder(source).config), values=True)


def find_weight_files(source: str) -> list[Path]:
    """The files of an encoder's weights, downloaded from the hub if necessary.

    Raises:
        DataError: when there are none, or they are no regular files of its own folder.
    """
    path = resolve_encoder_path(source)
    with convert_to_data_error():
        found = next((Path(file) for name in WEIGHT_FILES if (file := cached_file(path, name, **_OPTIONAL_FILE))), None)
        if found is None:
            raise DataError(f"it has no weights: none of {', '.join(WEIGHT_FILES)}")
        check_regular_file(found, found.parent)
        if found.suffix != ".json":
            return [found]
        if not Path(path).is_dir():
            get_checkpoint_shard_files(path, found)
        return find_shards(found, found.parent)


@contextmanager
def _name_encoder_in_errors(source: str) -> Iterator[None]:
    """Add the encoder's name to a DataError."""
    try:
        yield
    except DataError as error:
        problem = f"cannot be used: {error}".replace("cannot be used: it cannot be read: ", "cannot be read: ")
        raise DataError(f"the encoder {source} {problem}") from error


def _find_document_folder(path: str) -> Path:
    """The folder of an encoder's documents: its own, or that of the hub's cache, with the documents that decide what is loaded."""
    if Path(path).is_dir():
        return Path(path)
    found = cached_file(path, CONFIG_FILE)
    assert found is not None, "it raises where there is none"
    for name in (TOKENIZER_CONFIG_FILE, *[ADAPTER_FILE] * bool(find_spec("peft"))):
        cached_file(path, name, **_OPTIONAL_FILE)
    return Path(found).parent


def resolve_encoder_path(source: str) -> str:
    """The path or hub id that an encoder is read from: a mirror of it if there is one, else `source`."""
    if source == "miniature":
        return str(MINIATURE_FOLDER)
    mirror = find_encoder_mirror(source)
    return source if mirror is None else str(mirror)


def _load_xlm_tokenizer(path: str, config: PretrainedConfig) -> PreTrainedTokenizerBase:
    if find_spec("sacremoses") is None:
        raise DataError("the tokenizer of XLM needs the package sacremoses: pip install xlt-search[xlm]")
    # Of the multilingual models only XLM-17 and XLM-100 have no language embeddings, and keep case and accents; unless the files say so,
    # the tokenizer would remove these.
    lowercase = config.n_langs == 1 or config.use_lang_emb
    settings = {"do_lowercase_and_remove_accent": lowercase} | get_tokenizer_config(path, trust_remote_code=False)
    return XLMTokenizer.from_pretrained(
        path, trust_remote_code=False, do_lowercase_and_remove_accent=settings["do_lowercase_and_remove_accent"]
    )
