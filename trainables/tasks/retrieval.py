"""Sentence retrieval without training. Columns: source_sentence (any language), target_sentence (English)."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import Encoded, Feature, Metrics, Row


class Retrieval:
    """The translation of each sentence by cosine of mean-pooled states of a middle layer; scored by accuracy, as Tatoeba is."""

    metrics = ("accuracy",)
    second = ()

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModel.from_config(config)

    def encode(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        texts = [row[column] for row in rows for column in ("source_sentence", "target_sentence")]
        encoding = tokenizer(texts, truncation=True, max_length=max_length)
        features: list[Feature] = [{key: values[i] for key, values in encoding.items()} for i in range(len(texts))]
        return Encoded(features, [i // 2 for i in range(len(texts))])

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {column: rewrite(row[column]) for column in ("source_sentence", "target_sentence")}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """It predicts nothing: it has no head."""
        return []

    def outputs(self, model: PreTrainedModel, batch: Batch) -> list[Any]:
        states = model(**batch, output_hidden_states=True).hidden_states
        return list(mean_pooled(states[layer(model.config)], batch["attention_mask"]).float().cpu())

    def score(self, rows: Sequence[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        vectors = normalize(torch.stack(list(outputs)), dim=-1)
        found = (vectors[0::2] @ vectors[1::2].T).argmax(-1)
        return {"accuracy": (found == torch.arange(len(rows))).float().mean().item()}


def layer(config: PretrainedConfig) -> int:
    """The layer that is pooled: a little above the middle, 7 of 12 and 14 of 24, as for Tatoeba in X-STILTs (jiant)."""
    layers: int = config.num_hidden_layers
    return math.ceil(0.55 * layers)


def mean_pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the tokens that are not padding: [batch, length, width] to [batch, width]."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
