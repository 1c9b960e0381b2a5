"""Data sets of the Hugging Face hub, or of a mirror of it, as tasks."""

from collections.abc import Sequence

from datasets import ClassLabel, Dataset, Features, IterableDataset, concatenate_datasets, load_dataset
from datasets.exceptions import DatasetGenerationError

from trainables.benchmarks import mirror_of
from trainables.benchmarks.catalogue import Card, DataError, Source
from trainables.tasks import ITEM, TaskData


def load(card: Card, source: Source) -> TaskData:
    """A task's data: training rows in its language, dev and test rows in all of its languages.

    Raises:
        DataError: saying which set, configuration and split, what is wrong with it and what is needed.
    """
    train = _rows(source, card.language, "train")
    evaluation = {
        split: concatenate_datasets(
            [
                rows.add_column("language", [language] * len(rows))
                for language in card.languages
                for rows in (_rows(source, language, split),)
            ]
        )
        for split in ("dev", "test")
    }
    return TaskData(card.kind, card.labels, train.remove_columns(ITEM), evaluation)


def _rows(source: Source, language: str, split: str) -> Dataset:
    """One split of one language: its columns named as the task kind wants them, its labels numbered as the card's, its items."""
    named = f"{source.repository}, configuration {language}, split {source.splits[split]}"
    mirror = mirror_of(source)
    needed = {*source.columns.values(), "label"} | ({source.item} if source.item else set())
    try:
        # To prepare one split is to prepare all, and every language has a machine-translated training set: dev and test are streamed.
        # So is a mirror: what was prepared of it once is taken again though its files have changed.
        stream = mirror is not None or split != "train"
        told = load_dataset(str(mirror or source.repository), language, split=source.splits[split], streaming=stream)
        features = told.features or Features()
        rows = Dataset.from_list(list(told), features) if isinstance(told, IterableDataset) else told
    except (OSError, ValueError, RuntimeError, DatasetGenerationError) as error:
        why = error.__cause__ or error
        raise DataError(f"{named}: {why} (without internet, name a folder of mirrors with XLT_DATA)") from error
    # A stream has the columns of the set's first file: what this one lacks of them is None in every row.
    there = [name for name in rows.column_names if any(value is not None for value in rows[name])]
    if missing := sorted(needed - set(there)):
        raise DataError(f"{named}: no column {', '.join(missing)}; it has {', '.join(there)}")
    items = [str(item) for item in rows[source.item]] if source.item else [str(place) for place in range(len(rows))]
    labels = _labels(rows, source, named)
    rows = rows.rename_columns({theirs: ours for ours, theirs in source.columns.items()}).select_columns(
        [*source.columns]
    )
    return rows.add_column("label", labels).add_column(ITEM, items)


def _labels(rows: Dataset, source: Source, named: str) -> Sequence[int]:
    """The rows' labels as numbers of the card's, by their names."""
    feature, known = rows.features["label"], source.label_names
    names = feature.names if isinstance(feature, ClassLabel) else None
    if names is not None and set(names) != set(known):
        raise DataError(f"{named}: labels {', '.join(names)} instead of {', '.join(known)}")
    told = [_name(label, names or known) if isinstance(label, int) else label for label in rows["label"]]
    if bad := sorted({str(label) for label in told if label not in known}):
        raise DataError(f"{named}: labels {', '.join(bad)} are none of {', '.join(known)}")
    return [known.index(label) for label in told]


def _name(number: int, names: Sequence[str]) -> str | int:
    """The name of a label, or its number where it has none."""
    return names[number] if 0 <= number < len(names) else number
