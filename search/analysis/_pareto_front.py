"""The Pareto front of the two objectives."""

from collections.abc import Mapping
from typing import Any

from search.analysis._results_reader import describe_curriculum


def describe_pareto_front(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Both objectives of every complete trial; None with one objective."""
    second = results["second_objective"]
    if second is None:
        return None
    return {
        "second": second["name"],
        "direction": second["direction"],
        "points": [
            {
                "trial": trial["number"],
                "value": trial["value"],
                "second": trial["second_value"],
                "unbeaten": trial["number"] in results["front"],
                "words": describe_curriculum(trial),
            }
            for trial in results["trials"]
            if trial["value"] is not None and trial.get("second_value") is not None
        ],
    }
