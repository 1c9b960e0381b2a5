"""Reciprocal ranks and nDCG against torchmetrics and plain arithmetic."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize
from torchmetrics.functional.retrieval import retrieval_normalized_dcg, retrieval_reciprocal_rank

from trainables.tasks import RANKING_DEPTH, RetrievedCandidates, get_task_kind
from trainables.tasks import _rank_metrics as module
from trainables.tasks._rank_metrics import (
    compute_aligned_metrics,
    compute_cut_ndcg,
    compute_mrr,
    compute_reciprocal_rank,
)

MANY = settings(max_examples=50, deadline=None, derandomize=True, database=None)
# torchmetrics counts a document with a score of 0 or less as not found.
seeds = st.integers(0, 2**32 - 1)


@MANY
@given(st.integers(1, 6), st.integers(2, 6), seeds)
def test_mrr_is_torchmetrics_mean_over_the_queries(queries, documents, seed):
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 3, (queries, documents))
    scores = np.stack([rng.permutation(documents) for _ in range(queries)]).astype(float)
    expected = [
        retrieval_reciprocal_rank(torch.tensor(score) + 1, torch.tensor(grade) > 0).item()
        for score, grade in zip(scores, grades, strict=True)
    ]
    names = np.repeat(np.arange(queries), documents).tolist()
    found = compute_mrr(names, grades.flatten().tolist(), scores.flatten().tolist())
    assert found == pytest.approx(sum(expected) / queries)


def test_a_query_with_one_document_is_left_out_and_one_without_a_relevant_one_counts_as_0():
    assert compute_mrr(["a", "b", "b", "c", "c"], [1, 0, 2, 0, 0], [1.0, 0.9, 0.5, 0.2, 0.1]) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="two documents or more, got none among 1 queries"):
        compute_mrr(["a"], [1], [0.5])


def test_among_equal_scores_the_relevant_document_is_the_last():
    assert compute_mrr(["a"] * 3, [1, 0, 0], [0.5] * 3) == pytest.approx(1 / 3)


@MANY
@given(st.lists(st.booleans(), max_size=RANKING_DEPTH), st.integers(0, 30))
def test_the_first_ranks_are_scored_as_by_their_equations(hits, missing):
    unranked = missing if len(hits) == RANKING_DEPTH else 0
    relevant = sum(hits) + unranked
    first = next((rank for rank, hit in enumerate(hits, start=1) if hit), None)
    assert compute_reciprocal_rank(hits) == pytest.approx(1 / first if first else 0.0)
    gain = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits, start=1))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(relevant, RANKING_DEPTH) + 1))
    assert compute_cut_ndcg(hits, relevant, RANKING_DEPTH) == pytest.approx(gain / ideal if ideal else 0.0)


def test_dense_retrieval_has_each_of_its_metrics():
    outputs = [RetrievedCandidates([False, True, True], 2), RetrievedCandidates([False] * 3, 0)]
    for metric in ("map@20", "mrr@20", "ndcg@20"):
        scores = get_task_kind("dense_retrieval", metric).score([], None, outputs, ())
        assert tuple(scores) == tuple(dict.fromkeys((metric, "map@20")))
    assert get_task_kind("dense_retrieval", "mrr@20").score([], None, outputs, ())["mrr@20"] == pytest.approx(0.25)


@MANY
@given(st.integers(1, 9), st.integers(1, 4), seeds)
def test_queries_with_one_right_candidate_are_scored_as_by_torchmetrics(count, block, seed):
    generator = torch.Generator().manual_seed(seed)
    queries, candidates = (normalize(torch.randn(count, 5, generator=generator), dim=-1) for _ in range(2))
    before, module.QUERIES_IN_MEMORY = module.QUERIES_IN_MEMORY, block
    try:
        scores = compute_aligned_metrics(("mrr", "ndcg"), queries, candidates)
    finally:
        module.QUERIES_IN_MEMORY = before
    right = torch.eye(count, dtype=torch.long)
    rows = list(zip(queries @ candidates.T + 2, right, strict=True))
    expected = {
        "mrr": sum(retrieval_reciprocal_rank(score, relevant).item() for score, relevant in rows) / count,
        "ndcg": sum(retrieval_normalized_dcg(score, relevant).item() for score, relevant in rows) / count,
    }
    assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", ["retrieval", "retrieval_from_english"])
def test_retrieval_is_scored_by_the_metric_of_the_task_beside_accuracy(kind):
    vectors = [torch.tensor(each) for each in ([1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.1])]
    scores = get_task_kind(kind, "mrr").score([], None, vectors, ())
    assert scores == {"accuracy": 0.0, "mrr": pytest.approx(0.5)}
    assert tuple(get_task_kind(kind).score([], None, vectors, ())) == ("accuracy",)


def test_ranking_is_scored_by_the_metric_of_the_task_beside_its_own():
    rows = [{"text": "a", "label": grade} for grade in (0, 2, 1)]
    outputs = [(1, 0.9), (2, 0.5), (0, 0.1)]
    plain, by_rank = (get_task_kind("ranking", metric).score(rows, None, outputs, ()) for metric in ("", "mrr"))
    assert by_rank == plain | {"mrr": pytest.approx(0.5)}
