"""The variance over seeds that the trials of a search share: an empirical Bayes prior for few seeds."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

MIN_REPLICATES = 4
"""Trials that a prior needs at least, and seeds from which the seeds' variance is separated from the interaction."""


@dataclass(frozen=True, slots=True)
class PriorVariance:
    """The variance of trials over seeds, estimated from all trials of a search."""

    variance: float
    degrees_of_freedom: float
    """Its weight beside a comparison's own variance: large where the variances of trials are alike."""

    @classmethod
    def estimate(cls, values: np.ndarray) -> "PriorVariance | None":
        """From values [trials, seeds]; None with fewer than four trials, or where a trial has no variance.

        The variances of trials are treated as draws of one distribution, and each is shrunk towards its mean (Smyth, Stat. Appl. Genet. Mol. Biol.
        3, 2004, section 6.2). The effect of a seed that is common to all trials is removed, as comparisons cancel it.
        """
        trials, seeds = values.shape
        rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
        own = seeds - 1 - (seeds - 1) / trials
        variances = (rest**2).sum(1) / own if own > 0 else np.zeros(trials)
        if trials < MIN_REPLICATES or seeds < 2 or not variances.all():
            return None
        most = float((trials - 1) * (seeds - 1))
        logs = np.log(variances) - digamma(own / 2) + math.log(own / 2)
        excess = float(logs.var(ddof=1)) - float(polygamma(1, own / 2))
        freedom = 2 * _inverse_trigamma(excess) if excess > 1e-6 else math.inf
        if freedom >= most:
            return cls(float(variances.mean()), most)
        prior = float(logs.mean()) + float(digamma(freedom / 2)) - math.log(freedom / 2)
        return cls(math.exp(prior), freedom)


def _inverse_trigamma(value: float) -> float:
    return float(brentq(lambda at: float(polygamma(1, at)) - value, 1e-3, 1e7)) if value < 1e6 else 1e-3
