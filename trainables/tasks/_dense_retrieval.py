"""Retrieval by one encoder for both sides. Columns to train on: query, candidate, candidate_pair; to score: query, answered_by.

Candidates have the columns candidate, candidate_pair and answers: every ``answered_by`` for which they are relevant.
"""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from types import MethodType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import Batch, EncoderTokenizer, Feature, get_encoder_class, get_row_languages
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities
from trainables.tasks._metrics import compute_average_precision
from trainables.tasks._rank_metrics import compute_cut_ndcg, compute_reciprocal_rank

RANKING_DEPTH = 20
"""Ranks that are scored: mAP@20, as in XTREME-R."""
SIMILARITY_SCALE = 100.0
"""Factor of the cosines before the softmax: the initial value of XTREME-R's dual encoders, where it hardly changes in training."""


class RetrievedCandidates(NamedTuple):
    """The ranking of the candidates for a query."""

    hits: list[bool]
    """Whether the candidate is relevant, for each of the first `RANKING_DEPTH` ranks."""
    relevant: int
    """The number of relevant candidates."""


class DenseRetrieval(TaskKind):
    """Retrieval by the cosine of first-token vectors, trained with the batch's other candidates as negatives; scored by mAP@20."""

    metrics = ("map@20",)
    scored_by_row = False
    """It is scored against all candidates, which the training rows do not hold."""

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        """The bare model; its output on pairs of texts has a loss."""
        model: PreTrainedModel = get_encoder_class(config).from_config(config)
        model.forward = MethodType(_forward_with_loss, model)
        return model

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """Features of queries, of candidates, or of both side by side, depending on the columns."""
        sides = []
        if "query" in rows[0]:
            sides.append([(row["query"], None) for row in rows])
        if "candidate" in rows[0]:
            sides.append([(row["candidate"], row.get("candidate_pair")) for row in rows])
        languages = [get_row_languages(row) for row in rows]
        encoded = [_encode_texts(side, tokens, max_length, languages) for side in sides]
        if len(encoded) == 1:
            return EncodedRows(encoded[0], list(range(len(rows))))
        features = [
            {key: [query[key], candidate[key]] for key in query} for query, candidate in zip(*encoded, strict=True)
        ]
        return EncodedRows(features, list(range(len(rows))))

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {
            name: rewrite(row[name]) for name in ("query", "candidate", "candidate_pair") if row.get(name) is not None
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """For each query, over the batch's candidates."""
        return [compute_log_probabilities(output.logits)]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """The unit vector of each text."""
        return list(_embed_texts(model, batch).cpu())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        """Every metric; `outputs` are `RetrievedCandidates`, one for each query."""
        return {metric: fmean(_RANKING_SCORES[metric](found) for found in outputs) for metric in self.metrics}


def _score_precision(found: RetrievedCandidates) -> float:
    """Average precision of a ranking; 0 where no candidate is relevant."""
    return compute_average_precision(found.hits, found.relevant, RANKING_DEPTH) if found.relevant else 0.0


def _score_first_hit(found: RetrievedCandidates) -> float:
    return compute_reciprocal_rank(found.hits)


def _score_gains(found: RetrievedCandidates) -> float:
    return compute_cut_ndcg(found.hits, found.relevant, RANKING_DEPTH)


_RANKING_SCORES: dict[str, Callable[[RetrievedCandidates], float]] = {
    f"map@{RANKING_DEPTH}": _score_precision,
    f"mrr@{RANKING_DEPTH}": _score_first_hit,
    f"ndcg@{RANKING_DEPTH}": _score_gains,
}
"""The metrics of the first `RANKING_DEPTH` ranks."""


def _encode_texts(
    side: Sequence[tuple[str, str | None]],
    tokens: EncoderTokenizer,
    max_length: int,
    languages: Sequence[tuple[str, str]],
) -> list[Feature]:
    firsts, seconds = zip(*side, strict=True)
    return tokens.encode_pairs(firsts, None if seconds[0] is None else seconds, max_length, languages)


def _embed_texts(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Unit vectors of texts, float32 at least: [texts, width]."""
    states = type(model).forward(model, **batch).last_hidden_state[:, 0]
    return normalize(states.to(torch.promote_types(states.dtype, torch.float32)), dim=-1)


def _forward_with_loss(model: PreTrainedModel, **batch: Tensor) -> ModelOutput:
    """Logits of every query for every candidate, [batch, batch], and their cross-entropy; the inputs are of shape [batch, 2, length]."""
    vectors = _embed_texts(model, {key: value.flatten(0, 1) for key, value in batch.items()})
    with torch.autocast(vectors.device.type, enabled=False):
        logits = SIMILARITY_SCALE * vectors[0::2] @ vectors[1::2].T
    loss = cross_entropy(logits, torch.arange(len(logits), device=logits.device))
    return ModelOutput(loss=loss, logits=logits)
