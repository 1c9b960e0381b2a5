"""Checks of every data set of a search: it is found, and has the rows, columns and labels of its card."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from search.config import Config
from search.data._requests import TaskRequest, list_task_requests
from trainables.cards import ROWS_READ, DatasetPart, RowNotes, TaskCard
from trainables.validation import DataError, UnreachableError

QUICK_ROWS = 100
"""Rows of each set that a quick check reads."""
HUB_UNREACHABLE = "further sets were not checked: the hub cannot be reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCheck:
    """The result of checking one set in one language."""

    task: str
    split: str
    language: str
    where: str
    """Repository, configuration and split; also the language, if several languages share them."""
    licence: str
    rows: int | None
    """Rows read; None if the set cannot be used."""
    expected: int | None
    """Rows that the task's card names; None if it names none, or not all rows were read."""
    mended: dict[str, int]
    """What is left out or corrected when the set is read, with the number of rows for each."""
    first: dict[str, int]
    """The first row of each of these, from 0."""
    problem: str | None
    """Why the set cannot be used; None if it can."""

    @property
    def is_unexpected(self) -> bool:
        """Whether the set can be used, but its number of rows is not that of the card."""
        return self.problem is None and self.expected is not None and self.rows != self.expected

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_datasets(
    config: Config, quick: bool, report_progress: Callable[[str, int, int], None]
) -> Iterator[DatasetCheck]:
    """Read every set of the config.

    Args:
        config: config of the search.
        quick: whether to read only the first `QUICK_ROWS` rows of each set.
        report_progress: called with the name of a set before it is read, its number from 0, and the number of sets.
    """
    from trainables.benchmarks.hub import silence_datasets

    silence_datasets()
    sets: dict[tuple[str, str, str], tuple[str, DatasetPart, TaskRequest]] = {}
    for request in list_task_requests(config):
        for split, part, language in request.iterate_parts(config.scored_languages):
            key = (request.task, split, f"{part.describe_source(language)} {language}")
            sets.setdefault(key, (language, part, request))
    hub_lost = False
    for number, ((task, split, _), (language, part, request)) in enumerate(sets.items()):
        report_progress(f"{task}: {part.describe_source(language)}", number, len(sets))
        read = replace(part, take=min(QUICK_ROWS, part.take or QUICK_ROWS)) if quick else part
        notes, problem = RowNotes(), HUB_UNREACHABLE if hub_lost else None
        try:
            if not hub_lost:
                _read_rows(request.card, split, read, language, notes)
        except DataError as error:
            problem, hub_lost = str(error), isinstance(error, UnreachableError)
        yield _build_dataset_check(task, split, part, read, language, notes, problem)


def _read_rows(card: TaskCard, split: str, part: DatasetPart, language: str, notes: RowNotes) -> None:
    from trainables.benchmarks.hub import read_labels, read_rows

    for _ in read_rows(part, language, read_labels(card), notes, train=split in ("train", "shots")):
        pass


def _build_dataset_check(
    task: str, split: str, part: DatasetPart, read: DatasetPart, language: str, notes: RowNotes, problem: str | None
) -> DatasetCheck:
    rows = notes.pop(ROWS_READ, 0) if problem is None else None
    is_partial = read.take is not None or read.skip
    return DatasetCheck(
        task=task,
        split=split,
        language=language,
        where=part.describe_rows(language),
        licence=part.source.licence,
        rows=rows,
        expected=None if is_partial else part.expected_rows(language),
        mended=dict(notes) if problem is None else {},
        first=dict(notes.first) if problem is None else {},
        problem=problem,
    )
