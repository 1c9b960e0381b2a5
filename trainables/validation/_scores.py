"""What scores may be: a store's, or a journal's, were written by whoever can write there. No torch here."""

import re
from collections.abc import Collection
from typing import Any

from trainables.ranges import SCORE_TOLERANCE
from trainables.transfer import OFFICIAL_PREFIX

_METRIC_NAME = re.compile(r"[a-z0-9_@]{1,40}")


def explain_invalid_scores(scores: Any, names: Collection[str], metrics: Collection[str]) -> str:
    """Why this is not every metric by name, in words; empty if it is.

    Args:
        scores: as they were read.
        names: of all that was scored: languages, pairs of them, tasks.
        metrics: of the task's kind; official ones may be missing, since older versions did not have them.
    """
    if not isinstance(scores, dict) or scores.keys() != set(names):
        return "are not those of what was to be scored"
    for name, row in scores.items():
        if wrong := explain_invalid_metrics(row, metrics):
            return f"of {name} {wrong}"
    return ""


def explain_invalid_metrics(row: Any, metrics: Collection[str]) -> str:
    """The same of one row of scores: every metric, in 0..1."""
    if not isinstance(row, dict) or not row.keys() >= {
        each for each in metrics if not each.startswith(OFFICIAL_PREFIX)
    }:
        return "lack a metric"
    for metric, score in row.items():
        if not _METRIC_NAME.fullmatch(metric):
            return "have a metric with no name of one"
        if (
            isinstance(score, bool)
            or not isinstance(score, int | float)
            or not -SCORE_TOLERANCE <= score <= 1 + SCORE_TOLERANCE
        ):
            return f"have {str(score)[:40]} for {metric}, which is from 0 to 1"
    return ""
