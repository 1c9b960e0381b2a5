"""What stages cost, from what like ones cost before."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from trainables.curriculum import Stage
from trainables.noise.catalogue import passes
from trainables.store.records import Entry


class Costs:
    """Seconds of training, from what a pass through the model cost in like stages before."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        self._own: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        """Of this launch."""
        self._foreseen = self._taken = 0.0
        """Seconds of stages of this launch, as the store foresaw them and as they were."""
        for entry in entries:
            if entry.steps and (told := entry.stage) is not None:
                for like in _likeness(told):
                    self._rates[like].append(entry.seconds / entry.steps / passes(told.noise).work)

    def learn(self, stage: Stage, seconds: float) -> None:
        """Hear what a stage took now and here, which counts for more than what is in the store."""
        for like in _likeness(stage):
            if like in self._rates:
                self._foreseen += fmean(self._rates[like]) * stage.steps * passes(stage.noise).work
                self._taken += seconds
                break
        for like in _likeness(stage):
            self._own[like].append(seconds / stage.steps / passes(stage.noise).work)

    @property
    def known(self) -> bool:
        """Whether anything was trained before."""
        return bool(self._rates or self._own)

    def of(self, stage: Stage) -> float | None:
        """Seconds that the stage would take, from the stages most like it."""
        here = self._taken / self._foreseen if self._foreseen else 1.0
        for like in _likeness(stage):
            for rates, scale in ((self._own, 1.0), (self._rates, here)):
                if like in rates:
                    return fmean(rates[like]) * scale * stage.steps * passes(stage.noise).work
        return None


def _likeness(stage: Stage) -> list[tuple[Any, ...]]:
    """What makes stages alike in cost, the closest likeness first."""
    size = (stage.batch_size, stage.max_length)
    return [(stage.task, stage.noise.method, *size), (stage.noise.method, *size), size, ()]
