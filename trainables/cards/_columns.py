"""Validates the columns of a data set's rows: texts, labels, and values of other types."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args
from unicodedata import category

from trainables.cards._cards import ColumnType, RowFormat, RowNotes
from trainables.cards._rows import Row
from trainables.validation import UnusableRowError

EMPTY_TEXT = "empty text, row left out"
HIDDEN_LABEL = "hidden label in column {column}, row left out"
NULL_VALUE = "null in column {column}, row left out"
NULL_TEXT = "null in column {column}, read as an empty text"
UNNAMED_NUMBER = "number without a name in column {column}, read in the hub's order: {order}"

_SHOWN_NAMES = 20
"""Names of labels that a message lists."""


def is_blank(text: str) -> bool:
    """Whether a text has no visible character: only white space, marks of direction and other control characters."""
    if text and text[0].isprintable() and not text[0].isspace():
        return False
    return all(character.isspace() or category(character) in ("Cc", "Cf") for character in text)


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Maps the labels of a data set to the numbers of the card's labels."""

    numbers: Mapping[str, int]
    """Numbers by name; empty where a label is the number of a choice."""
    names: Sequence[str] | None
    """The names in the file's own ClassLabel, in its order; None if it has none."""
    hub_order: Sequence[str]
    """The names in the hub's order, for files without a ClassLabel."""
    by_index: tuple[int, ...] = ()
    """The card's number of each of the file's own names, in their order."""
    columns: bool = False
    """Whether the labels are the names of a row's columns, whose numbers are unambiguous."""

    @classmethod
    def from_format(cls, row_format: RowFormat, labels: Sequence[str], names: Sequence[str] | None) -> "LabelMap":
        """The map for a row format, or for a card whose labels are read from the training set.

        Args:
            row_format: with the data set's label names, if it has any.
            labels: of the card.
            names: in the file's own ClassLabel; None if it has none.

        Raises:
            ValueError: when the file has other names.
        """
        ours = row_format.labels or tuple(labels)
        if names is not None and ours and set(map(str.casefold, names)) != set(map(str.casefold, ours)):
            raise ValueError(f"labels {', '.join(names)} instead of {', '.join(ours)}")
        numbers = {name: number for number, name in enumerate(ours)}
        by_place = tuple(_get_label_number(numbers, name) for name in names or () if numbers)
        return cls(numbers, names, row_format.hub_order, by_place, set(ours) <= row_format.columns.keys())

    def to_number(self, value: Any, column: str, notes: RowNotes) -> int:
        """The card's number of one label.

        Args:
            value: the label in the data set: a name or a number.
            column: for messages.
            notes: of the row.

        Raises:
            UnusableRowError: for a hidden label: null, -1 or empty.
            ValueError: for an unknown label.
        """
        if type(value) is int and 0 <= value < len(self.by_index):
            return self.by_index[value]
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise UnusableRowError(NULL_VALUE.format(column=column))
        if value in (-1, "-1") or (isinstance(value, str) and is_blank(value)):
            raise UnusableRowError(HIDDEN_LABEL.format(column=column))
        if (
            isinstance(value, str | bool)
            and (number_of_name := _find_label(self.numbers, str(value).strip())) is not None
        ):
            return number_of_name
        number = _to_integer(value)
        if not self.numbers:
            if number is None:
                raise ValueError(f"column {column}: {value!r} is no number")
            return number
        order = self.names or self.hub_order
        if number is not None and not order:
            every = ", ".join(self.numbers)
            raise ValueError(
                f"column {column}: {value} is a number without a name, and the order of the names is not known: expected {every}, or a ClassLabel"
            )
        if number is None or not 0 <= number < len(order):
            raise ValueError(f"column {column}: {value!r} is none of {_list_names(tuple(order or self.numbers))}")
        if not (self.names or self.columns):
            notes.add(_describe_unnamed(column, tuple(order)))
        return _get_label_number(self.numbers, order[number])


def _list_names(names: tuple[str, ...]) -> str:
    """Names with their numbers, the first of many."""
    listed = ", ".join(f"{name} ({number})" for number, name in enumerate(names[:_SHOWN_NAMES]))
    return listed if len(names) <= _SHOWN_NAMES else f"{listed} and {len(names) - _SHOWN_NAMES} more"


def _find_label(numbers: Mapping[str, int], name: str) -> int | None:
    """The number of a name; case is ignored unless two names differ in case only."""
    if name in numbers:
        return numbers[name]
    alike = [number for known, number in numbers.items() if known.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _get_label_number(numbers: Mapping[str, int], name: str) -> int:
    found = _find_label(numbers, name)
    if found is None:
        raise ValueError(f"label {name!r} may be any of several that differ in case: {', '.join(numbers)}")
    return found


@cache
def _describe_unnamed(column: str, order: tuple[str, ...]) -> str:
    names = ", ".join(f"{number} {name}" for number, name in enumerate(order))
    return UNNAMED_NUMBER.format(column=column, order=names)


def _to_integer(value: Any) -> int | None:
    """An integer from whatever type pandas or a text file gives it; None if it is none."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return int(value) if value.strip().isdecimal() else None
    return int(value) if isinstance(value, int) else None


def normalise_row(row: Row, row_format: RowFormat, labels: LabelMap, notes: RowNotes) -> Row:
    """A data set's row with our column names, and each value of the type that the row format states.

    Raises:
        UnusableRowError: when a required value is null or a label is hidden.
        ValueError: when a column has a value of another type; the message names the column.
    """
    found = {
        name: _normalise_value(row[their], name, their, row_format, labels, notes)
        for name, their in row_format.columns.items()
    }
    return found | {
        name: check_column_type(row[name], row_format.column_types[name], name)
        for name in row_format.optional
        if row.get(name)
    }


def _normalise_value(raw: Any, name: str, column: str, row_format: RowFormat, labels: LabelMap, notes: RowNotes) -> Any:
    if name == "label" and name in row_format.column_types:
        return read_number(raw, column)
    if name == "label":
        return labels.to_number(raw, column, notes)
    if name in ("tags", "labels"):
        return [labels.to_number(each, column, notes) for each in check_column_type(raw, [object], column)]
    if name not in row_format.column_types:
        return read_text(raw, column, notes)
    value = check_column_type(raw, row_format.column_types[name], column)
    return (
        [read_text(each, column, notes) for each in value] if row_format.column_types[name] == [str | None] else value
    )


def read_number(value: Any, column: str) -> float:
    """A number, the label of regression; also one that a text file gives as text.

    Raises:
        UnusableRowError: for null, NaN or an empty text.
        ValueError: for anything else that is not a finite number.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        raise UnusableRowError(NULL_VALUE.format(column=column))
    try:
        number = math.inf if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.inf
    if math.isnan(number):
        raise UnusableRowError(NULL_VALUE.format(column=column))
    if math.isinf(number):
        raise ValueError(f"column {column}: {_shorten_repr(value)} is no number")
    return number


def read_text(value: Any, column: str, notes: RowNotes) -> str:
    """A text; null is read as an empty text, and noted."""
    if type(value) is str:
        return value
    if value is None:
        notes.add(NULL_TEXT.format(column=column))
        return ""
    return str(check_column_type(value, str, column))


def check_column_type(value: Any, form: ColumnType, column: str) -> Any:
    """The value, if it has the type.

    Raises:
        UnusableRowError: for null where the type does not allow it.
        ValueError: for a value of another type.
    """
    if isinstance(form, type | UnionType) and isinstance(value, form) and not isinstance(value, bool):
        return value  # to Python a bool is an int
    if value is None:
        raise UnusableRowError(NULL_VALUE.format(column=column))
    if isinstance(form, list) and isinstance(value, list):
        for each in value if form[0] is not object else ():
            check_column_type(each, form[0], column)
    elif isinstance(form, dict) and isinstance(value, dict):
        for name, part in form.items():
            check_column_type(value.get(name), part, f"{column}.{name}")
    else:
        raise ValueError(f"column {column}: {_shorten_repr(value)} is no {_describe_column_type(form)}")
    return value


def _shorten_repr(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _describe_column_type(form: ColumnType) -> str:
    if isinstance(form, list):
        return "list"
    if isinstance(form, dict):
        return f"record of {', '.join(form)}"
    return "text" if str in (form, *get_args(form)) else "whole number"
