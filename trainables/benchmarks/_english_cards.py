"""Cards of tasks with one training set in English."""

from trainables.benchmarks.xtreme import COPA_SOURCE
from trainables.cards import (
    DatasetPart,
    DatasetSource,
    Resource,
    RowFormat,
    TaskCard,
    TaskParts,
)

GLUE_SOURCE = DatasetSource(repository="nyu-mll/glue", licence="other: by task")
_SUPERGLUE_SOURCE = COPA_SOURCE


def make_english_card(
    kind: str,
    description: str,
    train: int,
    source: DatasetSource,
    row_format: RowFormat,
    *,
    configuration: str = "default",
    resource: Resource = "high",
) -> TaskCard:
    """A task with one training set in English; its label names are the data set's."""
    part = DatasetPart(source=source, row_format=row_format, configuration=configuration, split="train", rows=train)
    return TaskCard(
        kind=kind,
        description=description,
        train=train,
        labels=row_format.labels,
        resource=resource,
        parts=TaskParts(train=(part,)),
    )
