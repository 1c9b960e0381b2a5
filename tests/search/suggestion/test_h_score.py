"""The H-score against its definition and against scikit-learn's shrinkage."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage

from search.suggestion import compute_h_score
from search.suggestion._h_score import estimate_shrinkage


def data(examples: int, width: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=examples)
    return rng.normal(size=(examples, width)) + apart * rng.normal(size=(3, width))[classes] + 5, classes


def test_without_shrinkage_it_is_the_papers():
    features, classes = data(60, 4, 1.0)
    between = np.zeros((4, 4))
    for each in range(3):
        off = features[classes == each].mean(0) - features.mean(0)
        between += (classes == each).mean() * np.outer(off, off)
    expected = np.trace(np.linalg.inv(np.cov(features.T, bias=True)) @ between)
    assert compute_h_score(features, classes, shrinkage=0.0) == pytest.approx(expected)


@pytest.mark.parametrize(("examples", "width"), [(200, 5), (30, 40)])
def test_the_shrinkage_is_ledoits_and_wolfs(examples: int, width: int):
    features = data(examples, width, 1.0)[0] * np.linspace(0.5, 2, width)
    centred = features - features.mean(0)
    assert estimate_shrinkage(centred) == pytest.approx(ledoit_wolf_shrinkage(features))


def test_classes_that_are_far_apart_have_the_number_of_classes_less_one():
    assert compute_h_score(*data(3000, 8, 50.0)) == pytest.approx(2.0, abs=0.02)


def test_classes_that_are_not_apart_have_none():
    assert compute_h_score(*data(3000, 4, 0.0)) < 0.01


def test_with_more_dimensions_than_examples_it_tells_separated_classes_from_random_ones():
    separated, classes = data(40, 100, 1.0)
    random, _ = data(40, 100, 0.0)
    assert compute_h_score(separated, classes) > 2 * compute_h_score(random, classes)
    assert compute_h_score(random, classes, shrinkage=0.0) == pytest.approx(2.0, abs=1e-6)


def test_equal_features_have_no_score():
    assert compute_h_score(np.ones((10, 3)), np.arange(10) % 2) == 0
