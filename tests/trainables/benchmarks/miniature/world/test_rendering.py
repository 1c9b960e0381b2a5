from datetime import date

import pytest

from trainables.benchmarks.miniature import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world import (
    DATE_KINDS,
    PLACE_KINDS,
    WorldRecord,
    render_date,
    render_fact,
    render_list,
    render_place,
)
from trainables.benchmarks.miniature.world._rendering import get_separator_words, render_list_with_offsets, render_name

RECORD = WorldRecord("MX", date(2021, 1, 1))
KINDS = PLACE_KINDS + DATE_KINDS


def test_a_record_is_told_in_english():
    assert render_place(RECORD, "en") == "Mexico"
    assert render_date(RECORD, "en") == "Friday, January 1, 2021"
    assert [render_fact(RECORD, kind, "en") for kind in KINDS] == [
        "Americas",
        "Mexican Peso",
        "Spanish",
        "January",
        "Friday",
    ]


def test_a_record_is_told_in_another_script():
    assert render_place(RECORD, "ru") == "Мексика"
    assert render_fact(RECORD, "month", "ja") == "1月"


@pytest.mark.parametrize("language", MINIATURE_LANGUAGES)
def test_all_of_a_record_can_be_told(language):
    texts = [render_place(RECORD, language), render_date(RECORD, language)]
    texts += [render_fact(RECORD, kind, language) for kind in KINDS]
    assert all(text == text.strip() != "" for text in texts), texts


@pytest.mark.parametrize("kind", ["month", "weekday"])
@pytest.mark.parametrize("language", MINIATURE_LANGUAGES)
def test_the_codes_of_a_date_have_names_that_differ(kind, language):
    numbers = range(1, 13) if kind == "month" else range(7)
    names = [render_name(kind, str(number), language) for number in numbers]
    assert len(set(names)) == len(names)


def test_an_enumeration_follows_the_language():
    assert render_list(["a", "b", "c"], "en") == "a, b, and c"
    assert render_list(["a", "b", "c"], "de") == "a, b und c"
    assert render_list(["a"], "de") == "a"


def test_a_separator_has_the_words_between_two_parts():
    assert get_separator_words(False, "de") == [","]
    assert get_separator_words(True, "de") == ["und"]


@pytest.mark.parametrize("language", MINIATURE_LANGUAGES)
def test_each_part_of_a_list_begins_where_it_is_said_to(language):
    parts = ["Uruguay y más", "a", "日本", "a"]
    text, starts = render_list_with_offsets(parts, language)
    assert text == render_list(parts, language)
    assert [text[start : start + len(part)] for start, part in zip(starts, parts, strict=True)] == parts
    assert starts == sorted(set(starts))
