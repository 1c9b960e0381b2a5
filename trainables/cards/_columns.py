"""What a set's columns hold, made sure of: text, labels by their names, and values of other forms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args
from unicodedata import category

from trainables.cards._cards import ColumnType, Row, RowFormat, RowNotes
from trainables.validation import UnusableRowError

EMPTY_TEXT = "empty text, row left out"
HIDDEN_LABEL = "hidden label in column {column}, row left out"
NULL_VALUE = "null in column {column}, row left out"
NULL_TEXT = "null in column {column}, read as an empty text"
UNNAMED_NUMBER = "number without a name in column {column}, read in the hub's order: {order}"


def is_blank(text: str) -> bool:
    """Whether it has nothing that can be seen: white space, signs of direction and other control characters alone."""
    if text and text[0].isprintable() and not text[0].isspace():
        return False
    return all(character.isspace() or category(character) in ("Cc", "Cf") for character in text)


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Labels as a set has them, as the numbers of a card's."""

    numbers: Mapping[str, int]
    """By name; empty where a label is the number of a choice."""
    names: Sequence[str] | None
    """In the order of the file's own ClassLabel, if it has one."""
    hub_order: Sequence[str]
    """What numbers mean where the file has none."""
    by_index: tuple[int, ...] = ()
    """The card's numbers of the file's own names, in their order."""
    columns: bool = False
    """Whether they are the names of a row's own columns, whose numbers need no explanation."""

    @classmethod
    def from_format(cls, shape: RowFormat, labels: Sequence[str], names: Sequence[str] | None) -> "LabelMap":
        """Those of a shape, or of a card whose labels the training set tells.

        Raises:
            ValueError: when the file's names are others.
        """
        ours = shape.labels or tuple(labels)
        if names is not None and ours and set(map(str.casefold, names)) != set(map(str.casefold, ours)):
            raise ValueError(f"labels {', '.join(names)} instead of {', '.join(ours)}")
        numbers = {name: number for number, name in enumerate(ours)}
        by_place = tuple(_get_label_number(numbers, name) for name in names or () if numbers)
        return cls(numbers, names, shape.hub_order, by_place, set(ours) <= shape.columns.keys())

    def to_number(self, told: Any, column: str, notes: RowNotes) -> int:
        """The card's number of one label.

        Raises:
            UnusableRowError: for a label that the set keeps to itself: null, -1 or empty.
            ValueError: for one that it does not know.
        """
        if type(told) is int and 0 <= told < len(self.by_index):
            return self.by_index[told]
        if told is None or (isinstance(told, float) and math.isnan(told)):
            raise UnusableRowError(NULL_VALUE.format(column=column))
        if told in (-1, "-1") or (isinstance(told, str) and is_blank(told)):
            raise UnusableRowError(HIDDEN_LABEL.format(column=column))
        if isinstance(told, str | bool) and (known := _find_label(self.numbers, str(told).strip())) is not None:
            return known
        number = _to_integer(told)
        if not self.numbers:
            if number is None:
                raise ValueError(f"column {column}: {told!r} is no number")
            return number
        order = self.names or self.hub_order
        if number is not None and not order:
            every = ", ".join(self.numbers)
            raise ValueError(
                f"column {column}: {told} is a number without a name, and the order is not known: it wants {every}, or a ClassLabel"
            )
        if number is None or not 0 <= number < len(order):
            allowed = ", ".join(f"{name} ({number})" for number, name in enumerate(order or self.numbers))
            raise ValueError(f"column {column}: {told!r} is none of {allowed}")
        if not (self.names or self.columns):
            notes.add(_describe_unnamed(column, tuple(order)))
        return _get_label_number(self.numbers, order[number])


def _find_label(numbers: Mapping[str, int], name: str) -> int | None:
    """The number of a name, whatever its case where no other name differs from it in case alone."""
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
    told = ", ".join(f"{number} {name}" for number, name in enumerate(order))
    return UNNAMED_NUMBER.format(column=column, order=told)


def _to_integer(told: Any) -> int | None:
    """A whole number in whatever type pandas or a text file left it."""
    if isinstance(told, float):
        return int(told) if told.is_integer() else None
    if isinstance(told, str):
        return int(told) if told.strip().isdecimal() else None
    return int(told) if isinstance(told, int) else None


def normalise_row(row: Row, shape: RowFormat, labels: LabelMap, notes: RowNotes) -> Row:
    """A set's row with our names for its columns, each value of the form that the shape states.

    Raises:
        UnusableRowError: when a value is missing without which the row says nothing.
        ValueError: when a column holds something else; it names the column.
    """
    found = {
        name: _normalise_value(row[their], name, their, shape, labels, notes) for name, their in shape.columns.items()
    }
    return found | {
        name: check_column_type(row[name], shape.column_types[name], name) for name in shape.optional if row.get(name)
    }


def _normalise_value(told: Any, name: str, column: str, shape: RowFormat, labels: LabelMap, notes: RowNotes) -> Any:
    if name == "label":
        return labels.to_number(told, column, notes)
    if name == "tags":
        return [labels.to_number(each, column, notes) for each in check_column_type(told, [object], column)]
    if name not in shape.column_types:
        return read_text(told, column, notes)
    value = check_column_type(told, shape.column_types[name], column)
    return [read_text(each, column, notes) for each in value] if shape.column_types[name] == [str | None] else value


def read_text(told: Any, column: str, notes: RowNotes) -> str:
    """A text; null is an empty one."""
    if type(told) is str:
        return told
    if told is None:
        notes.add(NULL_TEXT.format(column=column))
        return ""
    return str(check_column_type(told, str, column))


def check_column_type(value: Any, form: ColumnType, column: str) -> Any:
    """The value, if it has the form.

    Raises:
        UnusableRowError: for null where the form has none.
        ValueError: for another form.
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
    told = repr(value)
    return told if len(told) <= 60 else f"{told[:57]}..."


def _describe_column_type(form: ColumnType) -> str:
    if isinstance(form, list):
        return "list"
    if isinstance(form, dict):
        return f"record of {', '.join(form)}"
    return "text" if str in (form, *get_args(form)) else "whole number"
