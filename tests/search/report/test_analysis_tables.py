import numpy as np
import pytest
from rich.console import Console

from search.analysis import analyse_results
from search.report._analysis_tables import MAX_TABLE_ROWS, render_analysis_tables, render_answer_sentences
from tests.search.analysis.simulated import search, square


@pytest.fixture(scope="module")
def analysis():
    return analyse_results(search(np.random.default_rng(0), square(), 3))


def printed(analysis):
    console = Console(width=160, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    for line in [*render_answer_sentences(analysis), *render_analysis_tables(analysis)]:
        console.print(line)
    console.file.close()
    return console.export_text()


def test_the_answer_and_its_numbers_are_printed(analysis):
    text = printed(analysis)
    for row in analysis["conditions"]:
        assert row["overall"]["told"] in text
    clearest = min(analysis["effects"], key=lambda row: row["overall"]["p"])
    assert clearest["overall"]["told"] in text
    assert " ".join(analysis["answer"][1].split()[:6]) in " ".join(text.split())


def test_long_tables_say_where_the_rest_is(analysis):
    assert f"{len(analysis['effects']) - MAX_TABLE_ROWS} more rows: xlt report NAME --out FILE.html" in printed(
        analysis
    )


def test_what_is_not_there_has_no_table():
    empty = analyse_results(search(np.random.default_rng(0), [], 0) | {"best": None})
    assert printed(empty).split() == ["No", "trial", "is", "complete", "yet."]
