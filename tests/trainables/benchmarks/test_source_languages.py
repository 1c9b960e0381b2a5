"""Tasks of benchmarks trained in other source languages than English."""

import pytest

from trainables.benchmarks import BENCHMARKS, explain_published_differences, get_task_catalogue, load_task
from trainables.cards import TaskCard


def test_the_miniature_is_rendered_in_the_source_language():
    english, arabic = (list(load_task("miniature", "choice", (), source).train) for source in (("en",), ("ar",)))
    assert len(english) == len(arabic) == 4000
    assert [row["label"] for row in arabic] == [row["label"] for row in english]
    assert {row["context"] for row in arabic}.isdisjoint(row["context"] for row in english)
    assert load_task("miniature", "choice", (), ("ar",)).language == "ar"


def test_several_source_languages_follow_each_other_and_rows_say_theirs():
    rows = list(load_task("miniature", "tagging", (), ("en", "ar")).train)
    assert [row["language"] for row in rows] == ["en"] * 4000 + ["ar"] * 4000
    assert load_task("miniature", "tagging", (), ("en", "ar")).language == "mul"


def test_rows_in_english_have_the_source_that_they_had():
    plain, named = (load_task("miniature", "facts", (), *source) for source in ((), (("en",),)))
    assert plain.train.source == named.train.source
    assert plain.train.source != load_task("miniature", "facts", (), ("ar",)).train.source


def test_a_task_whose_language_is_its_point_keeps_it():
    assert load_task("miniature", "facts_sw", (), ("ar",)).language == "sw"
    assert load_task("miniature", "names", (), ("ar",)).language == "mul"


def test_a_sample_of_a_task_of_the_miniature_can_be_read():
    data = load_task("miniature", "facts@100.3", (), ("ar",))
    assert (data.sample, data.language, len(list(data.train))) == ((100, 3), "ar", 4000)


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_sizes_by_language_agree_with_the_card(benchmark):
    for task, card in get_task_catalogue(benchmark).items():
        if card.train_sets:
            assert card.train_sets[card.language] == card.train, task
            assert card.in_source((card.language,)) == card, task


def test_parts_are_read_in_the_source_languages():
    xnli, tydiqa, xquad = (
        get_task_catalogue("xtreme_r", (), ("sw", "ar"))[task] for task in ("xnli", "tydiqa", "xquad")
    )
    assert [part.languages for part in xnli.parts.train] == [("sw", "ar")]
    assert (xnli.train, xnli.language) == (2 * 392_702, "mul") != (tydiqa.train, tydiqa.language)
    assert tydiqa.train == 2755 + 14_805 - 2 * 300
    panx = get_task_catalogue("xtreme", (), ("sw", "ar"))["panx"]
    assert (panx.train, panx.parts.train[0].expected_rows("sw")) == (21_000, 1000)
    assert xquad == get_task_catalogue("xtreme_r")["xquad"]
    assert xquad.train_languages == ("en",)
    assert TaskCard(kind="retrieval", description="", train=0).train_languages == ()


def test_a_published_task_that_is_trained_elsewhere_is_said_to_differ():
    found = explain_published_differences("xtreme_r", ["xnli", "tatoeba"], ("ar",))
    assert found["xnli"] == "it is trained in ar, in the published task in English"
    assert "trained" not in found.get("tatoeba", "")
    assert "xnli" not in explain_published_differences("xtreme_r", ["xnli"])
