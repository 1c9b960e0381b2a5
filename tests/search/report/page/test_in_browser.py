"""The page in a real browser: it asks for nothing, complains of nothing, and fits."""

import pytest

from search.report.page import write_page
from tests.search.report.page import samples

SAMPLES = {
    "empty": samples.empty,
    "one": samples.one_trial,
    "study": samples.study,
    "nasty": samples.nasty,
    "large": samples.large,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, sample in SAMPLES.items():
        write_page(sample(), folder / f"{name}.html")
    return folder


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_fits_its_window_and_asks_for_nothing(browser, files, name, width):
    with browser.open(files / f"{name}.html", width=width, dark=width == 768) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [address for address in opened.requests if not address.startswith("data:")] == [
            (files / f"{name}.html").as_uri()
        ]
        assert opened.errors == []


def test_names_run_no_script(browser, files):
    with browser.open(files / "nasty.html") as opened:
        opened.page.on("dialog", lambda dialog: opened.errors.append(f"dialog: {dialog.message}"))
        opened.page.reload()
        assert "<script>alert(1)</script>" in opened.text
        assert opened.errors == []


def test_key_numbers_on_the_page_are_the_analysis_own(browser, files):
    analysis = samples.study()
    with browser.open(files / "study.html") as opened:
        best = opened.page.locator("table.shown").first.locator("tbody tr").first.inner_text()
        assert analysis["curricula"][0]["overall"]["told"].split()[0] in best
        for family, score in analysis["curricula"][0]["families"].items():
            assert f"{score:.3f}" in best, family
        assert analysis["answer"][0] in opened.text
        assert [effect["overall"]["told"] in opened.text for effect in analysis["effects"]] == [True] * 29


def test_dark_and_light_differ_in_paper_and_ink_of_page_and_drawings_alike(browser, files):
    asked = """[getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('figure svg text')).fill]"""
    seen = []
    for dark in (False, True):
        with browser.open(files / "study.html", dark=dark) as opened:
            seen.append(opened.page.evaluate(asked))
    assert seen[0] == ["rgb(255, 255, 255)", "rgb(29, 30, 32)"]
    assert seen[1] == ["rgb(20, 22, 25)", "rgb(231, 229, 224)"]


def test_no_text_of_a_drawing_is_cut_by_its_edge(browser, files):
    asked = """[...document.querySelectorAll('figure svg')].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter((text) => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
        }).map((text) => text.textContent);
    })"""
    for name in ("study", "nasty", "large"):
        with browser.open(files / f"{name}.html", width=1280) as opened:
            assert opened.page.locator("figure svg text").count() > 300
            assert opened.page.evaluate(asked) == []


def test_a_table_is_copied_as_tab_separated_text(browser, files):
    with browser.open(files / "study.html", permissions=["clipboard-read", "clipboard-write"]) as opened:
        details = opened.page.locator("#picture-spent details")
        details.locator("summary").click()
        details.locator("button").click()
        opened.page.wait_for_function("document.querySelector('#picture-spent button').textContent !== 'copy table'")
        assert opened.page.evaluate("navigator.clipboard.readText()").splitlines() == [
            "\trequested\ttrained\tsaved",
            "stages\t132\t87\t45",
            "seconds of training\t293.4\t190.2\t103.2",
        ]
        assert opened.errors == []


def test_without_scripts_everything_can_be_read(browser, files):
    with browser.open(files / "study.html", java_script_enabled=False) as opened:
        assert opened.page.locator("button:visible").count() == 0
        opened.page.locator("#picture-spent summary").click()
        assert opened.page.locator("#picture-spent table").is_visible()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_prints_on_white_with_every_table_open(browser, files, name):
    with browser.open(files / f"{name}.html", dark=True) as opened:
        document = opened.page.pdf(prefer_css_page_size=True, print_background=True)
        assert document.startswith(b"%PDF")
        opened.page.emulate_media(media="print")
        assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        hidden = "[...document.querySelectorAll('details table')].filter((table) => !table.checkVisibility()).length"
        assert opened.page.evaluate(hidden) == 0


def test_no_picture_is_wider_than_its_sheet_of_paper(browser, files):
    asked = """[...document.querySelectorAll('figure:not(.fixed) svg')].filter(
        (svg) => svg.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length"""
    with browser.open(files / "study.html", width=695) as opened:
        opened.page.emulate_media(media="print")
        assert opened.page.locator("figure svg").count() > 30
        assert opened.page.evaluate(asked) == 0
