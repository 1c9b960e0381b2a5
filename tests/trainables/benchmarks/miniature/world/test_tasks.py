import json
from collections import Counter
from functools import cache
from itertools import chain, islice

import babel
import pytest

from tests.trainables.benchmarks.record_digests import DIGESTS, digest
from trainables.benchmarks.miniature import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature._cards import MINIATURE_TASKS
from trainables.benchmarks.miniature.world import render_place
from trainables.benchmarks.miniature.world._tasks import (
    ENTITY_KINDS,
    EXAMPLE_MAKERS,
    draw_examples,
    load_miniature_task,
)
from trainables.languages import SOURCE_LANGUAGE

SCORED = [name for name, card in MINIATURE_TASKS.items() if card.is_scored]
LABELLED = [name for name, card in MINIATURE_TASKS.items() if card.kind in ("classification", "multiple_choice")]
TAGGED = [name for name, card in MINIATURE_TASKS.items() if card.kind == "tagging"]
SPLITS = ("dev", "test")


@cache
def told(split: str) -> frozenset:
    """The records of every example of every task in a split."""
    return frozenset(
        record for name in EXAMPLE_MAKERS for example in draw_examples(name, split) for record in example.records
    )


def by_language(name: str, split: str) -> dict[str, list[dict]]:
    return {language: list(rows) for language, rows in load_miniature_task(name).evaluation[split].items()}


@pytest.mark.parametrize("split", SPLITS)
def test_a_record_that_any_task_trains_on_is_scored_on_by_none(split):
    assert told("train")
    assert told(split)
    assert not told("train") & told(split)


def test_no_record_is_in_dev_and_test():
    assert not told("dev") & told("test")


@pytest.mark.parametrize("name", EXAMPLE_MAKERS)
def test_the_data_of_a_task_are_those_that_were_recorded(name):
    recorded = json.loads(DIGESTS.read_text())
    advice = f"python -m tests.trainables.benchmarks.record_digests (Babel {babel.__version__})"
    assert babel.__version__ in recorded, advice
    assert digest(name) == recorded[babel.__version__].get(name), advice


def test_every_recorded_task_is_there():
    recorded = json.loads(DIGESTS.read_text())
    assert recorded
    assert all(set(digests) == set(MINIATURE_TASKS) for digests in recorded.values())


@pytest.mark.parametrize("name", SCORED)
def test_splits_are_as_large_as_the_card_says(name):
    card = MINIATURE_TASKS[name]
    for split, size in (("dev", card.dev), ("test", card.test)):
        found = by_language(name, split)
        expected = set(MINIATURE_LANGUAGES) - ({SOURCE_LANGUAGE} if card.kind == "retrieval" else set())
        assert set(found) == expected
        assert {len(rows) for rows in found.values()} == {size}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", [name for name in SCORED if name in LABELLED])
def test_labels_are_the_same_in_every_language(name, split):
    labels = {tuple(row["label"] for row in rows) for rows in by_language(name, split).values()}
    assert len(labels) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_names_are_of_the_same_kinds_in_every_language(split):
    begun = {
        tuple(tuple(tag for tag in row["tags"] if tag % 2) for row in rows)
        for rows in by_language("tagging", split).values()
    }
    assert len(begun) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_every_language_is_to_find_the_same_english_sentences(split):
    targets = {tuple(row["target_sentence"] for row in rows) for rows in by_language("retrieval", split).values()}
    assert len(targets) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_the_answer_is_the_same_place_in_every_language(split):
    told_of = [example.records for example in draw_examples("answer", split)]
    golds = {
        tuple(
            next(r.territory for r in records if render_place(r, language) == row["answers"]["text"][0])
            for row, records in zip(rows, told_of, strict=True)
        )
        for language, rows in by_language("answer", split).items()
    }
    assert len(golds) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_found_at_their_offsets_in_every_language(split):
    found = by_language("answer", split)
    assert set(found) == set(MINIATURE_LANGUAGES)
    for language, rows in found.items():
        for row in rows:
            (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
            assert text
            assert row["context"][start : start + len(text)] == text, (language, row)


def test_answers_are_found_at_their_offsets_in_training_rows():
    for row in load_miniature_task("answer").train:
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert row["context"][start : start + len(text)] == text


@pytest.mark.parametrize("split", ["train", *SPLITS])
def test_a_question_has_one_right_answer_among_three_places(split):
    for example in draw_examples("answer", split):
        assert len({record.territory for record in example.records}) == 3


@pytest.mark.parametrize("name", TAGGED)
def test_every_word_has_a_tag_and_a_name_goes_on_only_where_it_began(name):
    data = load_miniature_task(name)
    sets = [data.train, *(rows for split in data.evaluation.values() for rows in split.values())]
    for row in chain.from_iterable(sets):
        assert len(row["words"]) == len(row["tags"])
        assert all(row["words"])
        for before, tag in zip([0, *row["tags"]], row["tags"], strict=False):
            assert tag == 0 or tag % 2 == 1 or before in (tag - 1, tag), row


def test_tags_and_kinds_of_names_are_in_the_same_order():
    begun = [label.removeprefix("B-").lower() for label in MINIATURE_TASKS["tagging"].labels if label.startswith("B-")]
    assert begun == [kind or "territory" for kind in ENTITY_KINDS]


@pytest.mark.parametrize("name", LABELLED)
def test_labels_of_training_rows_are_about_as_frequent(name):
    rows = list(load_miniature_task(name).train)
    counts = Counter(row["label"] for row in rows)
    expected = MINIATURE_TASKS[name].labels or rows[0]["choices"]
    assert set(counts) == set(range(len(expected)))
    assert min(counts.values()) > 0.5 * len(rows) / len(expected)


@pytest.mark.parametrize("split", SPLITS)
def test_the_choices_of_a_row_differ(split):
    for language, rows in by_language("choice", split).items():
        assert all(len(set(row["choices"])) == 2 for row in rows), language


def test_sentences_to_be_found_differ():
    for split in SPLITS:
        targets = [row["target_sentence"] for row in by_language("retrieval", split)["de"]]
        assert len(set(targets)) == len(targets)


@pytest.mark.parametrize("name", EXAMPLE_MAKERS)
def test_training_rows_are_in_the_language_of_the_card(name):
    card = MINIATURE_TASKS[name]
    sample = draw_examples(name, "train")[:50]
    rows = list(islice(load_miniature_task(name).train, len(sample))) if sample else []
    assert rows == [example.render(card.language) for example in sample]


def test_an_unknown_task_is_refused():
    with pytest.raises(KeyError):
        load_miniature_task("unheard of")
