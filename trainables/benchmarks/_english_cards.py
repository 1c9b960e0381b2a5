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
    about: str,
    train: int,
    of: DatasetSource,
    shape: RowFormat,
    *,
    configuration: str = "default",
    resource: Resource = "high",
) -> TaskCard:
    """A task with one training set in English, whose own names for the labels are ours."""
    part = DatasetPart(source=of, row_format=shape, configuration=configuration, split="train", rows=train)
    return TaskCard(
        kind=kind,
        description=about,
        train=train,
        labels=shape.labels,
        resource=resource,
        parts=TaskParts(train=(part,)),
    )
