"""Slots in brackets become tags of words."""

import pytest

from trainables.cards import LabelMap, RowNotes, make_slot_format, make_slot_tags, normalise_row, tag_words
from trainables.validation import UnusableRowError

READ = {
    "wake me at [time : nine am] on [date : friday]": "wake/O me/O at/O nine/B-time am/I-time on/O friday/B-date",
    "[time : 5:30 pm]": "5:30/B-time pm/I-time",
    "[time : : 5]": ":/B-time 5/I-time",
    "ratio 3:4 : what": "ratio/O 3:4/O :/O what/O",
    "[date : friday]'s show": "friday's/B-date show/O",
    "pre[date : friday]": "prefriday/B-date",
    "[date : a] [date : b]": "a/B-date b/B-date",
    "[date:friday]": "friday/B-date",
    "[ date :friday ] x": "friday/B-date x/O",
    "[date : ] x": "x/O",
    "[date :\u3000明日\u3000]\u00a0x": "明日/B-date x/O",
    "[date : سه\u200cشنبه] را": "سه\u200cشنبه/B-date را/O",
    "[time : 🕘 9] ok": "🕘/B-time 9/I-time ok/O",
    "  ": "",
    "": "",
}
REFUSED = [
    "[date : friday",
    "date : friday]",
    "[date : [time : x]]",
    "[hello]",
    "[two words : x]",
    "[ : x]",
    "[]",
    "][",
]


def told(words: list[tuple[str, str]]) -> str:
    return " ".join(f"{word}/{tag}" for word, tag in words)


@pytest.mark.parametrize(("annotated", "tags"), READ.items())
def test_words_get_the_slot_that_they_stand_in(annotated, tags):
    assert told(tag_words(annotated)) == tags


@pytest.mark.parametrize("annotated", REFUSED)
def test_brackets_that_are_no_slot_leave_the_row_out(annotated):
    with pytest.raises(UnusableRowError, match="slots in brackets that cannot be read"):
        tag_words(annotated)


def test_words_of_chinese_and_japanese_are_characters_but_latin_ones_stay_whole():
    tagged = told(tag_words("把[time : 明天 9 am] 的 alarm 取消", by_character=True))
    assert tagged == "把/O 明/B-time 天/I-time 9/I-time am/I-time 的/O alarm/O 取/O 消/O"


def adapt(annotated: str, locale: str = "en-US") -> list[dict]:
    row_format = make_slot_format("annot_utt", "locale", ("date", "time"))
    row, notes = {"annot_utt": annotated, "locale": locale}, RowNotes()
    labels = LabelMap.from_format(row_format, (), None)
    return list(row_format.adapt(normalise_row(row, row_format, labels, notes), notes))


def test_tags_are_numbers_of_the_labels():
    labels = make_slot_tags(("date", "time"))
    assert labels == ("O", "B-date", "I-date", "B-time", "I-time")
    (row,) = adapt("on [date : may one] at [time : five]")
    assert row["words"] == ["on", "may", "one", "at", "five"]
    assert [labels[tag] for tag in row["tags"]] == ["O", "B-date", "I-date", "O", "B-time"]


def test_the_locale_decides_what_a_word_is():
    assert [adapt("[date : 明日]", locale)[0]["words"] for locale in ("ja-JP", "zh-TW", "ko-KR")] == [
        ["明", "日"],
        ["明", "日"],
        ["明日"],
    ]


def test_a_slot_that_the_card_lacks_is_refused_with_its_name():
    with pytest.raises(ValueError, match="column annot_utt: unknown slot place"):
        adapt("in [place : rome]")


def test_a_sentence_without_words_is_left_out():
    with pytest.raises(UnusableRowError, match="sentence without words"):
        adapt("[date : ]")
