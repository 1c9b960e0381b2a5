"""The values of a user's rows: labels as text, whatever type a file gives them, numbers, and lists in one cell."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from trainables.cards import is_blank
from trainables.own_tasks import OwnTask
from trainables.validation import DataError, parse_json


def convert_value(value: Any, ours: str, theirs: str, own: OwnTask) -> Any:
    """A value of a file as the value of a column of ours.

    Raises:
        ValueError: when it cannot be one; the message says what is needed.
    """
    match ours:
        case "label" if own.kind == "regression":
            return _to_number(value, theirs)
        case "label":
            return to_label(value)
        case "labels" | "choices":
            return [each for each in map(to_label, _to_list(value, theirs, own)) if each is not None]
        case "tags" if isinstance(value, list):
            return [to_label(each) for each in value]
        case "words" | "tags" if isinstance(value, str):
            return value.split()
        case "answers" if isinstance(value, str):
            return _parse_answers(value, theirs)
        case _:
            return value if value is None or isinstance(value, str | list | dict) else str(value)


def to_label(value: Any) -> str | None:
    """A label as text: 1.0 is "1"; none for null and for a float that is no number, which is null to other programs."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _to_number(value: Any, theirs: str) -> float | None:
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"column {theirs}: {value!r} is no number: regression predicts numbers, with a decimal point"
        ) from None
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"column {theirs}: {value!r} is not finite: leave the row out")
    return None if number != number else number


def _to_list(value: Any, theirs: str, own: OwnTask) -> Sequence[Any]:
    """A list as it is; text as a list in JSON if it begins with a bracket, else split at the task's separator."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    text = str(value).strip()
    if not text.startswith("["):
        return [part for part in map(str.strip, text.split(own.separator)) if part]
    try:
        found = parse_json(text)
    except ValueError as error:
        raise ValueError(
            f"column {theirs}: {text[:40]!r} begins with a bracket and is no list in JSON ({error}): "
            f'write ["a", "b"], or labels with {own.separator!r} between them'
        ) from error
    return found if isinstance(found, list) else [found]


def _parse_answers(value: str, theirs: str) -> Any:
    try:
        return parse_json(value)
    except ValueError as error:
        raise ValueError(
            f'column {theirs}: {value[:40]!r} is no JSON: {error}; write {{"text": ["..."], "answer_start": [0]}}'
        ) from error


def to_arrow(values: list[Any], theirs: str, places: Sequence[str]) -> pa.Array:
    """A column of a table.

    Raises:
        DataError: when its values are of several types; the message names the first row of another type than that of the first.
    """
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        first = next((value for value in values if value is not None), None)
        other = next(n for n, value in enumerate(values) if value is not None and type(value) is not type(first))
        raise DataError(
            f"{places[other]}: column {theirs} has {type(values[other]).__name__} here, and {type(first).__name__} before: write one type"
        ) from error
