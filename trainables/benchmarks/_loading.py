"""Loads the data of a benchmark's tasks, and its synonyms."""

from dataclasses import replace
from typing import TYPE_CHECKING

from trainables.benchmarks._catalogue import get_task_catalogue
from trainables.languages import SOURCE_LANGUAGE
from trainables.own_tasks import OwnTask

if TYPE_CHECKING:
    from trainables.cards import TaskData
    from trainables.synonyms import Synonyms


BENCHMARKS_WITH_SYNONYMS = frozenset({"miniature"})
"""The benchmarks with synonyms of their own for ``augmentation``; others need a file."""


def load_task(
    benchmark: str,
    task: str,
    own_tasks: tuple[OwnTask, ...] = (),
    source: tuple[str, ...] = (SOURCE_LANGUAGE,),
) -> "TaskData":
    """The data of a benchmark's task, a target's training rows in the source languages; its rows are read when they are iterated."""
    card = get_task_catalogue(benchmark, own_tasks, source)[task]
    if card.parts is not None:
        from trainables.benchmarks.hub import load_hub_task

        return load_hub_task(card, card.parts)
    from trainables.benchmarks.miniature.world import load_miniature_task

    return replace(load_miniature_task(task), metric=card.metric)


def load_benchmark_synonyms(benchmark: str) -> "Synonyms":
    """The synonyms of a benchmark of `BENCHMARKS_WITH_SYNONYMS`."""
    assert benchmark in BENCHMARKS_WITH_SYNONYMS, benchmark
    from trainables.benchmarks.miniature.world import build_synonyms

    return build_synonyms()
