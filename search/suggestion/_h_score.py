"""H-score: how far features separate classes, relative to their covariance (Bao et al., ICIP 2019)."""

import numpy as np


def compute_h_score(features: np.ndarray, classes: np.ndarray, shrinkage: float | None = None) -> float:
    """The trace of ``cov(features)^-1 cov(mean features of the class)``: 0 to the lesser of width and classes less one.

    Where there are few examples for each dimension the inverse covariance is useless, and every encoder gets the maximum. So the
    covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, 2004), and so is the other one's scale, as Ibrahim et al. (2021)
    propose.

    Args:
        features: [examples, width].
        classes: [examples], the class of each example.
        shrinkage: in 0..1; 0 is the score of the paper; None: Ledoit and Wolf's estimate.
    """
    centred = features - features.mean(0)
    count, width = centred.shape
    covariance = centred.T @ centred / count
    alpha = estimate_shrinkage(centred) if shrinkage is None else shrinkage
    scale = float(np.trace(covariance)) / width
    regular = (1 - alpha) * covariance + alpha * scale * np.eye(width)
    means = np.zeros_like(centred)
    for each in np.unique(classes):
        means[classes == each] = centred[classes == each].mean(0)
    between = (1 - alpha) * means.T @ means / count
    return float(np.trace(np.linalg.pinv(regular, hermitian=True) @ between))


def estimate_shrinkage(centred: np.ndarray) -> float:
    """Ledoit and Wolf's weight of the multiple of the identity, in 0..1.

    Args:
        centred: [examples, width], of mean 0.
    """
    count, width = centred.shape
    covariance = centred.T @ centred / count
    scale = float(np.trace(covariance)) / width
    distance = float(((covariance - scale * np.eye(width)) ** 2).sum())
    error = float(((centred**2).sum(1) ** 2).mean() - (covariance**2).sum()) / count
    return min(1.0, max(0.0, error / distance)) if distance > 0 else 1.0
