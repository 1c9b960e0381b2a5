"""Estimates of training time from similar stages."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from trainables.curriculum import Stage
from trainables.noise_methods import count_passes
from trainables.store import StageEntry


class CostModel:
    """Estimates the training time of a stage from the seconds per pass through the model of similar stages."""

    def __init__(self, entries: Iterable[StageEntry]) -> None:
        self._stored_rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        self._launch_rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        """Seconds per forward-equivalent pass of stages of this launch."""
        self._estimated_seconds = self._measured_seconds = 0.0
        """Seconds of this launch's stages: estimated from the store, and measured."""
        for entry in entries:
            if entry.steps and (stage := entry.stage) is not None:
                for like in _make_similarity_keys(stage):
                    self._stored_rates[like].append(
                        entry.seconds / entry.steps / count_passes(stage.noise).forward_equivalents
                    )

    def learn(self, stage: Stage, seconds: float) -> None:
        """Record the measured time of a stage of this launch; measurements take precedence over the store."""
        for like in _make_similarity_keys(stage):
            if like in self._stored_rates:
                self._estimated_seconds += (
                    fmean(self._stored_rates[like]) * stage.steps * count_passes(stage.noise).forward_equivalents
                )
                self._measured_seconds += seconds
                break
        for like in _make_similarity_keys(stage):
            self._launch_rates[like].append(seconds / stage.steps / count_passes(stage.noise).forward_equivalents)

    @property
    def has_measurements(self) -> bool:
        """Whether there is any measurement to estimate from."""
        return bool(self._stored_rates or self._launch_rates)

    def estimate_seconds(self, stage: Stage) -> float | None:
        """Seconds to train the stage, from the most similar measured stages; None without measurements."""
        here = self._measured_seconds / self._estimated_seconds if self._estimated_seconds else 1.0
        for like in _make_similarity_keys(stage):
            for rates, scale in ((self._launch_rates, 1.0), (self._stored_rates, here)):
                if like in rates:
                    return fmean(rates[like]) * scale * stage.steps * count_passes(stage.noise).forward_equivalents
        return None


def _make_similarity_keys(stage: Stage) -> list[tuple[Any, ...]]:
    """Keys under which stages count as similar in cost, the most specific first."""
    size = (stage.batch_size, stage.max_length)
    return [(stage.task, stage.noise.method, *size), (stage.noise.method, *size), size, ()]
