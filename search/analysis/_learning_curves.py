"""Learning curves: the training loss of the stages of the best trials."""

from collections.abc import Mapping
from typing import Any

from search.analysis._results_reader import iterate_stages, read_stage

MAX_LEARNING_CURVES = 12
"""Number of best trials whose learning curves are listed."""


def list_learning_curves(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The training loss of every stage of the best trials on the search's own seed; a shared stage is listed once."""
    ranked = sorted(
        (trial for trial in results["trials"] if trial["value"] is not None), key=lambda trial: -trial["value"]
    )
    curves: dict[str, dict[str, Any]] = {}
    for trial in ranked[:MAX_LEARNING_CURVES]:
        words: list[str] = []
        for task, entry, target in iterate_stages(trial):
            path = [*words, str(read_stage(task, entry))]
            if entry.get("losses"):
                curves.setdefault(
                    entry["key"],
                    {"stage": " > ".join(path), "task": task, "target": target, "points": entry["losses"]},
                )
            words = words if target else path
    return list(curves.values())
