"""Loads the data of a benchmark's tasks, and its synonyms."""

from dataclasses import replace
from typing import TYPE_CHECKING

from trainables.benchmarks._catalogue import get_task_catalogue
from trainables.cards import SAMPLE_SEPARATOR
from trainables.languages import DEFAULT_SOURCE
from trainables.own_tasks import OwnTask

if TYPE_CHECKING:
    from trainables.cards import TaskData
    from trainables.synonyms import Synonyms


BENCHMARKS_WITH_SYNONYMS = frozenset({"miniature"})
"""The benchmarks with synonyms of their own for ``augmentation``; others need a file."""


def load_task(
    benchmark: str, task: str, own_tasks: tuple[OwnTask, ...] = (), source: tuple[str, ...] = DEFAULT_SOURCE
) -> "TaskData":
    """The data of a benchmark's task, with training rows in the source languages where it has them; rows are read when they are iterated."""
    card = get_task_catalogue(benchmark, own_tasks, source)[task]
    if card.parts is not None:
        from trainables.benchmarks.hub import load_hub_task

        return load_hub_task(card, card.parts)
    from trainables.benchmarks.miniature.world import load_miniature_task

    rendered = source if set(source) <= card.train_sets.keys() else (card.language,)
    data = load_miniature_task(task.partition(SAMPLE_SEPARATOR)[0], rendered)
    return replace(data, language=card.language, sample=card.sample, metric=card.metric)


def load_benchmark_synonyms(benchmark: str) -> "Synonyms":
    """The synonyms of a benchmark of `BENCHMARKS_WITH_SYNONYMS`."""
    assert benchmark in BENCHMARKS_WITH_SYNONYMS, benchmark
    from trainables.benchmarks.miniature.world import build_synonyms

    return build_synonyms()
