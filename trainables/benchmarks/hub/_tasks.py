"""Data sets of the Hugging Face hub, or of a mirror of it, read row by row as tasks."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datasets import ClassLabel, List

from trainables.benchmarks.hub._own_task import HUB_READER, open_rows
from trainables.benchmarks.hub._source import explain_error, make_read_error
from trainables.benchmarks.own import PLACE_COLUMN, describe_own_source
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
"""Incremented by hand whenever the same source would be read as other rows than before."""


def load_hub_task(card: TaskCard, parts: TaskParts) -> TaskData:
    """A task's data: training rows in its language, dev and test rows in all of its languages. Rows are read when they are iterated."""
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
        metric=card.metric,
        shots={code: _make_rows([(part, code)], labels, train=True) for part in parts.shots for code in part.languages},
    )


def read_labels(card: TaskCard) -> tuple[str, ...]:
    """A task's labels: the card's, or the tags of its training set in alphabetical order."""
    found: set[str] = set()
    for part in card.parts.train if card.parts and not card.labels else ():
        if "tags" in part.row_format.columns:
            tags_of_rows = (row[part.row_format.columns["tags"]] for row in open_rows(part, part.languages[0]))
            found |= {tag for tags in tags_of_rows for tag in tags if not is_blank(tag)}
    return card.labels or tuple(sorted(found))


def _make_rows(places: Sequence[tuple[DatasetPart, str]], labels: Sequence[str], *, train: bool = False) -> LazyRows:
    notes = RowNotes()
    source = json.dumps([ROWS_VERSION, [_describe_source(part, language) for part, language in places], labels, train])
    read = partial(_read_all, places, labels, notes, train)
    return LazyRows(read, hashlib.sha256(source.encode()).hexdigest(), notes)


def _read_all(
    places: Sequence[tuple[DatasetPart, str]], labels: Sequence[str], notes: RowNotes, train: bool
) -> Iterator[Row]:
    notes.clear()
    rows = chain.from_iterable(read_rows(part, language, labels, notes, train=train) for part, language in places)
    return merge_candidates(list(rows)) if places[0][0].row_format is LAREQA_CANDIDATES_FORMAT else rows


def _describe_source(part: DatasetPart, language: str) -> list[Any]:
    """What decides the rows: their source and format, and for a mirror the sizes and times of its files. Nothing is read."""
    if part.source.own is not None:
        return describe_own_source(part.source.own, part.split, language, HUB_READER)
    mirror = find_mirror(part.source)
    stamps = [_stamp_file(file) for file in _list_mirror_files(mirror, part, language)] if mirror else []
    without = _describe_source(part.excluded_part, SOURCE_LANGUAGE) if part.excluded_part else None
    row_format = [sorted(part.row_format.columns.items()), part.row_format.labels, part.row_format.hub_order]
    row_format += [part.row_format.adapter_name] if part.row_format.adapter_name else []
    location = [
        part.source.repository,
        part.source.revision,
        part.configuration_of(language),
        part.split_of(language),
        language,
    ]
    location += [part.source.commit] if part.source.commit else []
    return [location, row_format, part.item_column, part.skip, part.take, stamps, without]


def _list_mirror_files(mirror: Path, part: DatasetPart, language: str) -> list[Path]:
    """The files of a mirror that may hold the rows: those of the configuration and split if the folders are as on the hub, else all."""
    own = mirror / part.configuration_of(language)
    return sorted(own.glob(f"{part.split_of(language)}-*.parquet")) or sorted(
        file for file in mirror.rglob("*") if file.is_file() and file.suffix != ".part"
    )


def _stamp_file(file: Path) -> tuple[str, int, int]:
    return file.name, file.stat().st_size, file.stat().st_mtime_ns


def read_rows(
    part: DatasetPart, language: str, labels: Sequence[str], notes: RowNotes, *, train: bool = False
) -> Iterator[Row]:
    """The rows of a part in one language, in the form of the task kind: the same for checks, training and scoring.

    Rows that cannot be used are left out and counted.

    Args:
        part: of the data set.
        language: of the rows.
        labels: of the card; labels in the rows are their numbers.
        notes: counts what was left out or repaired.
        train: whether the rows are for training: rows with an empty text are left out, and there is no `ITEM_COLUMN`.

    Raises:
        DataError: when a row is invalid or no row can be used; the message names data set, configuration, split, row and column, what
            is wrong and what is needed.
    """
    description = part.describe_rows(language)
    own = {"language": language} if len(part.languages) > 1 else {}
    raw_rows = open_rows(part, language)
    try:
        label_map = LabelMap.from_format(part.row_format, labels, _read_label_names(raw_rows, part))
    except ValueError as error:
        raise DataError(f"{description}: {error}") from error
    rows, grouped, found_in_row = 0, _GroupDetector(part.row_format.group_by), RowNotes()
    for number, row in enumerate(_check_rows(raw_rows, part, language, notes)):
        try:
            found = _adapt_row(row, part, label_map, found_in_row, train)
        except UnusableRowError as left_out:
            found_in_row.clear()  # a row that is left out has no further notes
            notes.add(str(left_out))
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            place = row.get(PLACE_COLUMN, f"{description}, row {notes.row}")
            raise DataError(f"{place}: {explain_error(error)}{_suggest_labels(part, str(error))}") from error
        if found_in_row:
            notes.add_all(found_in_row)
        item = {} if train else {ITEM_COLUMN: _get_item(part, row, language, number)}
        for each in found:
            rows += 1
            grouped.add(each)
            yield own | each | item
    if not rows:
        raise DataError(f"{description}: none of its {notes[ROWS_READ]:,} rows can be used{_format_reasons(notes)}")
    if not (train or grouped.has_group):
        raise DataError(f"{description}: no two rows have the same query: there is nothing to rank")


def _suggest_labels(part: DatasetPart, why: str) -> str:
    """What to do about a label that the training rows of a user's own task lack."""
    own = part.source.own
    if own is None or " is none of " not in why:
        return ""
    return "; correct it" + (
        f", or list every label under tasks.{own.name}.labels" if own.labels and own.kind != "multiple_choice" else ""
    )


def _adapt_row(row: Row, part: DatasetPart, label_map: LabelMap, notes: RowNotes, train: bool) -> list[Row]:
    """The rows of the task kind from one row of the data set."""
    normalised = normalise_row(row, part.row_format, label_map, notes)
    rows = list(part.row_format.adapt(normalised, notes)) if part.row_format.adapt else [normalised]
    if train and any(is_blank(text) for each in rows for text in _iterate_texts(each)):
        raise UnusableRowError(EMPTY_TEXT)
    return rows


def _format_reasons(notes: RowNotes) -> str:
    reasons = [f"{what} ({count:,})" for what, count in notes.items() if what != ROWS_READ]
    return ": " + "; ".join(reasons) if reasons else ""


class _GroupDetector:
    """Detects whether any two rows share a value of a column."""

    def __init__(self, column: str | None) -> None:
        self._column, self._seen = column, set[int]()
        self.has_group = column is None

    def add(self, row: Row) -> None:
        if self._column is not None and not self.has_group:
            value = hash(row[self._column])
            self.has_group = value in self._seen
            self._seen.add(value)


def _get_item(part: DatasetPart, row: Row, language: str, number: int) -> str:
    """The item of a row, shared by parallel rows of other languages; a row without an id has an item of its own."""
    if not part.item_columns:
        return str(number)
    if part.item_columns == (
        PLACE_COLUMN,
    ):  # a place has the path of this machine, and an item decides scores and few-shot rows
        return f"{language}, row {number}"
    item = [row[column] for column in part.item_columns]
    return f"{language}, row {number}" if None in item else " ".join(map(str, item))


def _iterate_texts(row: Row) -> Iterator[str]:
    """The texts of a row, none of which may be empty in training; the words of a sentence are one text."""
    for name in ("text", "text_pair", "context", "question", "query", "candidate"):
        if row.get(name) is not None:
            yield row[name]
    yield from row.get("choices", ())
    if "words" in row:
        yield "".join(row["words"])


def _check_rows(raw_rows: Iterable[Row], part: DatasetPart, language: str, notes: RowNotes) -> Iterator[Row]:
    """The selected rows of a part; DataError if there are none, or a column is missing or null in all of them."""
    description, missing = part.describe_rows(language), _get_required_columns(part)
    seen, columns = False, tuple[str, ...]()
    try:
        for row in islice(_filter_language(raw_rows, part, language, notes), part.skip, _get_last_row(part)):
            seen, columns = True, columns or tuple(row)
            notes[ROWS_READ] += 1
            if missing:
                missing -= {name for name in missing if row[name] is not None}
            yield row
    except DataError:
        raise
    except Exception as error:
        raise make_read_error(part, language, error) from error
    if not seen:
        beyond = f" after the first {part.skip}" if part.skip else ""
        within = f" in {language}" if part.contains_row else ""
        raise DataError(f"{description}: it has no rows{within}{beyond}{_format_reasons(notes)}")
    if missing:
        # A stream has the columns of the data set's first file: a column that this file lacks is null in every row.
        problem = f"no column {', '.join(sorted(missing))}, or nothing in it"
        raise DataError(f"{description}: {problem}; it has {', '.join(columns)}")


def _get_required_columns(part: DatasetPart) -> set[str]:
    return {*part.row_format.columns.values(), *part.item_columns}


def _get_last_row(part: DatasetPart) -> int | None:
    return None if part.take is None else part.skip + part.take


def _filter_language(raw_rows: Iterable[Row], part: DatasetPart, language: str, notes: RowNotes) -> Iterator[Row]:
    """The original rows in a language, without those that `excluded_part` has."""
    others, wanted = set[str](), _get_required_columns(part)
    if (without := part.excluded_part) is not None:
        excluded_rows = _filter_language(open_rows(without, SOURCE_LANGUAGE), without, SOURCE_LANGUAGE, RowNotes())
        others = {(row["context"] or "").strip() for row in excluded_rows}
    for number, row in enumerate(raw_rows):
        if number == 0 and (missing := sorted(wanted - row.keys())):
            raise DataError(f"{part.describe_rows(language)}: no column {', '.join(missing)}; it has {', '.join(row)}")
        notes.row = number
        try:
            selected = part.contains_row is None or part.contains_row(row, language)
        except UnusableRowError as left_out:
            notes.add(str(left_out))
            continue
        if selected and not (others and (row["context"] or "").strip() in others):
            yield row


def _read_label_names(raw_rows: Iterable[Row], part: DatasetPart) -> tuple[str, ...] | None:
    """The names in the file's own ClassLabel, in its order; None if it has none."""
    columns = part.row_format.columns
    column = columns.get("label", columns.get("tags", ""))
    feature = (getattr(raw_rows, "features", None) or {}).get(column)
    feature = feature.feature if isinstance(feature, List) else feature
    return tuple(feature.names) if isinstance(feature, ClassLabel) else None
