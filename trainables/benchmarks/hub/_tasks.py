"""Data sets of the Hugging Face hub, or of a mirror of it, read row by row as tasks."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datasets import ClassLabel, List

from trainables.benchmarks.hub._source import explain_error, make_read_error, open_split
from trainables.cards import (
    EMPTY_TEXT,
    ITEM_COLUMN,
    LAREQA_CANDIDATES_FORMAT,
    ROWS_READ,
    DatasetPart,
    LabelMap,
    LazyRows,
    Row,
    RowNotes,
    TaskCard,
    TaskData,
    TaskParts,
    find_mirror,
    is_blank,
    merge_candidates,
    normalise_row,
)
from trainables.languages import SOURCE_LANGUAGE
from trainables.validation import DataError, UnusableRowError

ROWS_VERSION = 2
"""Bumped by hand whenever the same source would be read as other rows than before."""


def load_hub_task(card: TaskCard, parts: TaskParts) -> TaskData:
    """A task's data, none of them read yet: training rows in its language, dev and test rows in all of its languages."""
    train = [(part, language) for part in parts.train for language in part.languages]
    candidates = [(part, language) for part in parts.candidates for language in part.languages]
    labels = read_labels(card)
    return TaskData(
        card.kind,
        labels,
        _make_rows(train, labels, train=True) if train else None,
        {
            split: {language: _make_rows([(part, language)], labels) for part in having for language in part.languages}
            for split, having in (("dev", parts.dev), ("test", parts.test))
            if having
        },
        language=card.language,
        candidates=_make_rows(candidates, labels) if candidates else None,
        sample=card.sample,
    )


def read_labels(card: TaskCard) -> tuple[str, ...]:
    """A task's labels: its table's, or those that its training set tells itself, in alphabetical order."""
    found: set[str] = set()
    for part in card.parts.train if card.parts and not card.labels else ():
        if "tags" in part.row_format.columns:
            told = (row[part.row_format.columns["tags"]] for row in open_split(part, part.languages[0]))
            found |= {tag for tags in told for tag in tags if not is_blank(tag)}
    return card.labels or tuple(sorted(found))


def _make_rows(places: Sequence[tuple[DatasetPart, str]], labels: Sequence[str], *, train: bool = False) -> LazyRows:
    notes = RowNotes()
    source = json.dumps([ROWS_VERSION, [_describe_source(part, language) for part, language in places], labels, train])
    reading = partial(_read_all, places, labels, notes, train)
    return LazyRows(reading, hashlib.sha256(source.encode()).hexdigest(), notes)


def _read_all(
    places: Sequence[tuple[DatasetPart, str]], labels: Sequence[str], notes: RowNotes, train: bool
) -> Iterator[Row]:
    notes.clear()
    told = chain.from_iterable(read_rows(part, language, labels, notes, train=train) for part, language in places)
    return merge_candidates(list(told)) if places[0][0].row_format is LAREQA_CANDIDATES_FORMAT else told


def _describe_source(part: DatasetPart, language: str) -> list[Any]:
    """What decides the rows without reading them: where they come from, and of a mirror when its files were written."""
    mirror = find_mirror(part.source)
    stamps = [_stamp_file(file) for file in _list_mirror_files(mirror, part, language)] if mirror else []
    without = _describe_source(part.excluded_part, SOURCE_LANGUAGE) if part.excluded_part else None
    shape = [sorted(part.row_format.columns.items()), part.row_format.labels, part.row_format.hub_order]
    shape += [part.row_format.adapt.__qualname__] if part.row_format.adapt else []
    asked = [
        part.source.repository,
        part.source.revision,
        part.configuration_of(language),
        part.split_of(language),
        language,
    ]
    return [asked, shape, part.item_column, part.skip, part.take, stamps, without]


def _list_mirror_files(mirror: Path, part: DatasetPart, language: str) -> list[Path]:
    """The files of a mirror that may hold the rows: those of the configuration and split, if they lie as on the hub."""
    own = mirror / part.configuration_of(language)
    return sorted(own.glob(f"{part.split_of(language)}-*.parquet")) or sorted(
        file for file in mirror.rglob("*") if file.is_file() and file.suffix != ".part"
    )


def _stamp_file(file: Path) -> tuple[str, int, int]:
    return file.name, file.stat().st_size, file.stat().st_mtime_ns


def read_rows(
    part: DatasetPart, language: str, labels: Sequence[str], notes: RowNotes, *, train: bool = False
) -> Iterator[Row]:
    """One language's rows of a part as the task kind wants them: the very rows that are checked, trained on and scored.

    A row that cannot be used is left out and counted.

    Args:
        part: where they are.
        language: which.
        labels: the card's; rows have their numbers.
        notes: counts what was left out or mended.
        train: rows with an empty text are left out, and rows have no `ITEM_COLUMN`.

    Raises:
        DataError: saying which set, configuration, split, row and column, what is wrong with it and what is needed. So does a
            split of which no row can be used.
    """
    named = part.describe_rows(language)
    own = {"language": language} if len(part.languages) > 1 else {}
    told = open_split(part, language)
    try:
        known = LabelMap.from_format(part.row_format, labels, _read_label_names(told, part))
    except ValueError as error:
        raise DataError(f"{named}: {error}") from error
    rows, grouped, found_in_row = 0, _GroupDetector(part.row_format.group_by), RowNotes()
    for place, row in enumerate(_check_rows(told, part, language, notes)):
        try:
            found = _adapt_row(row, part, known, found_in_row, train)
        except UnusableRowError as left_out:
            found_in_row.clear()  # of a row that is left out nothing else is noted
            notes.add(str(left_out))
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise DataError(f"{named}, row {notes.row}: {explain_error(error)}") from error
        if found_in_row:
            notes.add_all(found_in_row)
        item = {} if train else {ITEM_COLUMN: _get_item(part, row, language, place)}
        for each in found:
            rows += 1
            grouped.add(each)
            yield own | each | item
    if not rows:
        raise DataError(f"{named}: none of its {notes[ROWS_READ]:,} rows can be used{_format_reasons(notes)}")
    if not (train or grouped.has_group):
        raise DataError(f"{named}: no two rows have the same query: there is nothing to rank")


def _adapt_row(row: Row, part: DatasetPart, known: LabelMap, notes: RowNotes, train: bool) -> list[Row]:
    """The rows that a set's row becomes."""
    told = normalise_row(row, part.row_format, known, notes)
    rows = list(part.row_format.adapt(told, notes)) if part.row_format.adapt else [told]
    if train and any(is_blank(text) for each in rows for text in _iterate_texts(each)):
        raise UnusableRowError(EMPTY_TEXT)
    return rows


def _format_reasons(notes: RowNotes) -> str:
    told = [f"{what} ({count:,})" for what, count in notes.items() if what != ROWS_READ]
    return ": " + "; ".join(told) if told else ""


class _GroupDetector:
    """Whether any two rows have a column's value in common."""

    def __init__(self, column: str | None) -> None:
        self._column, self._seen = column, set[int]()
        self.has_group = column is None

    def add(self, row: Row) -> None:
        if self._column is not None and not self.has_group:
            value = hash(row[self._column])
            self.has_group = value in self._seen
            self._seen.add(value)


def _get_item(part: DatasetPart, row: Row, language: str, place: int) -> str:
    """What joins a row with those of other languages; one without an id is joined with none."""
    if part.item_column is None:
        return str(place)
    return f"{language}, row {place}" if row[part.item_column] is None else str(row[part.item_column])


def _iterate_texts(row: Row) -> Iterator[str]:
    """The texts without one of which a row teaches nothing; words of a sentence count together."""
    for name in ("text", "text_pair", "context", "question", "query", "candidate"):
        if row.get(name) is not None:
            yield row[name]
    yield from row.get("choices", ())
    if "words" in row:
        yield "".join(row["words"])


def _check_rows(told: Iterable[Row], part: DatasetPart, language: str, notes: RowNotes) -> Iterator[Row]:
    """The rows that are asked for; every column is there, and is not null in all of them."""
    named, wanted = part.describe_rows(language), _get_required_columns(part)
    seen, there = False, tuple[str, ...]()
    try:
        for row in islice(_filter_language(told, part, language, notes), part.skip, _get_last_row(part)):
            seen, there = True, there or tuple(row)
            notes[ROWS_READ] += 1
            if wanted:
                wanted -= {name for name in wanted if row[name] is not None}
            yield row
    except DataError:
        raise
    except Exception as error:
        raise make_read_error(part, language, error) from error
    if not seen:
        beyond = f" after the first {part.skip}" if part.skip else ""
        within = f" in {language}" if part.contains_row else ""
        raise DataError(f"{named}: it has no rows{within}{beyond}{_format_reasons(notes)}")
    if wanted:
        # A stream has the columns of the set's first file: what this one lacks of them is null in every row.
        lacking = f"no column {', '.join(sorted(wanted))}, or nothing in it"
        raise DataError(f"{named}: {lacking}; it has {', '.join(there)}")


def _get_required_columns(part: DatasetPart) -> set[str]:
    return {*part.row_format.columns.values()} | ({part.item_column} if part.item_column else set())


def _get_last_row(part: DatasetPart) -> int | None:
    return None if part.take is None else part.skip + part.take


def _filter_language(told: Iterable[Row], part: DatasetPart, language: str, notes: RowNotes) -> Iterator[Row]:
    """A set's rows in a language, less those that another part has."""
    others, wanted = set[str](), _get_required_columns(part)
    if (without := part.excluded_part) is not None:
        told_of = _filter_language(open_split(without, SOURCE_LANGUAGE), without, SOURCE_LANGUAGE, RowNotes())
        others = {(row["context"] or "").strip() for row in told_of}
    for number, row in enumerate(told):
        if number == 0 and (missing := sorted(wanted - row.keys())):
            raise DataError(f"{part.describe_rows(language)}: no column {', '.join(missing)}; it has {', '.join(row)}")
        notes.row = number
        try:
            there = part.contains_row is None or part.contains_row(row, language)
        except UnusableRowError as left_out:
            notes.add(str(left_out))
            continue
        if there and not (others and (row["context"] or "").strip() in others):
            yield row


def _read_label_names(told: Iterable[Row], part: DatasetPart) -> tuple[str, ...] | None:
    """The labels' names in the set's own order, if it says them."""
    columns = part.row_format.columns
    column = columns.get("label", columns.get("tags", ""))
    feature = (getattr(told, "features", None) or {}).get(column)
    feature = feature.feature if isinstance(feature, List) else feature
    return tuple(feature.names) if isinstance(feature, ClassLabel) else None
