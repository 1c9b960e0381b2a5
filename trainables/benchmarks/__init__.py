"""Benchmarks: which tasks there are (`catalogue`, no torch) and their data (`load`)."""

from typing import TYPE_CHECKING

from trainables.benchmarks.catalogue import BENCHMARKS, LANGUAGES_OF, Card, catalogue

if TYPE_CHECKING:
    from trainables.tasks import TaskData

__all__ = ["BENCHMARKS", "LANGUAGES_OF", "Card", "catalogue", "load"]


def load(benchmark: str, task: str) -> "TaskData":
    """The data of a benchmark's task, as `trainables.tasks.TaskData`."""
    assert benchmark == "miniature", benchmark
    from trainables.benchmarks.miniature.tasks import load as load_miniature

    return load_miniature(task)
