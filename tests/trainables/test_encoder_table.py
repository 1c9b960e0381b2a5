"""Every task kind on a tiny encoder of every architecture: what the page on encoders says of it."""

import pytest

from tests.encoder_table import OWN_HEAD, PAGE, explain_refusal, fill_column, read_column
from tests.tiny_architectures import ARCHITECTURES, REFUSED_ARCHITECTURES
from trainables.tasks import TASK_KINDS


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_page_says_what_comes_of_each_kind(architecture, tmp_path):
    said = read_column(architecture)
    assert said.keys() == TASK_KINDS.keys()
    assert fill_column(architecture, tmp_path) == said


def test_the_table_has_heads_of_both_sorts_and_a_refusal():
    cells = {cell.partition(":")[0] for name in ARCHITECTURES for cell in read_column(name).values()}
    assert cells == {"runs", OWN_HEAD, "refused"}


@pytest.mark.parametrize("architecture", REFUSED_ARCHITECTURES)
def test_the_page_has_the_words_of_a_refusal(architecture, tmp_path):
    words = explain_refusal(architecture, tmp_path)
    assert f"- every kind on {architecture}: `{words}`" in PAGE.read_text(encoding="utf-8")


def test_canine_is_refused_with_the_reason(tmp_path):
    assert "it is a 'canine', which is not supported: it reads characters" in explain_refusal("canine", tmp_path)
