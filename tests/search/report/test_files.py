import io
import json
from html import unescape

import pytest
from rich.console import Console

from search.analysis import analyse_results
from search.errors import UserError
from search.report import write_report_files, write_report_page


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


def test_a_search_leaves_results_a_page_and_pictures(finished, home, drawn, console):
    folder = home.get_search_folder(finished.config.name)
    written = write_report_files(finished, folder, console)
    assert console.file.getvalue() == ""
    assert {"report.html", "pictures/heat-map.png"} & written.files.keys() >= {"report.html"}
    assert all(file.stat().st_size > 500 for file in written.files.values())
    assert sum(name.endswith(".png") for name in written.files) >= 3
    results = json.loads(folder.results.read_text())
    assert written.answer == analyse_results(results)["answer"]
    text = unescape(folder.report.read_text())
    assert f"{results['confirmed']['mean']:.3f}" in text


def test_pictures_of_before_are_gone(finished, home, drawn, console):
    folder = home.get_search_folder(finished.config.name)
    folder.pictures.mkdir(parents=True)
    (folder.pictures / "old.png").write_bytes(b"")
    write_report_files(finished, folder, console)
    assert not (folder.pictures / "old.png").exists()


def test_a_page_that_cannot_be_made_costs_nothing_but_the_page(finished, home, console, monkeypatch):
    def broken(analysis, folder):
        raise ZeroDivisionError("of pictures")

    monkeypatch.setattr("search.report.page.write_page_and_pictures", broken)
    folder = home.get_search_folder(finished.config.name)
    written = write_report_files(finished, folder, console)
    assert (dict(written.files), written.answer) == ({}, [])
    assert folder.results.exists()
    assert "the page could not be written (ZeroDivisionError: of pictures)" in console.file.getvalue()


def test_a_page_goes_where_it_is_told(finished, tmp_path):
    write_report_page(finished, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().startswith("<!")


def test_a_place_that_cannot_be_written_is_named(finished, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match=r"taken/page\.html cannot be written"):
        write_report_page(finished, tmp_path / "taken" / "page.html")
