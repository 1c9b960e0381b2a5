"""Rows of a task's data. Imports no torch; nothing is read before it is iterated."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trainables.cards._kind_facts import KIND_FACTS
from trainables.languages import SOURCE_LANGUAGE

Row = dict[str, Any]
"""One example: values by column name."""
ROWS_READ = "rows read"
"""The count of rows read, among the notes of a reading."""
ITEM_COLUMN = "item"
"""The column that identifies parallel rows of different languages; a data set without it is not parallel."""


@dataclass(frozen=True, slots=True)
class LazyRows:
    """Rows that are read each time they are iterated."""

    read: Callable[[], Iterable[Row]]
    source: str
    """A digest of what decides the rows: the key under which they are cached."""
    notes: Counter[str] = field(default_factory=Counter)
    """What was left out or repaired in the last reading, and how often."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.read())


@dataclass(frozen=True, slots=True)
class TaskData:
    """The data of one task of any benchmark."""

    kind: str
    """A key of `trainables.tasks.TASK_KINDS`."""
    labels: tuple[str, ...]
    """Label names by their number; empty for kinds without labels."""
    train: Iterable[Row] | None
    """None for a task that is scored without training."""
    evaluation: dict[str, dict[str, Iterable[Row]]] = field(default_factory=dict)
    """Rows by split and language; where they have a column `ITEM_COLUMN`, it identifies parallel rows. Empty for a task that is only
    trained on."""
    language: str = SOURCE_LANGUAGE
    """Language of the training rows."""
    candidates: Iterable[Row] | None = None
    """The candidates of retrieval, shared by all languages, for kinds that have them."""
    sample: tuple[int, int] | None = None
    """Number of training rows to draw, and the seed; None: all."""
    metric: str = ""
    """The main metric; empty: the task kind's default."""
    shots: dict[str, Iterable[Row]] = field(default_factory=dict)
    """Training rows by language, of languages that it is not trained in: few-shot rows are chosen among them."""

    @property
    def added_metric(self) -> str:
        """The main metric, where the kind does not always compute it; else empty."""
        return self.metric if self.metric and self.metric not in KIND_FACTS[self.kind].metrics else ""
