import pytest
import torch

from trainables.cards import LazyRows
from trainables.encoders import get_feature_length, pad_features
from trainables.tasks import TASK_KINDS


def test_short_rows_are_padded_on_the_right():
    batch = pad_features(
        [
            {"input_ids": [5, 6, 7], "attention_mask": [1, 1, 1], "labels": [3, -100, 4]},
            {"input_ids": [8], "attention_mask": [1], "labels": [2]},
        ],
        pad_id=1,
    )
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 1, 1]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[3, -100, 4], [2, -100, -100]]


def test_choices_become_a_dimension():
    batch = pad_features(
        [{"input_ids": [[5], [6, 7]], "labels": 0}, {"input_ids": [[8, 9, 4], [3]], "labels": 1}], pad_id=1
    )
    assert batch["input_ids"].tolist() == [[[5, 1, 1], [6, 7, 1]], [[8, 9, 4], [3, 1, 1]]]
    assert batch["labels"].tolist() == [0, 1]


def test_what_is_for_scoring_stays_behind():
    assert set(pad_features([{"input_ids": [5], "_spans": [None]}], pad_id=1)) == {"input_ids", "attention_mask"}


def test_where_there_is_no_mask_the_tokens_are_what_counts():
    batch = pad_features([{"input_ids": [5, 6, 1]}, {"input_ids": [8]}], pad_id=1)
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["attention_mask"].dtype == torch.long


def test_the_mask_of_choices_is_made_for_each_of_them():
    batch = pad_features([{"input_ids": [[5], [6, 7]]}, {"input_ids": [[8, 9, 4], [3]]}], pad_id=1)
    assert batch["attention_mask"].tolist() == [[[1, 0, 0], [1, 1, 0]], [[1, 1, 1], [1, 0, 0]]]


def test_languages_are_padded_with_any():
    assert pad_features([{"input_ids": [5, 6], "langs": [3, 3]}, {"input_ids": [8], "langs": [2]}], 1)[
        "langs"
    ].tolist() == [
        [3, 3],
        [2, 0],
    ]


def test_the_longest_choice_is_the_length_of_a_feature():
    assert get_feature_length({"input_ids": [[5], [6, 7]]}) == 2
    assert get_feature_length({"input_ids": [5, 6, 7]}) == 3


def test_rows_are_read_anew_each_time():
    rows = LazyRows(lambda: iter([{"text": "a"}, {"text": "b"}]), "source")
    assert [list(rows), list(rows)] == [[{"text": "a"}, {"text": "b"}]] * 2


def test_a_kind_that_is_trained_on_alone_is_not_scored():
    kind = TASK_KINDS["masked_language_modelling"]
    for ask in (lambda: kind.compute_outputs(None, {}, []), lambda: kind.score([], None, [], ())):
        with pytest.raises(NotImplementedError, match="trained on, not scored"):
            ask()
    with pytest.raises(NotImplementedError, match="no threshold"):
        TASK_KINDS["retrieval"].tune_threshold([], [])


def test_kinds_have_metrics_unless_they_are_trained_on_alone():
    assert {name for name, kind in TASK_KINDS.items() if not kind.metrics} == {"masked_language_modelling"}
    assert {name for name, kind in TASK_KINDS.items() if kind.has_threshold} == {"mining"}
