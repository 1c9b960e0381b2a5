"""Metrics of labels and numbers against scikit-learn, SciPy and plain arithmetic, on random and on awkward cases."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef
from torchmetrics.functional.classification import multiclass_matthews_corrcoef

from trainables.tasks._label_metrics import clip_correlation, compute_correlations, compute_label_metrics

LABELS = ("joy", "anger", "no fear", "f1:x")
NAMES = ("macro_f1", "micro_f1", "weighted_f1", "matthews", "f1:joy", "f1:f1:x")
MANY = settings(max_examples=50, deadline=None, derandomize=True, database=None)
numbers = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)
floats = st.floats(-1e6, 1e6, allow_nan=False)


def f1_by_counts(truth: Sequence[int], predicted: Sequence[int], label: int) -> float:
    """2 x right / (in the truth + predicted), 0 without either."""
    right = sum(a == b == label for a, b in zip(truth, predicted, strict=True))
    found = list(truth).count(label) + list(predicted).count(label)
    return 2 * right / found if found else 0.0


@MANY
@given(numbers)
def test_single_labels_are_scored_as_by_scikit_learn_and_by_counting(pairs):
    truth, predicted = zip(*pairs, strict=True)
    scores = compute_label_metrics(NAMES, truth, predicted, LABELS)
    assert tuple(scores) == NAMES
    for name in ("macro", "micro", "weighted"):
        assert scores[f"{name}_f1"] == f1_score(truth, predicted, average=name, zero_division=0)
    present = sorted({*truth, *predicted})
    assert scores["macro_f1"] == pytest.approx(
        sum(f1_by_counts(truth, predicted, label) for label in present) / len(present)
    )
    assert scores["micro_f1"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert scores["f1:joy"] == pytest.approx(f1_by_counts(truth, predicted, 0))
    assert scores["f1:f1:x"] == pytest.approx(f1_by_counts(truth, predicted, 3))
    assert all(0 <= score <= 1 for score in scores.values())


@MANY
@given(numbers.filter(lambda pairs: min(len({each[side] for each in pairs}) for side in (0, 1)) > 1))
def test_matthews_is_that_of_two_libraries_and_0_where_it_is_negative(pairs):
    truth, predicted = zip(*pairs, strict=True)
    found = compute_label_metrics(["matthews"], truth, predicted, LABELS)["matthews"]
    assert found == max(0.0, matthews_corrcoef(truth, predicted))
    other = multiclass_matthews_corrcoef(torch.tensor(predicted), torch.tensor(truth), num_classes=4).item()
    assert found == pytest.approx(max(0.0, other), abs=1e-5)


def test_labels_that_are_all_equal_have_no_matthews_and_one_label_may_be_missing():
    assert compute_label_metrics(NAMES, [2, 2], [2, 2], LABELS) == {
        "macro_f1": 1.0,
        "micro_f1": 1.0,
        "weighted_f1": 1.0,
        "matthews": 0.0,
        "f1:joy": 0.0,
        "f1:f1:x": 0.0,
    }


def test_a_label_that_neither_rows_nor_predictions_have_does_not_lower_the_macro_f1():
    assert compute_label_metrics(["macro_f1"], [0, 1], [0, 1], LABELS) == {"macro_f1": 1.0}
    several = [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert compute_label_metrics(["macro_f1"], several, several, LABELS) == {"macro_f1": 1.0}


@MANY
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_several_labels_are_scored_as_by_scikit_learn_and_by_counting(rows, seed):
    truth, predicted = np.random.default_rng(seed).integers(0, 2, (2, rows, 4))
    scores = compute_label_metrics(NAMES[:3] + NAMES[4:], truth.tolist(), predicted.tolist(), LABELS)
    each = [f1_by_counts(truth[:, label], predicted[:, label], 1) for label in range(4)]
    by_label = [
        2 * (truth[:, label] & predicted[:, label]).sum() / max(1, truth[:, label].sum() + predicted[:, label].sum())
        for label in range(4)
    ]
    assert each == pytest.approx(by_label)
    occurring = [label for label in range(4) if truth[:, label].any() or predicted[:, label].any()]
    expected = sum(by_label[label] for label in occurring) / len(occurring) if occurring else 0.0
    assert scores["macro_f1"] == pytest.approx(expected)
    total = truth.sum() + predicted.sum()
    assert scores["micro_f1"] == pytest.approx(2 * (truth & predicted).sum() / total if total else 0.0)
    assert (scores["f1:joy"], scores["f1:f1:x"]) == pytest.approx((by_label[0], by_label[3]))


def test_without_any_label_the_f1_is_0():
    nothing = [[0, 0, 0, 0]] * 3
    assert set(compute_label_metrics(NAMES[:3] + NAMES[4:], nothing, nothing, LABELS).values()) == {0.0}


@MANY
@given(st.integers(3, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_correlations_are_scipys_and_0_where_they_are_negative(rows, seed, ties):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.normal(size=(2, rows)) + rng.normal(size=rows) * rng.choice([-1, 0, 1])
    truth = truth.round() if ties else truth
    scores = compute_correlations(truth.tolist(), predicted.tolist())
    if len(set(truth.tolist())) > 1:
        assert scores["pearson"] == pytest.approx(max(0.0, np.corrcoef(truth, predicted)[0, 1]))
        assert scores["pearson"] == max(0.0, pearsonr(truth, predicted).statistic)
        assert scores["spearman"] == max(0.0, spearmanr(truth, predicted).statistic)


@MANY
@given(st.lists(floats, min_size=2, max_size=20, unique=True), st.floats(0.01, 100), st.floats(-100, 100))
def test_no_unit_of_the_predictions_changes_the_ranks(values, scale, shift):
    moved = [scale * value + shift for value in values]
    if len(set(moved)) == len(values):
        assert compute_correlations(values, moved)["spearman"] == pytest.approx(1.0)
        assert compute_correlations(values, [-each for each in moved])["spearman"] == 0.0


@MANY
@given(st.lists(floats, min_size=1, max_size=20), floats)
def test_where_all_labels_or_all_predictions_are_equal_the_correlation_is_0(values, constant):
    for pair in ((values, [constant] * len(values)), ([constant] * len(values), values)):
        assert compute_correlations(*pair) == {"pearson": 0.0, "spearman": 0.0}


@MANY
@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=20))
def test_every_correlation_is_a_score(pairs):
    assert all(0 <= score <= 1 for score in compute_correlations(*zip(*pairs, strict=True)).values())


def test_a_correlation_is_cut_to_a_score():
    assert [clip_correlation(value) for value in (-0.4, float("nan"), 0.25, 1 + 1e-12)] == [0.0, 0.0, 0.25, 1.0]
