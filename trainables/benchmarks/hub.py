"""Data sets of the Hugging Face hub, or of a mirror of it, read row by row as tasks."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datasets import ClassLabel, List

from trainables.benchmarks.cards import Card, Notes, Part, Parts, Row
from trainables.benchmarks.columns import EMPTY, Labels, blank, ours
from trainables.benchmarks.mirrors import mirror_of
from trainables.benchmarks.rows import ITEM, Rows, TaskData
from trainables.benchmarks.shapes import LAREQA_CANDIDATES, READ, merged
from trainables.benchmarks.source import opened, quieten, reason, unreadable
from trainables.languages import SOURCE_LANGUAGE
from trainables.validation._errors import DataError, UnusableRowError

__all__ = ["labels_of", "load", "opened", "quieten", "rows_of"]

VERSION = 2
"""Bumped by hand whenever the same source would be read as other rows than before."""


def load(card: Card, parts: Parts) -> TaskData:
    """A task's data, none of them read yet: training rows in its language, dev and test rows in all of its languages."""
    train = [(part, language) for part in parts.train for language in part.languages]
    candidates = [(part, language) for part in parts.candidates for language in part.languages]
    labels = labels_of(card)
    return TaskData(
        card.kind,
        labels,
        _rows(train, labels, train=True) if train else None,
        {
            split: {language: _rows([(part, language)], labels) for part in having for language in part.languages}
            for split, having in (("dev", parts.dev), ("test", parts.test))
            if having
        },
        language=card.language,
        candidates=_rows(candidates, labels) if candidates else None,
        sample=card.sample,
    )


def labels_of(card: Card) -> tuple[str, ...]:
    """A task's labels: its table's, or those that its training set tells itself, in alphabetical order."""
    found: set[str] = set()
    for part in card.parts.train if card.parts and not card.labels else ():
        if "tags" in part.shape.columns:
            told = (row[part.shape.columns["tags"]] for row in opened(part, part.languages[0]))
            found |= {tag for tags in told for tag in tags if not blank(tag)}
    return card.labels or tuple(sorted(found))


def _rows(places: Sequence[tuple[Part, str]], labels: Sequence[str], *, train: bool = False) -> Rows:
    notes = Notes()
    source = json.dumps([VERSION, [_described(part, language) for part, language in places], labels, train])
    reading = partial(_read_all, places, labels, notes, train)
    return Rows(reading, hashlib.sha256(source.encode()).hexdigest(), notes)


def _read_all(places: Sequence[tuple[Part, str]], labels: Sequence[str], notes: Notes, train: bool) -> Iterator[Row]:
    notes.clear()
    told = chain.from_iterable(rows_of(part, language, labels, notes, train=train) for part, language in places)
    return merged(list(told)) if places[0][0].shape is LAREQA_CANDIDATES else told


def _described(part: Part, language: str) -> list[Any]:
    """What decides the rows without reading them: where they come from, and of a mirror when its files were written."""
    mirror = mirror_of(part.set)
    stamps = [_stamp(file) for file in _files(mirror, part, language)] if mirror else []
    without = _described(part.without, SOURCE_LANGUAGE) if part.without else None
    shape = [sorted(part.shape.columns.items()), part.shape.labels, part.shape.hub_order]
    shape += [part.shape.adapt.__qualname__] if part.shape.adapt else []
    asked = [part.set.repository, part.set.revision, part.configuration_of(language), part.split_of(language), language]
    return [asked, shape, part.item, part.skip, part.take, stamps, without]


def _files(mirror: Path, part: Part, language: str) -> list[Path]:
    """The files of a mirror that may hold the rows: those of the configuration and split, if they lie as on the hub."""
    own = mirror / part.configuration_of(language)
    return sorted(own.glob(f"{part.split_of(language)}-*.parquet")) or sorted(
        file for file in mirror.rglob("*") if file.is_file() and file.suffix != ".part"
    )


def _stamp(file: Path) -> tuple[str, int, int]:
    return file.name, file.stat().st_size, file.stat().st_mtime_ns


def rows_of(part: Part, language: str, labels: Sequence[str], notes: Notes, *, train: bool = False) -> Iterator[Row]:
    """One language's rows of a part as the task kind wants them: the very rows that are checked, trained on and scored.

    A row that cannot be used is left out and counted.

    Args:
        part: where they are.
        language: which.
        labels: the card's; rows have their numbers.
        notes: counts what was left out or mended.
        train: rows with an empty text are left out, and rows have no `ITEM`.

    Raises:
        DataError: saying which set, configuration, split, row and column, what is wrong with it and what is needed. So does a
            split of which no row can be used.
    """
    named = part.place(language)
    own = {"language": language} if len(part.languages) > 1 else {}
    told = opened(part, language)
    try:
        known = Labels.of(part.shape, labels, _names(told, part))
    except ValueError as error:
        raise DataError(f"{named}: {error}") from error
    rows, grouped, found_in_row = 0, _Grouped(part.shape.together), Notes()
    for place, row in enumerate(_checked(told, part, language, notes)):
        try:
            found = _made(row, part, known, found_in_row, train)
        except UnusableRowError as left_out:
            found_in_row.clear()  # of a row that is left out nothing else is noted
            notes.add(str(left_out))
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise DataError(f"{named}, row {notes.row}: {reason(error)}") from error
        if found_in_row:
            notes.add_all(found_in_row)
        item = {} if train else {ITEM: _item(part, row, language, place)}
        for each in found:
            rows += 1
            grouped.add(each)
            yield own | each | item
    if not rows:
        raise DataError(f"{named}: none of its {notes[READ]:,} rows can be used{_reasons(notes)}")
    if not (train or grouped.any):
        raise DataError(f"{named}: no two rows have the same query: there is nothing to rank")


def _made(row: Row, part: Part, known: Labels, notes: Notes, train: bool) -> list[Row]:
    """The rows that a set's row becomes."""
    told = ours(row, part.shape, known, notes)
    rows = list(part.shape.adapt(told, notes)) if part.shape.adapt else [told]
    if train and any(blank(text) for each in rows for text in _texts(each)):
        raise UnusableRowError(EMPTY)
    return rows


def _reasons(notes: Notes) -> str:
    told = [f"{what} ({count:,})" for what, count in notes.items() if what != READ]
    return ": " + "; ".join(told) if told else ""


class _Grouped:
    """Whether any two rows have a column's value in common."""

    def __init__(self, column: str | None) -> None:
        self._column, self._seen = column, set[int]()
        self.any = column is None

    def add(self, row: Row) -> None:
        if self._column is not None and not self.any:
            value = hash(row[self._column])
            self.any = value in self._seen
            self._seen.add(value)


def _item(part: Part, row: Row, language: str, place: int) -> str:
    """What joins a row with those of other languages; one without an id is joined with none."""
    if part.item is None:
        return str(place)
    return f"{language}, row {place}" if row[part.item] is None else str(row[part.item])


def _texts(row: Row) -> Iterator[str]:
    """The texts without one of which a row teaches nothing; words of a sentence count together."""
    for name in ("text", "text_pair", "context", "question", "query", "candidate"):
        if row.get(name) is not None:
            yield row[name]
    yield from row.get("choices", ())
    if "words" in row:
        yield "".join(row["words"])


def _checked(told: Iterable[Row], part: Part, language: str, notes: Notes) -> Iterator[Row]:
    """The rows that are asked for; every column is there, and is not null in all of them."""
    named, wanted = part.place(language), _wanted(part)
    seen, there = False, tuple[str, ...]()
    try:
        for row in islice(_of_language(told, part, language, notes), part.skip, _stop(part)):
            seen, there = True, there or tuple(row)
            notes[READ] += 1
            if wanted:
                wanted -= {name for name in wanted if row[name] is not None}
            yield row
    except DataError:
        raise
    except Exception as error:
        raise unreadable(part, language, error) from error
    if not seen:
        beyond = f" after the first {part.skip}" if part.skip else ""
        within = f" in {language}" if part.where else ""
        raise DataError(f"{named}: it has no rows{within}{beyond}{_reasons(notes)}")
    if wanted:
        # A stream has the columns of the set's first file: what this one lacks of them is null in every row.
        lacking = f"no column {', '.join(sorted(wanted))}, or nothing in it"
        raise DataError(f"{named}: {lacking}; it has {', '.join(there)}")


def _wanted(part: Part) -> set[str]:
    return {*part.shape.columns.values()} | ({part.item} if part.item else set())


def _stop(part: Part) -> int | None:
    return None if part.take is None else part.skip + part.take


def _of_language(told: Iterable[Row], part: Part, language: str, notes: Notes) -> Iterator[Row]:
    """A set's rows in a language, less those that another part has."""
    others, wanted = set[str](), _wanted(part)
    if (without := part.without) is not None:
        told_of = _of_language(opened(without, SOURCE_LANGUAGE), without, SOURCE_LANGUAGE, Notes())
        others = {(row["context"] or "").strip() for row in told_of}
    for number, row in enumerate(told):
        if number == 0 and (missing := sorted(wanted - row.keys())):
            raise DataError(f"{part.place(language)}: no column {', '.join(missing)}; it has {', '.join(row)}")
        notes.row = number
        try:
            there = part.where is None or part.where(row, language)
        except UnusableRowError as left_out:
            notes.add(str(left_out))
            continue
        if there and not (others and (row["context"] or "").strip() in others):
            yield row


def _names(told: Iterable[Row], part: Part) -> tuple[str, ...] | None:
    """The labels' names in the set's own order, if it says them."""
    columns = part.shape.columns
    column = columns.get("label", columns.get("tags", ""))
    feature = (getattr(told, "features", None) or {}).get(column)
    feature = feature.feature if isinstance(feature, List) else feature
    return tuple(feature.names) if isinstance(feature, ClassLabel) else None
