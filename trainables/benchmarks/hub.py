"""Data sets of the Hugging Face hub, or of a mirror of it, as tasks."""

import os
from pathlib import Path

from datasets import ClassLabel, Dataset, concatenate_datasets, load_dataset

from trainables.benchmarks.catalogue import Card, Source
from trainables.tasks import ITEM, TaskData

MIRROR = "XLT_DATA"
"""The environment variable that names a folder with mirrors of data sets, ``FOLDER/namespace/name``."""


class DataError(RuntimeError):
    """A data set that is not there, or not what it should be."""


def load(card: Card, source: Source) -> TaskData:
    """A task's data: training rows in its language, dev and test rows in all of its languages.

    Raises:
        DataError: saying which set, configuration and split, what is wrong with it and what is needed.
    """
    train = _rows(card, source, card.language, "train")
    evaluation = {
        split: concatenate_datasets(
            [
                _with_item(rows, source).add_column("language", [language] * len(rows))
                for language in card.languages
                for rows in (_rows(card, source, language, split),)
            ]
        )
        for split in ("dev", "test")
    }
    kept = [*source.columns, "label"]
    return TaskData(card.kind, card.labels, train.select_columns(kept), evaluation)


def _rows(card: Card, source: Source, language: str, split: str) -> Dataset:
    """One split of one language, its columns named as the task kind wants them, its labels numbered as the card's."""
    named = f"{source.repository}, configuration {language}, split {source.splits[split]}"
    mirror = Path(os.environ[MIRROR]) / source.repository if os.environ.get(MIRROR) else None
    if mirror is not None and not mirror.is_dir():
        raise DataError(f"{named}: there is no {mirror}; {MIRROR} names a folder with namespace/name in it")
    try:
        rows = load_dataset(str(mirror or source.repository), language, split=source.splits[split])
    except (OSError, ValueError) as error:
        raise DataError(f"{named}: {error} (without internet, name a folder of mirrors with {MIRROR})") from error
    missing = sorted({*source.columns.values(), "label"} - set(rows.column_names))
    if missing:
        raise DataError(f"{named}: no column {', '.join(missing)}; it has {', '.join(rows.column_names)}")
    rows = rows.rename_columns({theirs: ours for ours, theirs in source.columns.items()})
    feature = rows.features["label"]
    names = tuple(feature.names) if isinstance(feature, ClassLabel) else source.label_names
    if set(names) != set(source.label_names):
        raise DataError(f"{named}: labels {', '.join(names)} instead of {', '.join(source.label_names)}")
    numbers = [source.label_names.index(name) for name in names]
    found = rows["label"]
    if bad := {label for label in found if not 0 <= label < len(numbers)}:
        raise DataError(f"{named}: labels {sorted(bad)} that have no name")
    return rows.remove_columns("label").add_column("label", [numbers[label] for label in found])


def _with_item(rows: Dataset, source: Source) -> Dataset:
    items = list(range(len(rows))) if source.item is None else list(rows[source.item])
    kept = rows.select_columns([*source.columns, "label"])
    return kept.add_column(ITEM, items)
