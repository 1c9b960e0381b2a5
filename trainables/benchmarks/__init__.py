"""Benchmarks: which tasks there are (`catalogue`, no torch) and their data (`load`)."""

from typing import TYPE_CHECKING

from trainables.benchmarks.cards import Card
from trainables.benchmarks.catalogue import BENCHMARKS, LANGUAGES_OF, PUBLISHED, catalogue

if TYPE_CHECKING:
    from trainables.benchmarks.rows import TaskData
    from trainables.noise.substitution import Synonyms

__all__ = [
    "BENCHMARKS",
    "LANGUAGES_OF",
    "OWN_SYNONYMS",
    "PUBLISHED",
    "Card",
    "catalogue",
    "load",
    "own_synonyms",
]

OWN_SYNONYMS = frozenset({"miniature"})
"""The benchmarks that bring synonyms of their own for ``augmentation``; others need a file."""


def load(benchmark: str, task: str) -> "TaskData":
    """The data of a benchmark's task, as `trainables.tasks.TaskData`."""
    card = catalogue(benchmark)[task]
    if card.parts is not None:
        from trainables.benchmarks.hub import load as load_from_hub

        return load_from_hub(card, card.parts)
    from trainables.benchmarks.miniature.tasks import load as load_miniature

    return load_miniature(task)


def own_synonyms(benchmark: str) -> "Synonyms":
    """The synonyms that a benchmark of `OWN_SYNONYMS` brings."""
    assert benchmark in OWN_SYNONYMS, benchmark
    from trainables.benchmarks.miniature.synonyms import synonyms

    return synonyms()
