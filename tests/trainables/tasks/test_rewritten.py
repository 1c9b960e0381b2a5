"""A row rewritten keeps its label right, whatever the kind."""

import pytest

from trainables.tasks import TASK_KINDS

ROWS = {
    "classification": {"text": "a b", "text_pair": "c", "label": 1},
    "multi_label": {"text": "a b", "text_pair": "c", "labels": [0, 2]},
    "regression": {"text": "a b", "text_pair": "c", "label": 2.5},
    "multiple_choice": {"context": "a b", "choices": ["c", "d"], "label": 0},
    "tagging": {"words": ["a", "b"], "tags": [3, 0]},
    "question_answering": {
        "id": "7",
        "context": "a b c d a",
        "question": "a",
        "answers": {"text": ["c d", "d"], "answer_start": [4, 6]},
    },
    "retrieval": {"source_sentence": "a", "target_sentence": "b"},
    "mining": {"source_sentence": "a", "target_sentence": "b"},
    "dense_retrieval": {"query": "a", "candidate": "b", "candidate_pair": "c"},
    "ranking": {"text": "a b", "text_pair": "c", "label": 2},
    "masked_language_modelling": {"text": "a b"},
}
ROWS |= {"question_answering_mlqa": ROWS["question_answering"], "tagging_by_precision": ROWS["tagging"]}
ROWS |= {"retrieval_from_english": ROWS["retrieval"]}


def longer(text: str) -> str:
    return text.replace("a", "alpha").replace("b", "beta two")


def rewritten(kind: str) -> dict:
    return TASK_KINDS[kind].rewrite_texts(ROWS[kind], longer)


def test_there_is_a_row_of_every_kind():
    assert set(ROWS) == set(TASK_KINDS)


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_the_row_itself_stays_as_it_was(kind):
    before = repr(ROWS[kind])
    rewritten(kind)
    assert repr(ROWS[kind]) == before


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_texts_that_stay_make_a_row_that_reads_the_same(kind):
    same = TASK_KINDS[kind].rewrite_texts(ROWS[kind], lambda text: text)
    first = {"answers": {"text": ["c d"], "answer_start": [4]}} if "answers" in same else {}
    assert same == ROWS[kind] | first


def test_both_texts_of_a_pair_are_rewritten():
    assert rewritten("classification") == {"text": "alpha beta two", "text_pair": "c", "label": 1}


def test_a_text_without_a_pair_has_none_afterwards():
    row = TASK_KINDS["classification"].rewrite_texts({"text": "a", "text_pair": None, "label": 0}, longer)
    assert row == {"text": "alpha", "text_pair": None, "label": 0}


def test_a_question_without_an_answer_has_none_afterwards():
    unanswerable = ROWS["question_answering"] | {"answers": {"text": [], "answer_start": []}}
    row = TASK_KINDS["question_answering"].rewrite_texts(unanswerable, longer)
    assert (row["context"], row["question"]) == ("alpha beta two c d alpha", "alpha")
    assert row["answers"] == {"text": [], "answer_start": []}


def test_of_dense_retrieval_every_text_that_is_there_is_rewritten():
    assert rewritten("dense_retrieval") == {"query": "alpha", "candidate": "beta two", "candidate_pair": "c"}
    alone = TASK_KINDS["dense_retrieval"].rewrite_texts(
        {"candidate": "b", "candidate_pair": None, "answers": ["b"]}, longer
    )
    assert alone == {"candidate": "beta two", "candidate_pair": None, "answers": ["b"]}


def test_a_word_that_becomes_two_stays_for_it_has_one_tag():
    assert rewritten("tagging") == {"words": ["alpha", "b"], "tags": [3, 0]}


def test_an_answer_stays_and_is_found_where_it_now_is():
    row = rewritten("question_answering")
    assert row["context"] == "alpha beta two c d alpha"
    (start,), (text,) = row["answers"]["answer_start"], row["answers"]["text"]
    assert row["context"][start : start + len(text)] == text == "c d"
    assert row["question"] == "alpha"
