"""Columns of regression and multi-label classification."""

import math

import pytest

from trainables.cards import LabelMap, RowFormat, RowNotes, normalise_row
from trainables.validation import UnusableRowError

NUMBERS = RowFormat(columns={"text": "sentence", "label": "quality"}, column_types={"label": float})
LISTS = RowFormat(columns={"text": "sentence", "labels": "emotions"})
EMOTIONS = ("joy", "anger")


def read_label(value: object) -> object:
    row = {"sentence": "Kenya", "quality": value}
    return normalise_row(row, NUMBERS, LabelMap.from_format(NUMBERS, (), None), RowNotes())["label"]


def read_labels(value: object) -> object:
    row = {"sentence": "Kenya", "emotions": value}
    return normalise_row(row, LISTS, LabelMap.from_format(LISTS, EMOTIONS, None), RowNotes())["labels"]


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (2.5, 2.5), ("-1.5e2 ", -150.0), ("-1", -1.0), (-1, -1.0)])
def test_the_label_of_regression_is_any_number(value, number):
    assert read_label(value) == number and isinstance(read_label(value), float)


@pytest.mark.parametrize("value", [None, math.nan, "", "  ", "nan"])
def test_a_row_without_a_number_is_left_out(value):
    with pytest.raises(UnusableRowError, match="null in column quality, row left out"):
        read_label(value)


@pytest.mark.parametrize("value", ["good", "1,5", True, math.inf, "-inf", [1.0], 10**400])
def test_what_is_no_finite_number_is_refused_by_its_column(value):
    with pytest.raises(ValueError, match=r"column quality: .* is no number"):
        read_label(value)


def test_several_labels_are_read_by_their_names_or_none():
    assert read_labels(["anger", "JOY"]) == [1, 0]
    assert read_labels([]) == []


def test_a_label_that_is_unknown_or_no_list_is_refused():
    with pytest.raises(ValueError, match=r"column emotions: 'fear' is none of joy \(0\), anger \(1\)"):
        read_labels(["fear"])
    with pytest.raises(ValueError, match="column emotions: 'joy' is no list"):
        read_labels("joy")
