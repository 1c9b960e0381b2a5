"""Checks of scores from a store or a journal, to which others may write. Imports no torch."""

import re
from collections.abc import Collection
from typing import Any

from trainables.ranges import SCORE_TOLERANCE
from trainables.transfer import OFFICIAL_PREFIX

_METRIC_NAME = re.compile(r"[a-z0-9_@]{1,40}")


def explain_invalid_scores(scores: Any, names: Collection[str], metrics: Collection[str]) -> str:
    """Why `scores` are not valid scores by name and metric, as text; empty if they are.

    Args:
        scores: as read.
        names: of everything that was scored: languages, pairs of languages, or tasks.
        metrics: of the task kind; official ones may be missing, since older versions did not have them.
    """
    if not isinstance(scores, dict) or scores.keys() != set(names):
        return "are of other languages, pairs or tasks than expected"
    for name, row in scores.items():
        if wrong := explain_invalid_metrics(row, metrics):
            return f"of {name} {wrong}"
    return ""


def explain_invalid_metrics(row: Any, metrics: Collection[str]) -> str:
    """Why `row` is not a score in 0..1 for every metric, as text; empty if it is."""
    if not isinstance(row, dict) or not row.keys() >= {
        each for each in metrics if not each.startswith(OFFICIAL_PREFIX)
    }:
        return "lack a metric"
    for metric, score in row.items():
        if metric not in metrics and not _METRIC_NAME.fullmatch(metric):
            return "have an invalid metric name"
        if (
            isinstance(score, bool)
            or not isinstance(score, int | float)
            or not -SCORE_TOLERANCE <= score <= 1 + SCORE_TOLERANCE
        ):
            return f"have {str(score)[:40]} for {metric}, which is from 0 to 1"
    return ""
