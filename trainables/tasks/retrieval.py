"""Sentence retrieval without training. Columns: source_sentence (any language), target_sentence (English)."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.batches import Batch
from trainables.benchmarks.rows import Row
from trainables.curriculum import Pooling
from trainables.languages import SOURCE_LANGUAGE
from trainables.tasks.base import Encoded, Metrics, TaskKind
from trainables.tokens import Feature, Tokens, row_languages


@dataclass(frozen=True, slots=True)
class Pooled:
    """Which states stand for a sentence."""

    layer: int | None = None
    """From 0, the embeddings, up; None: the kind's own."""
    pooling: Pooling = "mean"
    """Over all tokens, or the first one alone."""


USUAL = Pooled()


@dataclass(frozen=True)
class Retrieval(TaskKind):
    """The English translation of each sentence by cosine of pooled states of a layer; scored by accuracy."""

    metrics = ("accuracy",)
    pooled: Pooled = USUAL

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModel.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        texts = [row[column] for row in rows for column in ("source_sentence", "target_sentence")]
        languages = [language for row in rows for language in row_languages(row, SOURCE_LANGUAGE)]
        features = tokens.pairs(texts, None, max_length, [(language, language) for language in languages])
        return Encoded(features, [i // 2 for i in range(len(texts))])

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {column: rewrite(row[column]) for column in ("source_sentence", "target_sentence")}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """It predicts nothing: it has no head."""
        return []

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        layers = model(**batch, output_hidden_states=True).hidden_states
        layer = self.layer(model.config.num_hidden_layers) if self.pooled.layer is None else self.pooled.layer
        states, mean = layers[layer], self.pooled.pooling == "mean"
        return list((mean_pooled(states, batch["attention_mask"]) if mean else states[:, 0]).float().cpu())

    def layer(self, layers: int) -> int:
        """The kind's own layer of so many: a little above the middle, 7 of 12 and 14 of 24, as for Tatoeba in X-STILTs (jiant).

        XTREME's script takes 8 of mBERT's 12 and 14 of XLM-R large's 24: it counts from 0, the first layer's output.
        """
        return math.ceil(0.55 * layers)

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        return {"accuracy": _found(outputs[0::2], outputs[1::2])}


class RetrievalFromEnglish(Retrieval):
    """The other way round, as Tatoeba is in XTREME: each English sentence looks for its translation."""

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        return {"accuracy": _found(outputs[1::2], outputs[0::2])}


def _found(asking: Sequence[Tensor], asked: Sequence[Tensor]) -> float:
    """Share of the vectors whose nearest by cosine, among the others, is the one in the same place."""
    queries, others = (normalize(torch.stack(list(vectors)), dim=-1) for vectors in (asking, asked))
    nearest = (queries @ others.T).argmax(-1)
    return (nearest == torch.arange(len(nearest))).float().mean().item()


def mean_pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the tokens that are not padding: [batch, length, width] to [batch, width]."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
