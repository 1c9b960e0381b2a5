"""Sentence retrieval without training. Columns: source_sentence (any language), target_sentence (English)."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.curriculum import Pooling
from trainables.encoders import Batch, EncoderTokenizer, Feature, get_encoder_class, get_row_languages
from trainables.languages import SOURCE_LANGUAGE
from trainables.tasks._base import EncodedRows, Metrics, TaskKind
from trainables.tasks._rank_metrics import ALIGNED_METRICS, compute_aligned_metrics


@dataclass(frozen=True, slots=True)
class SentencePooling:
    """How a sentence vector is computed from the hidden states."""

    layer: int | None = None
    """Number of the layer, from 0, the embeddings; None: the task kind's default."""
    pooling: Pooling = "mean"
    """The mean over all tokens, or the first token."""


DEFAULT_POOLING = SentencePooling()


@dataclass(frozen=True)
class Retrieval(TaskKind):
    """Retrieval of each sentence's English translation by the cosine of sentence vectors; scored by accuracy."""

    sentence_pooling: SentencePooling = DEFAULT_POOLING
    metrics: tuple[str, ...] = ("accuracy",)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        model: PreTrainedModel = get_encoder_class(config).from_config(config)
        return model

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        texts = [row[column] for row in rows for column in ("source_sentence", "target_sentence")]
        languages = [language for row in rows for language in get_row_languages(row, SOURCE_LANGUAGE)]
        features = tokens.encode_pairs(texts, None, max_length, [(language, language) for language in languages])
        return EncodedRows(features, [i // 2 for i in range(len(texts))])

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {column: rewrite(row[column]) for column in ("source_sentence", "target_sentence")}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """None: the kind has no head."""
        return []

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        layers = model(**batch, output_hidden_states=True).hidden_states
        layer = (
            self.get_default_layer(model.config.num_hidden_layers)
            if self.sentence_pooling.layer is None
            else self.sentence_pooling.layer
        )
        states, mean = layers[layer], self.sentence_pooling.pooling == "mean"
        return list((pool_mean(states, batch["attention_mask"]) if mean else states[:, 0]).float().cpu())

    def get_default_layer(self, layers: int) -> int:
        """The default layer of a model with `layers` layers: a little above the middle, 7 of 12 and 14 of 24, as for Tatoeba in X-STILTs
        (jiant).

        XTREME's script takes 8 of mBERT's 12 and 14 of XLM-R large's 24: it counts from 0 for the output of the first layer.
        """
        return math.ceil(0.55 * layers)

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        return self._score_queries(outputs[0::2], outputs[1::2])

    def _score_queries(self, query_vectors: Sequence[Tensor], candidate_vectors: Sequence[Tensor]) -> Metrics:
        """Every metric of queries for which the candidate in the same place is the right one."""
        queries, others = (
            normalize(torch.stack(list(vectors)), dim=-1) for vectors in (query_vectors, candidate_vectors)
        )
        ranked = [metric for metric in self.metrics if metric in ALIGNED_METRICS]
        return {"accuracy": _compute_retrieval_accuracy(queries, others)} | compute_aligned_metrics(
            ranked, queries, others
        )


class RetrievalFromEnglish(Retrieval):
    """Retrieval of the translation of each English sentence, as Tatoeba is scored in XTREME."""

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        return self._score_queries(outputs[1::2], outputs[0::2])


def _compute_retrieval_accuracy(queries: Tensor, others: Tensor) -> float:
    """Share of the unit query vectors whose nearest candidate is the one in the same place."""
    nearest = (queries @ others.T).argmax(-1)
    return (nearest == torch.arange(len(nearest))).float().mean().item()


def pool_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the tokens that are not padding: [batch, length, width] to [batch, width]."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
