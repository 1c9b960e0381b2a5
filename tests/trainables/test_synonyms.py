import json
from collections import Counter
from random import Random

import pytest

from trainables.synonyms import Synonyms, load_synonyms, match_case, strip_punctuation

TABLE = {
    "good": ["fine", "great", "good"],
    "kenyan shilling": ["KES"],
    "shilling": ["bob"],
    "alone": [],
    "Upper": ["higher"],
}
SYNONYMS = Synonyms.from_table(TABLE)


class Always(Random):
    """Replaces whatever can be replaced, by the first neighbour."""

    def random(self) -> float:
        return 0.0

    def choice(self, seq):
        return seq[0]


def said(text: str) -> str:
    return SYNONYMS.replace_words(text, 1.0, Always())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a good day", "a fine day"),
        ("Good day", "Fine day"),
        ("GOOD day", "FINE day"),
        ("good, good! (good)", "fine, fine! (fine)"),
        ("«Good»", "«Fine»"),
        ("goods", "goods"),
        ("one Kenyan Shilling.", "one KES."),
        ("one shilling", "one bob"),
        ("upper", "higher"),
        ("two  blanks good ", "two  blanks fine "),
        ("on\ngood, day", "on\nfine, day"),
        ("Kenyan\nshilling", "KES"),
        ("the good's end", "the fine's end"),
        ("Good’s", "Fine’s"),
        ("", ""),
        ("...", "..."),
    ],
)
def test_words_are_replaced_in_their_case_with_their_punctuation(text, expected):
    assert said(text) == expected


def test_a_phrase_is_not_looked_for_across_punctuation():
    assert said("Kenyan, shilling") == "Kenyan, bob"


def test_nothing_is_replaced_at_scale_zero():
    assert SYNONYMS.replace_words("good good good", 0.0, Random(0)) == "good good good"


def test_at_scale_one_a_word_is_drawn_evenly_from_itself_and_its_neighbours():
    rng = Random(0)
    counts = Counter(SYNONYMS.replace_words("good", 1.0, rng) for _ in range(6000))
    assert set(counts) == {"good", "fine", "great"}
    assert all(1800 < count < 2200 for count in counts.values())


def test_at_half_the_scale_words_are_replaced_half_as_often():
    rng = Random(0)
    replaced = sum(SYNONYMS.replace_words("good", 0.5, rng) != "good" for _ in range(6000))
    assert 1800 < replaced < 2200


def test_the_draws_are_the_given_ones():
    text = "good " * 50
    assert SYNONYMS.replace_words(text, 1.0, Random(3)) == SYNONYMS.replace_words(text, 1.0, Random(3))
    assert SYNONYMS.replace_words(text, 1.0, Random(3)) != SYNONYMS.replace_words(text, 1.0, Random(4))


def test_what_is_not_replaced_stays_to_the_letter():
    text = " An  odd, text\twith «quotes» … and\nlines "
    assert Synonyms.from_table({}).replace_words(text, 1.0, Always()) == text


@pytest.mark.parametrize(
    ("word", "parts"), [("(a)", ("(", "a", ")")), ("a", ("", "a", "")), ("it's,", ("", "it", "'s,"))]
)
def test_punctuation_is_taken_off_the_ends(word, parts):
    assert strip_punctuation(word) == parts


def test_a_name_keeps_its_own_capitals():
    assert match_case("McDonald", "mac") == "McDonald"


def test_words_that_differ_in_case_alone_share_their_neighbours():
    table = {"May": ["might"], "may": ["could"], "Turkey": ["bird"], "turkey": []}
    assert Synonyms.from_table(table).neighbours == {"may": ("might", "could"), "turkey": ("bird",)}


def test_the_digest_tells_tables_apart_and_not_their_order():
    turned = Synonyms.from_table(dict(reversed(TABLE.items())))
    assert turned.digest == SYNONYMS.digest
    assert Synonyms.from_table(TABLE | {"new": ["newer"]}).digest != SYNONYMS.digest


def test_a_published_file_can_be_read(tmp_path):
    file = tmp_path / "counterfitted_neighbors.json"
    file.write_text(json.dumps(TABLE))
    assert load_synonyms(str(file)).neighbours == SYNONYMS.neighbours


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": "b"}', '{"a": [1]}'])
def test_a_file_that_holds_something_else_is_refused(text, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"other\.json"):
        load_synonyms(str(file))
