"""Row format of slots that are written into the text: ``wake me at [time : nine am] on [date : friday]``."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from trainables.cards._cards import RowFormat, RowNotes
from trainables.cards._rows import Row
from trainables.validation import UnusableRowError

OUTSIDE = "O"
_PIECE = re.compile(r"\[\s*(?P<slot>[^\s\[\]:]+)\s*:(?P<words>[^\[\]]*)\]|(?P<text>[^\[\]]+)")
"""A slot with its words, or text between slots; a bracket that is neither is refused."""
BY_CHARACTER = ("ja", "zh")
"""Languages whose words MASSIVE's own code splits into characters; a word of ASCII alone stays whole."""


def make_slot_tags(slots: Sequence[str]) -> tuple[str, ...]:
    """The tags of words: ``O``, then ``B-`` and ``I-`` of each slot."""
    return OUTSIDE, *(f"{place}-{slot}" for slot in slots for place in "BI")


def make_slot_format(annotated: str, locale: str, slots: Sequence[str]) -> RowFormat:
    """Tagging of words whose slots stand in the text, in brackets.

    Args:
        annotated: the column of the text with its slots.
        locale: the column of the locale, as ``ja-JP``: see `BY_CHARACTER`.
        slots: every slot's name, in the order of the card's labels; see `make_slot_tags`.
    """
    tags = make_slot_tags(slots)
    numbers = {tag: number for number, tag in enumerate(tags)}

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        words = tag_words(row["annotated"], by_character=row["locale"][:2] in BY_CHARACTER)
        if not words:
            raise UnusableRowError("sentence without words, row left out")
        if unknown := sorted({tag[2:] for _, tag in words if tag not in numbers}):
            raise ValueError(f"column {annotated}: unknown slot {', '.join(unknown)}")
        yield {"words": [word for word, _ in words], "tags": [numbers[tag] for _, tag in words]}

    return RowFormat(
        columns={"annotated": annotated, "locale": locale},
        labels=tags,
        column_types={"annotated": str, "locale": str},
        adapt=adapt,
        adapter_name="slots",
    )


def tag_words(annotated: str, *, by_character: bool = False) -> list[tuple[str, str]]:
    """The words of a text with slots in brackets, each with its tag.

    The first word of a slot is ``B-``, others are ``I-``. A word that a bracket cuts in two, ``[date : friday]'s``, stays one word, of the
    first slot in it. The first colon ends the slot's name: others belong to the words.

    Args:
        annotated: the text.
        by_character: whether words are split into their characters.

    Raises:
        UnusableRowError: for a bracket that neither begins nor ends a slot, and for a slot in a slot.
    """
    words: list[tuple[str, str]] = []
    before = -1
    for word, places in _split_words(list(_iterate_characters(annotated)), by_character):
        place = next((each for each in places if each >= 0), -1)
        inside = "I" if place == before else "B"
        words.append((word, OUTSIDE if place < 0 else f"{inside}-{_name_slot(annotated, place)}"))
        before = place
    return words


def _iterate_characters(annotated: str) -> Iterator[tuple[str, int]]:
    """Each character of the text without its markup, with the place where its slot begins in `annotated`, or -1."""
    end = 0
    for piece in _PIECE.finditer(annotated):
        if piece.start() != end:
            break
        end = piece.end()
        if piece["text"] is None:
            place = piece.start()
            yield from ((character, place) for character in piece["words"].strip())
        else:
            yield from ((character, -1) for character in piece["text"])
    if end != len(annotated):
        raise UnusableRowError("slots in brackets that cannot be read, row left out")


def _split_words(characters: Sequence[tuple[str, int]], by_character: bool) -> Iterator[tuple[str, list[int]]]:
    """The words between white space, each with the slots of its characters."""
    for is_space, group in groupby(characters, key=lambda each: each[0].isspace()):
        if is_space:
            continue
        word = list(group)
        text = "".join(character for character, _ in word)
        if by_character and not text.isascii():
            yield from ((character, [place]) for character, place in word)
        else:
            yield text, [place for _, place in word]


def _name_slot(annotated: str, place: int) -> str:
    found = _PIECE.match(annotated, place)
    assert found is not None, "a slot begins there"
    return found["slot"]
