from trainables.tasks import length, pad
from trainables.tasks.base import unbatched


def test_short_rows_are_padded_on_the_right():
    batch = pad(
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
    batch = pad([{"input_ids": [[5], [6, 7]], "labels": 0}, {"input_ids": [[8, 9, 4], [3]], "labels": 1}], pad_id=1)
    assert batch["input_ids"].tolist() == [[[5, 1, 1], [6, 7, 1]], [[8, 9, 4], [3, 1, 1]]]
    assert batch["labels"].tolist() == [0, 1]


def test_what_is_for_scoring_stays_behind():
    assert set(pad([{"input_ids": [5], "_spans": [None]}], pad_id=1)) == {"input_ids"}


def test_the_longest_choice_is_the_length_of_a_feature():
    assert length({"input_ids": [[5], [6, 7]]}) == 2
    assert length({"input_ids": [5, 6, 7]}) == 3


def test_a_tokenizers_output_is_taken_apart_by_text():
    assert unbatched({"a": [[1], [2]], "b": [3, 4]}) == [{"a": [1], "b": 3}, {"a": [2], "b": 4}]
