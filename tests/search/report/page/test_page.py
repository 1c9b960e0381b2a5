"""What the page holds, without a browser."""

import json
import re
from html.parser import HTMLParser

import pytest

from search.report.page import _page as page
from search.report.page._plain_text import clean_document
from search.report.page._sections import build_sections
from search.report.page._tables import NOT_SIGNIFICANT
from tests.search.report.page import samples

SAMPLES = [samples.empty, samples.one_trial, samples.study, samples.nasty, samples.large]


class Elements(HTMLParser):
    """Every element with its attributes, every text; ids and tables apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="module")
def study() -> str:
    return page.render_page(samples.study())


@pytest.fixture(scope="module")
def nasty() -> str:
    return page.render_page(samples.nasty())


def titles(analysis) -> list[str]:
    return [section.name for section in build_sections(clean_document(analysis))]


def test_every_name_is_shown_as_text(nasty):
    found = Elements(nasty)
    text = "".join(found.texts)
    assert "<script>alert(1)</script>" in text
    assert "$x_1$" in text
    assert "a&b\"'" in text
    assert "{{ 7 * 7 }} <b>bold</b>" in text
    assert "alert('name')" in text


def test_no_name_becomes_an_element_or_an_attribute(nasty):
    found = Elements(nasty)
    assert len(found.of("script")) == 1
    assert not found.of("img")
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]


def test_a_name_cannot_turn_the_text_around_it_or_break_the_file(nasty):
    assert "\u202e" not in nasty
    assert "\x00" not in nasty
    assert "evil  tab" in nasty


def test_a_lone_surrogate_can_be_written(tmp_path):
    analysis = samples.one_trial() | {"name": "half \ud83d"}
    page.write_page(analysis, tmp_path / "report.html")
    assert "half \ufffd" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_numbers_that_are_none_are_left_out():
    analysis = samples.study()
    analysis["curricula"][0]["languages"]["de"] = float("nan")
    analysis["curricula"][0]["families"]["Uralic"] = None
    analysis["effects"][0]["overall"]["mean"] = float("inf")
    found = page.render_page(analysis)
    assert not re.search(r"[>+ ](nan|inf)\b", found)


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_on_the_page_comes_from_elsewhere(sample):
    text = page.render_page(sample())
    found = Elements(text)
    addresses = [attributes.get(name) for _, attributes in found.elements for name in ("src", "href", "action", "data")]
    assert {address for address in addresses if address and not address.startswith("#")} == {"data:,"}
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert "url(" not in text.replace("url(#", "")
    assert "@import" not in text


def test_the_policy_allows_the_pages_own_style_and_script_alone(study):
    policy = next(meta["content"] for meta in Elements(study).of("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy


def test_every_id_is_there_once_and_every_link_within_the_page_leads_somewhere(study):
    found = Elements(study)
    assert len(found.ids) == len(set(found.ids)) > 12
    links = [str(link["href"])[1:] for link in found.of("a")]
    assert links
    assert set(links) <= set(found.ids)


def test_the_same_analysis_gives_the_same_page(study):
    assert page.render_page(json.loads(json.dumps(samples.study()))) == study


def test_the_answer_its_verdict_and_the_tables_tell_what_the_analysis_tells(study):
    analysis, text = samples.study(), "".join(Elements(study).texts)
    for sentence in analysis["answer"]:
        assert sentence in text
    assert "separated" in text
    for row in analysis["curricula"]:
        mean, interval = row["overall"]["told"].split(" ", 1)
        assert f"{mean}{interval}" in text
    for effect in analysis["effects"]:
        assert effect["name"] in text
        assert effect["overall"]["told"] in text
    assert NOT_SIGNIFICANT in text


def test_every_drawing_says_what_it_shows(study):
    drawings = Elements(study).of("svg")
    assert len(drawings) > 30
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)


def test_text_in_drawings_is_large_enough_to_read(study):
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", study)]
    assert len(sizes) > 300
    assert min(sizes) >= 11


def test_colours_of_drawings_follow_the_page(study):
    body = study[study.index("<main>") :]
    assert "var(--ink)" in body
    assert not re.findall(r"(?:fill|stroke): #\w+", body)


def test_an_empty_search_has_a_page_that_says_so():
    analysis = samples.empty()
    assert titles(analysis) == ["order", "methods"]
    assert "No trial is complete yet." in page.render_page(analysis)


def test_sections_without_data_are_left_out_or_say_why():
    found = titles(samples.one_trial())
    assert "noise" not in found
    assert "front" not in found
    assert "selection" not in found
    assert "There are too few trials to estimate importance." in page.render_page(samples.one_trial())


def test_a_full_search_has_every_section():
    assert titles(samples.study()) == [
        "order",
        "effects",
        "languages",
        "conditions",
        "tree",
        "noise",
        "forgetting",
        "importance",
        "learning",
        "front",
        "selection",
        "spent",
        "methods",
    ]


def test_finalists_on_fresh_seeds_have_a_table_of_their_own_before_all_trials():
    analysis = samples.study()
    analysis["finalists"] = analysis["curricula"][:2]
    first, second = build_sections(clean_document(analysis))[0].blocks
    assert first.title == "Finalists by family on test, fresh seeds, best first"
    assert [len(first.rows), len(second.rows)] == [2, 12]


def test_a_rate_that_all_stages_share_is_told_once():
    shown = build_sections(clean_document(samples.study()))[0]
    assert {row[1].text for row in shown.blocks[0].rows} >= {"dates > facts", "facts"}
    assert "the same learning rate and noise (0.001)" in shown.sentences[0]


def test_rates_that_differ_stay_with_their_stages():
    analysis = samples.study()
    analysis["curricula"][0]["words"] = "dates (0.002) > facts (0.001)"
    shown = build_sections(clean_document(analysis))[0]
    assert shown.blocks[0].rows[0][1].text == "dates (0.002) > facts (0.001)"


def test_a_large_search_shows_the_best_and_says_so():
    section = build_sections(clean_document(samples.large()))[0]
    assert [len(table.rows) for table in section.blocks] == [40, 300]
    text = page.render_page(samples.large())
    assert "The best 40 of 299 curricula are shown." in text
    assert "intermediate stages are shown." in text


def test_a_page_is_written_in_one_step(tmp_path, monkeypatch):
    file = tmp_path / "report.html"
    file.write_text("before", encoding="utf-8")
    monkeypatch.setattr(page, "render_page", lambda analysis: (_ for _ in ()).throw(ValueError("broken")))
    with pytest.raises(ValueError, match="broken"):
        page.write_page(samples.empty(), file)
    assert file.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [file]
