"""Metrics of predicted labels and numbers by scikit-learn and SciPy, in 0..1.

Matthews' and other correlations are from -1 to 1. A score of this project is from 0 to 1 and better when higher, so that means over
languages, families and targets compare like with like: a correlation below 0 is reported as 0, and so is one that is not defined because
all labels, or all predictions, are equal.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef

from trainables.cards import LABEL_F1_PREFIX
from trainables.tasks._base import Metrics

_AVERAGES = {"macro_f1": "macro", "micro_f1": "micro", "weighted_f1": "weighted"}
"""Scikit-learn's averages of the F1 of the labels."""


def compute_label_metrics(names: Iterable[str], truth: Any, predicted: Any, labels: Sequence[str]) -> Metrics:
    """Metrics of predicted labels by name.

    Averages are over the labels that occur among the rows or the predictions, as in scikit-learn: a label that a language's rows lack
    does not lower its score. Without any such label the F1 is 0.

    Args:
        names: ``macro_f1``, ``micro_f1``, ``weighted_f1``, ``f1:LABEL`` or ``matthews``.
        truth: label numbers, [rows], or 0 and 1, [rows, labels], where a row has several labels.
        predicted: of the same shape.
        labels: of the task.
    """
    right, found = np.asarray(truth), np.asarray(predicted)
    return {name: _compute_label_metric(name, right, found, labels) for name in names}


def _compute_label_metric(name: str, truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> float:
    if name == "matthews":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A single label was found")
            return clip_correlation(matthews_corrcoef(truth, predicted))
    if name.startswith(LABEL_F1_PREFIX):
        numbers, average = [labels.index(name.removeprefix(LABEL_F1_PREFIX))], "macro"
    else:
        numbers, average = _find_occurring_labels(truth, predicted), _AVERAGES[name]
    return float(f1_score(truth, predicted, labels=numbers, average=average, zero_division=0)) if numbers else 0.0


def _find_occurring_labels(truth: np.ndarray, predicted: np.ndarray) -> list[int]:
    if truth.ndim == 1:
        return [int(number) for number in np.union1d(truth, predicted)]
    return [int(number) for number in np.flatnonzero((truth | predicted).any(0))]


def compute_correlations(truth: Sequence[float], predicted: Sequence[float]) -> Metrics:
    """Pearson's and Spearman's correlation of labels and predictions; see the module for those below 0 and undefined ones."""
    if min(_count_distinct(truth), _count_distinct(predicted)) < 2:
        return {"pearson": 0.0, "spearman": 0.0}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "An input array is (nearly )?constant")
        return {
            "pearson": clip_correlation(pearsonr(truth, predicted).statistic),
            "spearman": clip_correlation(spearmanr(truth, predicted).statistic),
        }


def _count_distinct(values: Sequence[float]) -> int:
    return len(set(values))


def clip_correlation(value: Any) -> float:
    """A correlation as a score: 0 where it is below 0 or not a number."""
    number = float(value)
    return 0.0 if math.isnan(number) else min(max(number, 0.0), 1.0)
