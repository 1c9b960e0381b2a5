"""Suggestions before a search: intermediate tasks and encoders ranked for the targets, by LogME and other measures of transferability."""

from search.suggestion._comparison import RankCorrelation, correlate_ranks
from search.suggestion._h_score import compute_h_score
from search.suggestion._logme import EvidenceFit, fit_evidence
from search.suggestion._measures import DEFAULT_MEASURE, Measure
from search.suggestion._suggestion import (
    DEFAULT_EXAMPLES,
    MIN_EXAMPLES,
    MeasuredEncoder,
    MeasuredTask,
    Suggestion,
    count_measurements,
    suggest_tasks,
    to_json,
)

__all__ = [
    "DEFAULT_EXAMPLES",
    "DEFAULT_MEASURE",
    "MIN_EXAMPLES",
    "EvidenceFit",
    "Measure",
    "MeasuredEncoder",
    "MeasuredTask",
    "RankCorrelation",
    "Suggestion",
    "compute_h_score",
    "correlate_ranks",
    "count_measurements",
    "fit_evidence",
    "suggest_tasks",
    "to_json",
]
