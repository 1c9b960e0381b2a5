"""Encoders: a configuration, a tokenizer and weights, from the hub, a folder, or the shipped miniature."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase
from transformers.utils import logging

Weights = dict[str, Tensor]

MINIATURE = Path(__file__).parent / "benchmarks" / "miniature" / "encoder"


@dataclass(frozen=True)
class Encoder:
    """A pre-trained multilingual model, before any stage."""

    source: str
    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase
    weights: Weights
    """float32, by the names of the bare model; what the checkpoint lacks (XLM-R's pooler) belongs to the heads."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the weights: the root of the stage tree."""
        return weights_hash(self.weights)

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


def weights_hash(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].contiguous()
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=2)
def load(source: str) -> Encoder:
    """The encoder of a config's ``encoder``: ``miniature``, a folder, or a hub id; never with remote code."""
    path = str(MINIATURE) if source == "miniature" else source
    config = AutoConfig.from_pretrained(path)
    config.dtype = torch.float32
    tokenizer = AutoTokenizer.from_pretrained(path)
    with _without_report():
        model, loading = AutoModel.from_pretrained(path, dtype=torch.float32, output_loading_info=True)
    missing = set(loading["missing_keys"])
    weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items() if name not in missing}
    return Encoder(source, config, tokenizer, weights)


@contextmanager
def _without_report() -> Iterator[None]:
    """Keeps the table of missing and unexpected weights and the progress bar off the terminal: a missing head is no news here."""
    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()
