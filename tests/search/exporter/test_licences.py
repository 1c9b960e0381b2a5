"""The licence of a model: the most restrictive of what it was trained on."""

import pytest

from search.exporter._licences import (
    LICENCES,
    choose_licence,
    describe_licences,
    find_encoder_licence,
    to_licence_identifier,
)
from search.exporter._training_sources import TrainingSource
from trainables.benchmarks import BENCHMARKS

FOUND = {
    "CC BY-NC 4.0 (paper)": "cc-by-nc-4.0",
    "Apache-2.0 (a copy of the official download)": "apache-2.0",
    "BSD 2-Clause (COPA)": "bsd-2-clause",
    "CC0": "cc0-1.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "MIT": "mit",
    "Unicode-3.0": "unicode-3.0",
    "unclear": "",
    "by source: Apache-2.0, CC BY, CC BY-SA, CC BY-NC": "",
    "LDC2005T13: to be licensed": "",
}


@pytest.mark.parametrize(("text", "name"), FOUND.items())
def test_a_licence_is_read_as_its_card_states_it(text, name):
    assert to_licence_identifier(text) == name


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        (["MIT", "CC BY 4.0", "CC0"], {"license": "cc-by-4.0"}),
        (["CC BY-SA 4.0", "CC BY-NC 4.0", "MIT"], {"license": "cc-by-nc-4.0"}),
        (["CC BY-SA 3.0", "CC BY-SA 4.0"], {"license": "cc-by-sa-4.0"}),
        (["Unicode-3.0", "MIT"], {"license": "other", "license_name": "unicode-3.0"}),
        (["CC BY-NC 4.0", "unclear"], {"license": "other", "license_name": "unclear"}),
        (
            ["LDC2005T13: to be licensed", "MIT"],
            {"license": "other", "license_name": "ldc2005t13-to-be-licensed"},
        ),
        ([], {"license": "unknown"}),
    ],
)
def test_the_most_restrictive_licence_is_taken(texts, fields):
    assert choose_licence(texts) == fields
    assert choose_licence(reversed(texts)) == fields


def test_every_licence_that_a_card_states_is_read_or_is_none_of_the_hub():
    stated = {
        part.source.licence
        for catalogue in BENCHMARKS.values()
        for card in catalogue.values()
        if card.parts
        for part in card.parts.train
    }
    unread = {text for text in stated if not to_licence_identifier(text)}
    assert len(stated) > 8
    for text in unread:
        assert text == "unclear" or text.startswith(("other", "by ", "LDC")), text


def test_an_encoders_own_card_goes_before_our_table(tmp_path):
    assert find_encoder_licence("FacebookAI/xlm-roberta-base") == "mit"
    assert find_encoder_licence(str(tmp_path)) == ""
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    assert find_encoder_licence(str(tmp_path)) == "cc-by-nc-4.0"
    (tmp_path / "README.md").write_text("---\nlicense: other\nlicense_name: my-own\n---\n")
    assert find_encoder_licence(str(tmp_path)) == "my-own"


def test_the_card_of_an_encoders_mirror_and_of_the_hubs_cache_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    folder = tmp_path / "models" / "someone" / "encoder"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert find_encoder_licence("someone/encoder") == "apache-2.0"
    (tmp_path / "cached.md").write_text("---\nlicense: other\n---\n")
    monkeypatch.setattr("search.exporter._licences.try_to_load_from_cache", lambda *_: str(tmp_path / "cached.md"))
    assert find_encoder_licence("someone/else") == "other"
    assert choose_licence(["other"])["license"] == "other"


@pytest.mark.parametrize("name", ["miniature", "a--b/c", "/no/such/folder", "a/b/c"])
def test_what_is_no_hub_id_is_not_looked_up_there(name):
    assert find_encoder_licence(name) == ("apache-2.0" if name == "miniature" else "")


@pytest.mark.parametrize("text", ["no front matter", "---\n: [\n---\n", "---\nlicense: [a, b]\n---\n"])
def test_a_card_of_an_encoder_that_says_nothing_is_no_licence(tmp_path, text):
    (tmp_path / "README.md").write_text(text)
    assert find_encoder_licence(str(tmp_path)) == ""


def test_a_card_lists_every_licence_and_the_rule():
    text = describe_licences("nobody/knows", [TrainingSource("anli", "facebook/anli", "CC BY-NC 4.0")])
    assert "| encoder | unknown: look it up |" in text
    assert "| `anli`, facebook/anli | CC BY-NC 4.0 |" in text
    assert "the most restrictive of these" in text


def test_a_card_says_how_to_cite_and_keeps_its_table_whole():
    text = describe_licences("nobody/knows", [TrainingSource("mine", "mine", "mine |\nall", "Who,\n1999")])
    assert "| `mine` | mine \\| all |\n\n" in text
    assert "Cite `mine`: Who, 1999" in text


def test_licences_stand_once_in_the_order():
    assert len({*LICENCES}) == len(LICENCES)
