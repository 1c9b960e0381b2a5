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
    def forward_equivalents(self) -> int:
        """In forward passes: a backward pass counts two, one that leaves the weights out counts one."""
        return self.forward + 2 * self.backward + self.ascent


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseMethod:
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


NOISE_METHODS: dict[str, NoiseMethod] = {
    "none": NoiseMethod(magnitude=False),
    "random_perturbation": NoiseMethod(options=("distribution",)),
    "augmentation": NoiseMethod(),
    "adversarial": NoiseMethod(
        steps=3,
        options=("steps", "norm", "level"),
        passes=lambda steps: Passes(forward=steps + 1, ascent=steps),
    ),
    "freelb": NoiseMethod(
        steps=3,
        options=("steps",),
        passes=lambda steps: Passes(forward=steps, backward=steps),
    ),
    "r3f": NoiseMethod(
        weight=True,
        options=("distribution",),
        passes=lambda steps: Passes(forward=2, backward=2),
    ),
    "smart": NoiseMethod(
        weight=True,
        steps=1,
        options=("steps", "norm", "level"),
        passes=lambda steps: Passes(forward=steps + 2, backward=2, ascent=steps),
    ),
    "neftune": NoiseMethod(),
    "r_drop": NoiseMethod(
        magnitude=False,
        weight=True,
        dropout=0.1,
        options=("dropout",),
        passes=lambda steps: Passes(forward=2, backward=2),
    ),
}
"""By name."""


def make_default_noise(method: str, magnitude: float = 0.0, weight: float = 0.0) -> Noise:
    """A method with its usual steps and dropout."""
    card = NOISE_METHODS[method]
    return Noise(method=method, magnitude=magnitude, weight=weight, steps=card.steps, dropout=card.dropout)


def count_passes(noise: Noise) -> Passes:
    """What one optimiser step under `noise` costs."""
    return NOISE_METHODS[noise.method].passes(noise.steps)


def match_compute(steps: int, noise: Noise) -> int:
    """Optimiser steps under `noise` that cost what `steps` plain ones do, one at least."""
    return max(1, round(steps * Passes().forward_equivalents / count_passes(noise).forward_equivalents))
