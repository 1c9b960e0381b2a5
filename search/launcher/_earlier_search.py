"""An earlier search that a search learns from (`prior.search`)."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from search.launcher._candidates import build_candidate
from trainables.curriculum import Trial


class EarlierSearch:
    """Predicts the values of trials with a Gaussian process that is fitted to the trials of an earlier search."""

    def __init__(self, name: str, trials: Sequence[Trial], values: Sequence[float]) -> None:
        """
        Args:
            name: name of the search.
            trials: its complete trials, at least two, best first.
            values: their objectives.
        """
        from search.sampler.gaussian_process import GaussianProcessModel

        self.name, self.trials = name, trials
        self._model = GaussianProcessModel([build_candidate(trial) for trial in trials], np.array(values), None)
        self._predict_mean = lru_cache(maxsize=4096)(
            lambda trial: float(self._model.predict_mean([build_candidate(trial)])[0])
        )

    def predict_belief(self, trial: Trial) -> dict[str, float]:
        """The predicted value of a trial in standard deviations of the earlier search's values from their mean, by a name for it."""
        return {f"search {self.name}": self._predict_mean(trial)}
