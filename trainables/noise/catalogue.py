"""The robust-training methods as plain data: what each takes and what it costs. No torch here."""

from collections.abc import Callable
from dataclasses import dataclass

from trainables.curriculum import Noise


@dataclass(frozen=True, slots=True)
class Passes:
    """What one optimiser step asks of the model."""

    forward: int = 1
    backward: int = 1
    """Down to the weights."""
    ascent: int = 0
    """Backward passes down to the embeddings alone, for a perturbation's gradient; no weight's gradient is computed."""

    @property
    def work(self) -> int:
        """In forward passes: a backward pass counts two, one that leaves the weights out counts one."""
        return self.forward + 2 * self.backward + self.ascent


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One robust-training method."""

    magnitude: bool = True
    """Whether it perturbs, and so has a magnitude."""
    weight: bool = False
    """Whether it has a consistency term, and so a weight."""
    steps: int = 0
    """Ascent steps unless a config says otherwise; 0: it does not ascend."""
    dropout: float = 0.0
    """Dropout rate unless a config says otherwise; 0: the encoder's own."""
    options: tuple[str, ...] = ()
    """Which further fields of `Noise` it reads."""
    passes: Callable[[int], Passes] = lambda steps: Passes()
    """What a step costs, by the number of ascent steps."""


METHODS: dict[str, Method] = {
    "none": Method(magnitude=False),
    "random_perturbation": Method(options=("distribution",)),
    "augmentation": Method(),
    "adversarial": Method(
        steps=3,
        options=("steps", "norm", "level"),
        passes=lambda steps: Passes(forward=steps + 1, ascent=steps),
    ),
    "freelb": Method(
        steps=3,
        options=("steps",),
        passes=lambda steps: Passes(forward=steps, backward=steps),
    ),
    "r3f": Method(
        weight=True,
        options=("distribution",),
        passes=lambda steps: Passes(forward=2, backward=2),
    ),
    "smart": Method(
        weight=True,
        steps=1,
        options=("steps", "norm", "level"),
        passes=lambda steps: Passes(forward=steps + 2, backward=2, ascent=steps),
    ),
    "neftune": Method(),
    "r_drop": Method(
        magnitude=False,
        weight=True,
        dropout=0.1,
        options=("dropout",),
        passes=lambda steps: Passes(forward=2, backward=2),
    ),
}
"""By name."""


def usual(method: str, magnitude: float = 0.0, weight: float = 0.0) -> Noise:
    """A method with its usual steps and dropout."""
    card = METHODS[method]
    return Noise(method=method, magnitude=magnitude, weight=weight, steps=card.steps, dropout=card.dropout)


def passes(noise: Noise) -> Passes:
    """What one optimiser step under `noise` costs."""
    return METHODS[noise.method].passes(noise.steps)


def equal_compute(steps: int, noise: Noise) -> int:
    """Optimiser steps under `noise` that cost what `steps` plain ones do, one at least."""
    return max(1, round(steps * Passes().work / passes(noise).work))
