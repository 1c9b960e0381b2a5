"""What stages cost, from what like ones cost before."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from trainables.curriculum import Stage
from trainables.noise_methods import count_passes
from trainables.store import StageEntry


class CostModel:
    """Seconds of training, from what a pass through the model cost in like stages before."""

    def __init__(self, entries: Iterable[StageEntry]) -> None:
        self._stored_rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        self._launch_rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        """Of this launch."""
        self._estimated_seconds = self._measured_seconds = 0.0
        """Seconds of stages of this launch, as the store foresaw them and as they were."""
        for entry in entries:
            if entry.steps and (told := entry.stage) is not None:
                for like in _make_similarity_keys(told):
                    self._stored_rates[like].append(
                        entry.seconds / entry.steps / count_passes(told.noise).forward_equivalents
                    )

    def learn(self, stage: Stage, seconds: float) -> None:
        """Hear what a stage took now and here, which counts for more than what is in the store."""
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
        """Whether anything was trained before."""
        return bool(self._stored_rates or self._launch_rates)

    def estimate_seconds(self, stage: Stage) -> float | None:
        """Seconds that the stage would take, from the stages most like it."""
        here = self._measured_seconds / self._estimated_seconds if self._estimated_seconds else 1.0
        for like in _make_similarity_keys(stage):
            for rates, scale in ((self._launch_rates, 1.0), (self._stored_rates, here)):
                if like in rates:
                    return fmean(rates[like]) * scale * stage.steps * count_passes(stage.noise).forward_equivalents
        return None


def _make_similarity_keys(stage: Stage) -> list[tuple[Any, ...]]:
    """What makes stages alike in cost, the closest likeness first."""
    size = (stage.batch_size, stage.max_length)
    return [(stage.task, stage.noise.method, *size), (stage.noise.method, *size), size, ()]
