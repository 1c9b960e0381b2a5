"""The effect of each intermediate task on transfer, one number a task."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from search.analysis._arms import ScoreArray, collect_repeated_scores, collect_single_scores
from search.analysis._measures import build_overall_measure
from search.analysis._regression import build_nuisance_matrix


def estimate_task_effects(results: Mapping[str, Any]) -> tuple[dict[str, float], str]:
    """By task, by how much transfer is higher where a curriculum holds it; tasks without an identified effect are left out.

    Least squares over complete trials, with the settings of the targets, rates, noise and joint training as covariates: on test over
    fresh seeds, or on dev on the search's own seed if that identifies more tasks. Where every curriculum has one task, it is the
    difference from the baseline.

    Args:
        results: the document of ``results.json``.

    Returns:
        The effects, and what they are from, in words.
    """
    repeated, single = collect_repeated_scores(results), collect_single_scores(results)
    found = [
        (
            _regress(scored),
            f"{len(scored.arms)} trials, {scored.split}, {len(scored.seeds)} seed{'s' * (len(scored.seeds) > 1)}",
        )
        for scored in (repeated, single)
        if scored is not None and scored.has_transfer
    ]
    return max(found, key=lambda each: len(each[0]), default=({}, "no complete trial"))


def _regress(scored: ScoreArray) -> dict[str, float]:
    tasks = sorted({task for arm in scored.arms for stage in arm.stages for task in stage.tasks})
    columns = build_nuisance_matrix(scored.arms, "position", "")
    values = build_overall_measure(scored).average(scored.values).mean(1)
    coefficients, identified = np.linalg.pinv(columns) @ values, np.linalg.pinv(columns) @ columns
    return {
        task: float(coefficients[place])
        for place, task in enumerate(tasks, start=1)
        if abs(identified[place, place] - 1) < 1e-6
    }
