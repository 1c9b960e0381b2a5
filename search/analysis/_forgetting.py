"""Forgetting: the score that intermediate tasks lose after later stages."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from search.statistics import Estimate, compute_interval

CURRICULUM_END = "the whole curriculum"

TaskLoss = tuple[str, str, float]
"""A task, the later task, and the task's score right after its own stage minus its score after the later one."""


def analyse_forgetting(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The mean loss over curricula for each task and the task right after it, and for each task at the end of the curriculum.

    Scores are of the task's own head on training rows. Intervals are Student's t over fresh seeds; none with one seed.
    """
    losses_by_pair: dict[tuple[str, str], dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for number, seed, retained in _iterate_retention(results):
        for task, after, lost in _iterate_losses(retained):
            losses_by_pair[task, after][number][seed] = lost
    return [
        {"task": task, "after": after, "curricula": len(losses), "lost": _estimate_loss(losses).to_json()}
        for (task, after), losses in sorted(
            losses_by_pair.items(), key=lambda item: (item[0][0], item[0][1] != CURRICULUM_END, item[0][1])
        )
    ]


def _iterate_retention(results: Mapping[str, Any]) -> Iterator[tuple[int, int, Sequence[Mapping[str, Any]]]]:
    """Trial, seed and retention along each curriculum: on fresh seeds if any trial has them, else on the search's own."""
    trials = [trial for trial in results["trials"] if trial["state"] == "complete"]
    several = [(trial, entry) for trial in trials for entry in trial["seeds"] if len(trial["curriculum"]) > 1]
    repeated = [pair for pair in several if any(stage.get("retained") for stage in pair[1].get("stages", ()))]
    for trial, entry in repeated:
        stages = [stage for stage in entry.get("stages", ()) if not stage["target"]]
        yield trial["number"], entry["seed"], [stage.get("retained") or {} for stage in stages]
    for trial in trials if not repeated else ():
        yield trial["number"], results["seed"], [stage.get("retained") or {} for stage in trial["curriculum"]]


def _iterate_losses(retained: Sequence[Mapping[str, Any]]) -> Iterator[TaskLoss]:
    own = [sorted(now.keys() - before.keys()) for before, now in zip(({}, *retained), retained, strict=False)]
    for place, tasks in enumerate(own[:-1]):
        for task in tasks:
            first = _get_main_metric(retained[place][task])
            if task in retained[place + 1]:
                yield (
                    task,
                    " and ".join(own[place + 1]) or "another stage",
                    first - _get_main_metric(retained[place + 1][task]),
                )
            if task in retained[-1]:
                yield task, CURRICULUM_END, first - _get_main_metric(retained[-1][task])


def _get_main_metric(metrics: Mapping[str, float]) -> float:
    """The task's main metric, which comes first."""
    return next(iter(metrics.values()))


def _estimate_loss(losses: Mapping[int, Mapping[int, float]]) -> Estimate:
    """Over the seeds that all curricula share; without one, the mean alone, as curricula are not seeds."""
    by_curriculum = list(losses.values())
    shared = set.intersection(*(set(each) for each in by_curriculum))
    if not shared:
        return Estimate(fmean(fmean(each.values()) for each in by_curriculum), None, None, 1)
    interval = compute_interval([fmean(each[seed] for each in by_curriculum) for seed in sorted(shared)]).clip(
        -1.0, 1.0
    )
    return Estimate(interval.mean, interval.low, interval.high, interval.seeds)
