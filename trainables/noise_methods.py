"""The robust-training methods as plain data: their parameters and their compute. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass

from trainables.curriculum import Noise


@dataclass(frozen=True, slots=True)
class Passes:
    """Passes through the model in one optimiser step."""

    forward: int = 1
    backward: int = 1
    """Backward passes that compute the gradients of the weights."""
    ascent: int = 0
    """Backward passes that compute the gradient of a perturbation only."""

    @property
    def forward_equivalents(self) -> int:
        """Compute in units of a forward pass: a backward pass counts as two, one without gradients of the weights as one."""
        return self.forward + 2 * self.backward + self.ascent


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseMethod:
    """One robust-training method."""

    magnitude: bool = True
    """Whether it perturbs the embeddings, by a magnitude."""
    weight: bool = False
    """Whether it has a consistency term, with a weight."""
    steps: int = 0
    """Default number of ascent steps; 0: the method has none."""
    dropout: float = 0.0
    """Default dropout rate; 0: the encoder's own."""
    options: tuple[str, ...] = ()
    """Which further fields of `Noise` it reads."""
    passes: Callable[[int], Passes] = lambda steps: Passes()
    """Passes of an optimiser step, by the number of ascent steps."""


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
    """A method with its default steps and dropout rate."""
    card = NOISE_METHODS[method]
    return Noise(method=method, magnitude=magnitude, weight=weight, steps=card.steps, dropout=card.dropout)


def count_passes(noise: Noise) -> Passes:
    """Passes of one optimiser step under `noise`."""
    return NOISE_METHODS[noise.method].passes(noise.steps)


def match_compute(steps: int, noise: Noise) -> int:
    """Optimiser steps under `noise` with the compute of `steps` steps without noise; at least 1."""
    return max(1, round(steps * Passes().forward_equivalents / count_passes(noise).forward_equivalents))
