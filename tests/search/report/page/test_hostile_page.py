"""A page of results that somebody made by hand: its texts are shown, and run nothing."""

import json

from search.frames import load_search
from search.report.page import write_page
from tests.search.report.page.samples import NASTY


def test_names_of_hand_made_results_run_no_script_in_a_browser(browser, tmp_path, finished):
    from search.results import serialize_results

    evil = '<script>alert(1)</script></style></text></svg><img src=x onerror=alert(2)>" onload=alert(3) javascript:alert(4)'
    told = serialize_results(finished)
    for name, attack in zip(("facts", "dates", "choice", "sums"), (evil, *NASTY[1:]), strict=False):
        told = told.replace(json.dumps(name), json.dumps(attack))
    (tmp_path / "results.json").write_text(told)
    write_page(load_search(tmp_path / "results.json").analysis, tmp_path / "page.html")
    with browser.open(tmp_path / "page.html") as opened:
        opened.page.on("dialog", lambda dialog: opened.errors.append(f"dialog: {dialog.message}"))
        opened.page.reload()
        assert "<script>alert(1)</script>" in opened.text
        assert opened.errors == [] == opened.blocked
        assert opened.page.locator("img[onerror], [onload], a[href^=javascript]").count() == 0
