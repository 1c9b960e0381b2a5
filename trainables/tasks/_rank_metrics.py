"""Reciprocal rank and nDCG of rankings by scikit-learn, in 0..1.

The reciprocal rank is scikit-learn's label ranking average precision with the best relevant candidate as the only right one. Of
candidates with equal scores the relevant one counts as the last.
"""

from collections.abc import Collection, Hashable, Sequence

import numpy as np
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score
from torch import Tensor

from trainables.tasks._base import Metrics
from trainables.tasks._metrics import group_by_query

ALIGNED_METRICS = ("mrr", "ndcg")
"""The metrics of `compute_aligned_metrics`."""
QUERIES_IN_MEMORY = 256
"""Queries whose similarities to every candidate are in memory at a time."""


def compute_mrr(queries: Sequence[Hashable], grades: Sequence[int], scores: Sequence[float]) -> float:
    """Mean reciprocal rank over queries of the first relevant document: one with a grade above 0.

    As for `compute_ndcg`, queries with one document are left out, and a query without a relevant one counts as 0.

    Args:
        queries: the query of each document.
        grades: the grade of each document, at least 0.
        scores: the score of each document.

    Raises:
        ValueError: when no query has two documents.
    """
    rankings = group_by_query(queries, grades, scores)
    return sum(_compute_reciprocal_rank(grades, scores) for grades, scores in rankings) / len(rankings)


def _compute_reciprocal_rank(grades: Sequence[int], scores: Sequence[float]) -> float:
    relevant = [place for place, grade in enumerate(grades) if grade > 0]
    if not relevant:
        return 0.0
    best = max(relevant, key=scores.__getitem__)
    right = [[int(place == best) for place in range(len(grades))]]
    return float(label_ranking_average_precision_score(right, [scores]))


def compute_reciprocal_rank(hits: Sequence[bool]) -> float:
    """The reciprocal rank of the first hit, best rank first; 0 without one."""
    return _compute_reciprocal_rank([int(hit) for hit in hits], [float(-rank) for rank in range(len(hits))])


def compute_cut_ndcg(hits: Sequence[bool], relevant: int, k: int) -> float:
    """nDCG of the first k ranks of a ranking; 0 where nothing is relevant.

    Args:
        hits: whether the candidate at each rank is relevant, best rank first; at most k, fewer only if there are no more candidates.
        relevant: number of relevant candidates, ranked or not.
        k: ranks that count.
    """
    missing = relevant - sum(hits)
    # One more without gain: scikit-learn refuses a ranking of one candidate.
    gains = [*map(int, hits), *[1] * missing, 0]
    scores = [*range(len(hits), 0, -1), *[0] * missing, -1]
    return float(ndcg_score([gains], [scores], k=k)) if relevant else 0.0


def compute_aligned_metrics(names: Collection[str], queries: Tensor, candidates: Tensor) -> Metrics:
    """Mean over queries for which the candidate in the same place is the only right one.

    Args:
        names: of `ALIGNED_METRICS`.
        queries: unit vectors, [queries, width].
        candidates: unit vectors, [queries, width].
    """
    if not names:
        return {}
    totals = dict.fromkeys(names, 0.0)
    for start in range(0, len(queries), QUERIES_IN_MEMORY):
        scores = (queries[start : start + QUERIES_IN_MEMORY] @ candidates.T).double().numpy()
        # One more without gain: scikit-learn refuses a ranking of one candidate.
        scores = np.pad(scores, ((0, 0), (0, 1)), constant_values=-2.0)
        right = np.eye(len(scores), len(candidates) + 1, k=start)
        for name in names:
            compute = label_ranking_average_precision_score if name == "mrr" else ndcg_score
            totals[name] += float(compute(right, scores)) * len(scores)
    return {name: total / len(queries) for name, total in totals.items()}
