"""The stage tree: how often each stage was trained and requested, its cost, the best value of a trial that contains it."""

from collections.abc import Mapping
from typing import Any

from search.analysis._results_reader import iterate_stages, read_stage


def summarise_stage_tree(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stages on the search's own seed, parents first; ``score`` is the best value of a trial that contains the stage."""
    nodes: dict[str, dict[str, Any]] = {}
    for trial in results["trials"]:
        parent = None
        for task, entry, target in iterate_stages(trial):
            if "key" not in entry:
                break
            node = nodes.setdefault(
                entry["key"],
                {
                    "id": entry["key"],
                    "parent": parent,
                    "task": task,
                    "words": str(read_stage(task, entry)),
                    "seconds": entry["seconds"],
                    "trained": 0,
                    "asked": 0,
                    "score": None,
                    "target": target,
                },
            )
            node["asked"] += 1
            node["trained"] += bool(entry["trained"])
            if trial["value"] is not None:
                node["score"] = max(trial["value"], node["score"] or 0.0)
            parent = parent if target else entry["key"]
    return list(nodes.values())
