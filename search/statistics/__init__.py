"""Intervals and tests for few seeds: Student's t, hierarchical means, the best of several."""

from search.statistics._best_of_several import FinalistScores
from search.statistics._hierarchical import (
    Estimate,
    PriorVariance,
    adjust_holm,
    adjust_jointly,
    estimate_hierarchical_mean,
    estimate_unit_variance,
)
from search.statistics._interval import CONFIDENCE, Interval, compute_interval
from search.statistics._student_t import compute_deviations, compute_normal_tail, compute_p_value

__all__ = [
    "CONFIDENCE",
    "Estimate",
    "FinalistScores",
    "Interval",
    "PriorVariance",
    "adjust_holm",
    "adjust_jointly",
    "compute_deviations",
    "compute_interval",
    "compute_normal_tail",
    "compute_p_value",
    "estimate_hierarchical_mean",
    "estimate_unit_variance",
]
