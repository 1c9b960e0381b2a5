"""The analysis of a search from ``results.json`` alone: effects, importance, noise, forgetting, selection rules."""

from search.analysis._analysis import analyse_results
from search.analysis._arms import Arm, collect_repeated_scores
from search.analysis._curricula import analyse_curricula
from search.analysis._environments import count_environments, describe_mixed_environments, find_differences
from search.analysis._measures import MIN_FAMILIES
from search.analysis._results_reader import describe_curriculum, list_failures, read_trial
from search.analysis._task_effects import estimate_task_effects

__all__ = [
    "MIN_FAMILIES",
    "Arm",
    "analyse_curricula",
    "analyse_results",
    "collect_repeated_scores",
    "count_environments",
    "describe_curriculum",
    "describe_mixed_environments",
    "estimate_task_effects",
    "find_differences",
    "list_failures",
    "read_trial",
]
