"""Vectors and labels of every kind of task, against the bare encoder on one text at a time."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch

from tests.trainables.conftest import TRAINED
from trainables.curriculum import Stage
from trainables.encoders import IGNORED_LABEL, pad_features
from trainables.representations import compute_representations, train_briefly
from trainables.representations._examples import iterate_examples, stack_examples
from trainables.training import restore_model

WITHOUT_LABELS = ("dense_retrieval", "masked_language_modelling")


def states_of(dataset, ids) -> np.ndarray:
    """[length, width] of one text, alone in its batch."""
    model = restore_model(dataset.encoder.weights, {}, dataset).base_model.eval()
    batch = pad_features([{"input_ids": ids}], dataset.encoder.tokenizer.pad_id)
    with torch.inference_mode():
        return model(**batch).last_hidden_state[0].numpy()


@pytest.mark.parametrize("kind", TRAINED)
def test_every_trained_kind_has_vectors_and_those_with_labels_on_rows_have_labels(task, kind, undisturbed):
    dataset = task(kind)
    found = compute_representations(dataset, dataset.encoder.weights, 20)
    assert found.mean.shape == (dataset.encoder.config.hidden_size,)
    assert 0 < found.texts <= 20
    assert (found.labelled is None) == (kind in WITHOUT_LABELS)
    if found.labelled is not None:
        assert found.labelled.vectors.shape == (len(found.labelled.labels), len(found.mean))
        assert len(found.labelled.labels) <= 20
        assert np.isfinite(found.labelled.vectors).all()


def test_a_text_is_the_mean_of_its_tokens_whatever_else_is_in_the_batch(task, undisturbed):
    dataset = task("classification")
    found = compute_representations(dataset, dataset.encoder.weights, 24)
    features = dataset.sample_train_rows(24).encoded.features
    distinct = list({str(each["input_ids"]): each for each in features}.values())
    expected = np.stack([states_of(dataset, each["input_ids"]).mean(0) for each in distinct])
    assert found.texts == len(distinct)
    assert found.mean == pytest.approx(expected.mean(0), abs=1e-5)
    assert found.labelled.vectors == pytest.approx(expected, abs=1e-5)
    assert found.labelled.labels.tolist() == [each["labels"] for each in distinct]


def test_equal_texts_count_once(task, undisturbed):
    dataset = task("classification")
    rows = [row for row in dataset.data.train for _ in range(3)]
    tripled = replace(dataset, data=replace(dataset.data, train=rows))
    assert compute_representations(tripled, dataset.encoder.weights, 99).texts == 24


def test_a_word_is_its_first_token():
    feature = {
        "input_ids": [0, 5, 6, 7, 2],
        "labels": [IGNORED_LABEL, 3, IGNORED_LABEL, 1, IGNORED_LABEL],
        "_words": [0, 1],
    }
    states = np.arange(10.0).reshape(5, 2)
    assert [(vector.tolist(), label) for vector, label in iterate_examples(feature, states, Random(0))] == [
        ([2.0, 3.0], 3),
        ([6.0, 7.0], 1),
    ]


def test_choices_are_right_or_wrong_and_less_their_mean():
    feature = {"input_ids": [[0, 1], [0, 1, 2]], "labels": 1}
    states = np.array([[[1.0], [3.0], [99.0]], [[4.0], [6.0], [8.0]]])
    assert [(vector.tolist(), label) for vector, label in iterate_examples(feature, states, Random(0))] == [
        ([-2.0], 0),
        ([2.0], 1),
    ]


def test_an_answers_first_token_stands_beside_another_of_the_context():
    feature = {
        "input_ids": [0] * 6,
        "start_positions": 3,
        "end_positions": 4,
        "_spans": [None, None, [0, 1], [1, 2], [2, 3], None],
    }
    states = np.array([[9.0], [9.0], [1.0], [2.0], [6.0], [9.0]])
    assert [(vector.tolist(), label) for vector, label in iterate_examples(feature, states, Random(0))] == [
        ([-1.0], 1),
        ([-2.0], 0),
    ]


def test_a_window_without_its_answer_has_no_example():
    feature = {"input_ids": [0] * 3, "start_positions": 0, "end_positions": 0, "_spans": [None, [0, 1], [1, 2]]}
    assert list(iterate_examples(feature, np.ones((3, 2)), Random(0))) == []


def test_labels_of_each_form_become_outputs():
    def stack(labels):
        return stack_examples([(np.ones(2), label) for label in labels], 9, Random(0))

    assert stack([2, 0, 2]).outputs.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert stack([0.5, 1.5]).outputs.tolist() == [[0.5], [1.5]]
    assert stack([[3, 1, IGNORED_LABEL], [IGNORED_LABEL], [3, IGNORED_LABEL]]).outputs.tolist() == [
        [1, 1],
        [0, 0],
        [0, 1],
    ]
    assert stack([1, 1]) is None
    assert stack([]) is None


def test_a_sample_is_the_same_each_time_and_no_larger_than_asked(task, undisturbed):
    dataset = task("tagging")
    one, other = (compute_representations(dataset, dataset.encoder.weights, 12, seed=1) for _ in range(2))
    assert len(one.labelled.labels) == 12
    assert (one.labelled.vectors == other.labelled.vectors).all()


def test_brief_training_changes_the_encoder_and_its_vectors(task, undisturbed):
    dataset = task("classification")
    weights = train_briefly(Stage(task="t", learning_rate=1e-3, steps=2, batch_size=4, max_length=32), dataset)
    assert weights.keys() == dataset.encoder.weights.keys()
    before = compute_representations(dataset, dataset.encoder.weights, 8).mean
    assert np.abs(compute_representations(dataset, weights, 8).mean - before).max() > 1e-4


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "question_answering"])
def test_every_architecture_has_vectors(task, architecture, kind, undisturbed):
    dataset = task(kind, architecture)
    found = compute_representations(dataset, dataset.encoder.weights, 10)
    assert np.isfinite(found.mean).all()
    assert found.labelled is not None
