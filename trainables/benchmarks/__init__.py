"""Benchmarks: which tasks there are (`catalogue`, no torch) and their data (`load`)."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.benchmarks.catalogue import BENCHMARKS, LANGUAGES_OF, Card, DataError, Source, catalogue

if TYPE_CHECKING:
    from trainables.noise.substitution import Synonyms
    from trainables.tasks import TaskData

__all__ = ["BENCHMARKS", "LANGUAGES_OF", "OWN_SYNONYMS", "Card", "catalogue", "load", "mirror_of", "own_synonyms"]

MIRROR = "XLT_DATA"
"""The environment variable that names a folder with mirrors of data sets, ``FOLDER/namespace/name``."""

OWN_SYNONYMS = frozenset({"miniature"})
"""The benchmarks that bring synonyms of their own for ``augmentation``; others need a file."""


def load(benchmark: str, task: str) -> "TaskData":
    """The data of a benchmark's task, as `trainables.tasks.TaskData`."""
    card = catalogue(benchmark)[task]
    if card.source is not None:
        from trainables.benchmarks.hub import load as load_from_hub

        return load_from_hub(card, card.source)
    from trainables.benchmarks.miniature.tasks import load as load_miniature

    return load_miniature(task)


def mirror_of(source: Source) -> Path | None:
    """The folder of a data set's mirror; None if no folder of mirrors is named and the hub is meant.

    Raises:
        DataError: when the folder of mirrors lacks the data set.
    """
    if not os.environ.get(MIRROR):
        return None
    folder = Path(os.environ[MIRROR]).absolute() / source.repository
    if not folder.is_dir():
        raise DataError(f"{source.repository}: there is no {folder}; {MIRROR} names a folder with namespace/name in it")
    return folder


def own_synonyms(benchmark: str) -> "Synonyms":
    """The synonyms that a benchmark of `OWN_SYNONYMS` brings."""
    assert benchmark in OWN_SYNONYMS, benchmark
    from trainables.benchmarks.miniature.synonyms import synonyms

    return synonyms()
