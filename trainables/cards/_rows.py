"""Rows of a task's data, as plain data: no torch, nothing read until it is asked for."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trainables.languages import SOURCE_LANGUAGE

Row = dict[str, Any]
"""One example: values by column name."""
ROWS_READ = "rows read"
"""The count of rows read, among the notes of a reading."""
ITEM_COLUMN = "item"
"""The column that tells which rows of different languages say the same; a set without it is not parallel."""


@dataclass(frozen=True, slots=True)
class LazyRows:
    """Rows that are read when someone asks for them, each time anew."""

    read: Callable[[], Iterable[Row]]
    source: str
    """What decides the rows, so that who has kept them under it need not read them."""
    notes: Counter[str] = field(default_factory=Counter)
    """What was dropped or mended in the last reading."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.read())


@dataclass(frozen=True, slots=True)
class TaskData:
    """One task's data, whatever benchmark it comes from."""

    kind: str
    """A key of `trainables.tasks.TASK_KINDS`."""
    labels: tuple[str, ...]
    """Label names by their number; empty for kinds without labels."""
    train: Iterable[Row] | None
    """None for a task that is scored without training."""
    evaluation: dict[str, dict[str, Iterable[Row]]] = field(default_factory=dict)
    """By split and language; a column `ITEM_COLUMN`, where there is one, tells which rows say the same. Empty for a task that is only
    trained on."""
    language: str = SOURCE_LANGUAGE
    """Of the training rows."""
    candidates: Iterable[Row] | None = None
    """What the rows of every language retrieve from, for kinds that do."""
    sample: tuple[int, int] | None = None
    """How many training rows are drawn, and by which seed; None: all are taken."""
