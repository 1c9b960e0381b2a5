"""Checks of the labels that a task's rows have."""

from collections.abc import Mapping, Sequence

from trainables.own_tasks import OwnTask
from trainables.validation import DataError

_MANY_LABELS = 20
"""From this number of different labels on, a label may be a text."""
_TEXTLIKE_SHARE = 0.8
"""Above this number of different labels for each training row, the column of labels is taken for that of texts."""


def check_found_labels(own: OwnTask, found: Mapping[str, int], places: Sequence[str], rows: int) -> None:
    """Refuse labels of training rows with which nothing can be learned, or that differ in case or blanks alone.

    Args:
        own: the task, which lists no labels.
        found: labels of training rows, each with the first row that has it.
        places: file and line of each row.
        rows: number of training rows.

    Raises:
        DataError: with what to do.
    """
    if not rows:
        raise DataError(f"{own.name}: it has no training rows: add rows whose split is train")
    column = own.find_column("label")
    if column and len(found) >= _MANY_LABELS and len(found) > _TEXTLIKE_SHARE * rows:
        raise DataError(
            f"{own.name}: column {column} has {len(found):,} different labels in {rows:,} training rows, as if it were the text: correct label "
            f"under tasks.{own.name}.columns, or list all labels under tasks.{own.name}.labels"
        )
    _check_alike(own, found, places)
    if len(found) < 2:
        told = f"the label {next(iter(found))!r} alone" if found else "no label"
        raise DataError(
            f"{own.name}: its training rows have {told}: there is nothing to learn; add rows of another label, or correct the column of labels "
            f"under tasks.{own.name}.columns"
        )


def _check_alike(own: OwnTask, found: Mapping[str, int], places: Sequence[str]) -> None:
    alike: dict[str, str] = {}
    for label, number in found.items():
        first = alike.setdefault(_fold(label), label)
        if first != label:
            raise DataError(
                f"{own.name}: labels {first!r} and {label!r} differ in case or blanks alone ({places[number]}): write one of them, "
                f"or list all labels under tasks.{own.name}.labels"
            )


def check_spelling(known: Sequence[str], found: Mapping[str, int], places: Sequence[str]) -> None:
    """Refuse a label of any row that differs from a known one in case or blanks alone."""
    alike = {_fold(label): label for label in known}
    for label, number in found.items():
        if label not in known and (right := alike.get(_fold(label))):
            raise DataError(
                f"{places[number]}: label {label!r} differs from {right!r} in case or blanks alone: write {right!r}"
            )


def _fold(label: str) -> str:
    """What labels that differ in case or blanks alone have in common."""
    return "".join(label.split()).casefold()
