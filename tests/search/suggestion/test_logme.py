"""LogME against the evidence written as the density of the labels, maximised directly."""

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from search.suggestion import fit_evidence


def data(examples: int, width: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features with a mean, and two outputs: a number and a class."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(examples, width)) * rng.uniform(0.2, 2, width) + 3
    signal = features @ rng.normal(size=width)
    number = signal + noise * signal.std() * rng.normal(size=examples)
    return features, np.column_stack([number, (number > np.median(number)).astype(float)])


def maximise(features: np.ndarray, output: np.ndarray) -> float:
    """The highest log density per degree of freedom of one output: that of all contrasts of examples, which have no intercept."""
    contrasts = null_space(np.ones((1, len(features)))).T
    own, kernel = contrasts @ output, contrasts @ features @ features.T @ contrasts.T

    def loss(logs: np.ndarray) -> float:
        alpha, beta = np.exp(np.clip(logs, -12, 12))
        return -multivariate_normal.logpdf(own, cov=np.eye(len(own)) / beta + kernel / alpha)

    starts = [(a, b) for a in (-4.0, 0.0, 4.0) for b in (-4.0, 0.0, 4.0)]
    return max(
        -minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).fun for start in starts
    ) / len(own)


@pytest.mark.parametrize(("examples", "width"), [(30, 4), (12, 5), (14, 20)])
@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_it_is_the_maximum_of_the_evidence(examples: int, width: int, noise: float):
    features, outputs = data(examples, width, noise)
    expected = np.mean([maximise(features, output) for output in outputs.T])
    assert fit_evidence(features, outputs).logme == pytest.approx(expected, abs=1e-4)


def test_features_that_say_nothing_have_the_evidence_of_the_intercept_alone():
    features = np.tile([[1.0, 0.0], [0.0, 1.0]], (20, 1))
    outputs = np.repeat([0.0, 1.0], 20)[:, None]
    freedom, square = 39, 10.0
    assert fit_evidence(features, outputs).logme == pytest.approx(
        -0.5 * (np.log(2 * np.pi) + 1 + np.log(square / freedom)), abs=1e-4
    )
    assert np.abs(fit_evidence(features, outputs).weights).max() < 1e-3


def test_equal_features_say_nothing():
    outputs = np.repeat([0.0, 1.0], 20)[:, None]
    constant = fit_evidence(np.ones((40, 3)), outputs)
    useless = fit_evidence(np.tile([[1.0, 0.0], [0.0, 1.0]], (20, 1)), outputs)
    assert constant.logme == pytest.approx(useless.logme, abs=1e-4)
    assert constant.weights.shape == (3, 1)


def test_the_better_the_features_the_higher_it_is():
    features, outputs = data(100, 6, 0.1)
    noise = np.random.default_rng(1).normal(size=features.shape)
    values = [fit_evidence(features + much * noise, outputs).logme for much in (0.0, 0.5, 2.0, 10.0)]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > 0.5


def test_shift_scale_and_rotation_of_features_change_nothing():
    features, outputs = data(50, 5, 0.5)
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 5)))[0]
    changed = fit_evidence(300 * features @ rotation + 7, outputs)
    assert changed.logme == pytest.approx(fit_evidence(features, outputs).logme, abs=1e-6)


def test_the_weights_predict():
    features, outputs = data(200, 5, 0.05)
    predicted = (features - features.mean(0)) @ fit_evidence(features, outputs).weights
    assert np.corrcoef(predicted[:, 0], outputs[:, 0])[0, 1] > 0.99


def test_an_output_that_is_constant_is_left_out():
    features, outputs = data(30, 4, 0.5)
    padded = np.column_stack([outputs, np.ones(30)])
    assert fit_evidence(features, padded).logme == pytest.approx(fit_evidence(features, outputs).logme)


@pytest.mark.parametrize(("examples", "said"), [(2, "at least three examples; got 2"), (5, "outputs that differ")])
def test_what_has_no_evidence_is_refused(examples: int, said: str):
    with pytest.raises(ValueError, match=said):
        fit_evidence(np.eye(examples), np.ones((examples, 1)))
