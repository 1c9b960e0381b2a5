"""The cost of a search, and what shared stages saved."""

from collections.abc import Mapping
from typing import Any


def summarise_cost(results: Mapping[str, Any]) -> dict[str, Any]:
    """Requested and trained stages and seconds, and trials by state."""
    states = [trial["state"] for trial in results["trials"]]
    return {
        **results["sharing"],
        "trials": states.count("complete"),
        "pruned": states.count("pruned"),
        "failed": states.count("failed"),
    }
