"""Scores a model on a task's splits and languages, and what it has retained of earlier tasks."""

from trainables.evaluation._evaluation import Evaluation, plan_evaluations, read_stored_scores, score_evaluations
from trainables.evaluation._retention import (
    RetainedScores,
    RetentionScorer,
    extract_heads,
    join_heads,
    keep_heads_in_memory,
    read_heads_from_store,
)

__all__ = [
    "Evaluation",
    "RetainedScores",
    "RetentionScorer",
    "extract_heads",
    "join_heads",
    "keep_heads_in_memory",
    "plan_evaluations",
    "read_heads_from_store",
    "read_stored_scores",
    "score_evaluations",
]
