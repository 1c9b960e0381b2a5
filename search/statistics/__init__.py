"""Intervals and tests for few seeds: Student's t, hierarchical means, the best of several finalists."""

from search.statistics._best_of_several import FinalistScores
from search.statistics._estimate import Estimate, adjust_holm, adjust_jointly
from search.statistics._hierarchical import estimate_hierarchical_mean, estimate_unit_variance
from search.statistics._interval import CONFIDENCE, Interval, compute_interval
from search.statistics._prior_variance import PriorVariance
from search.statistics._student_t import compute_deviations, compute_normal_tail, compute_p_value, draw_scale_factors

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
    "draw_scale_factors",
    "estimate_hierarchical_mean",
    "estimate_unit_variance",
]
