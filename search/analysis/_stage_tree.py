"""The stage tree as it was walked: what was trained, how often it was asked for, what it cost, what came of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from search.analysis._results_reader import read_stage

MAX_LEARNING_CURVES = 12
"""Trials whose learning curves are told."""


def summarise_stage_tree(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tree's nodes on the search's own seed, parents first; ``score`` is the best value of a trial through a node."""
    nodes: dict[str, dict[str, Any]] = {}
    for trial in results["trials"]:
        parent = None
        for task, told, target in _iterate_stages(trial):
            if "key" not in told:
                break
            node = nodes.setdefault(
                told["key"],
                {
                    "id": told["key"],
                    "parent": parent,
                    "task": task,
                    "words": str(read_stage(task, told)),
                    "seconds": told["seconds"],
                    "trained": 0,
                    "asked": 0,
                    "score": None,
                    "target": target,
                },
            )
            node["asked"] += 1
            node["trained"] += bool(told["trained"])
            if trial["value"] is not None:
                node["score"] = max(trial["value"], node["score"] or 0.0)
            parent = parent if target else told["key"]
    return list(nodes.values())


def list_learning_curves(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The training loss along every stage of the best trials, on the search's own seed; a stage that trials share once."""
    ranked = sorted(
        (trial for trial in results["trials"] if trial["value"] is not None), key=lambda trial: -trial["value"]
    )
    found: dict[str, dict[str, Any]] = {}
    for trial in ranked[:MAX_LEARNING_CURVES]:
        words: list[str] = []
        for task, told, target in _iterate_stages(trial):
            path = [*words, str(read_stage(task, told))]
            if told.get("losses"):
                found.setdefault(
                    told["key"],
                    {"stage": " > ".join(path), "task": task, "target": target, "points": told["losses"]},
                )
            words = words if target else path
    return list(found.values())


def _iterate_stages(trial: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Task, what is told of the stage, whether it is a target."""
    yield from ((stage["task"], stage, False) for stage in trial["curriculum"])
    yield from ((task, stage, True) for task, stage in trial["targets"].items())


def describe_pareto_front(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Every complete trial by both objectives; None with one."""
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


def describe_curriculum(trial: Mapping[str, Any]) -> str:
    """A trial's curriculum."""
    return " > ".join(str(read_stage(stage["task"], stage)) for stage in trial["curriculum"]) or "no intermediate stage"


def summarise_cost(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the search cost, and what sharing stages saved."""
    states = [trial["state"] for trial in results["trials"]]
    return {
        **results["sharing"],
        "trials": states.count("complete"),
        "pruned": states.count("pruned"),
        "failed": states.count("failed"),
    }
