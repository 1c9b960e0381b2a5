"""Noise drawn at random: random perturbation and NEFTune."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from trainables.training.noise._interface import NoiseSetting, NoiseStep


def draw_perturbation(step: NoiseStep) -> Tensor:
    """Random vectors of norm `step.radius` at the tokens that may be perturbed, [rows, length, width].

    The paper's own distributions could not be read. Coordinates are drawn from a Gaussian, so that the direction is uniform on
    the sphere, or uniformly, so that it is uniform in the cube; then the vector is brought to its norm. In hundreds of
    dimensions that is where the mass of either lies anyway, and the magnitude is exact.
    """
    shape, where = (*step.perturbable.shape, step.setting.width), step.perturbable.device
    if step.noise.distribution == "gaussian":
        direction = torch.randn(shape, generator=step.rng, device=where)
    else:
        direction = torch.empty(shape, device=where).uniform_(-1.0, 1.0, generator=step.rng)
    delta: Tensor = step.radius * direction / direction.norm(dim=-1, keepdim=True) * step.perturbable.unsqueeze(-1)
    return delta


def compute_random_perturbation_native(setting: NoiseSetting) -> dict[str, float]:
    """The noise of each coordinate that has this norm: a Gaussian's standard deviation, or a uniform one's half-width."""
    deviation = setting.radius / math.sqrt(setting.width)
    if setting.noise.distribution == "gaussian":
        return {"standard_deviation": deviation}
    return {"half_width": deviation * math.sqrt(3)}


def compute_random_perturbation_losses(step: NoiseStep) -> Iterator[Tensor]:
    """Randomized smoothing by random perturbation (RS-RP; Huang et al., EMNLP 2021, section 3.2): the loss at `draw_perturbation`."""
    yield step.run_perturbed(draw_perturbation(step)).loss


def compute_neftune_losses(step: NoiseStep) -> Iterator[Tensor]:
    """NEFTune (Jain et al., ICLR 2024, algorithm 1): each coordinate uniform in ±alpha / sqrt(length x width).

    The length is the padded batch's, as in the authors' code and in transformers; padding and special tokens stay as they are,
    as all methods leave them here. A longer text is thus moved less: the magnitude is the root mean square of the norms at
    the stage's mean length.
    """
    rows, length = step.perturbable.shape
    alpha = compute_neftune_native(step.setting)["alpha"] * step.scale
    half = alpha / math.sqrt(length * step.setting.width)
    shape = (rows, length, step.setting.width)
    delta = torch.empty(shape, device=step.perturbable.device).uniform_(-half, half, generator=step.rng)
    yield step.run_perturbed(delta * step.perturbable.unsqueeze(-1)).loss


def compute_neftune_native(setting: NoiseSetting) -> dict[str, float]:
    """The alpha that moves a token of a text of mean length by the radius, in the root mean square."""
    return {"alpha": setting.radius * math.sqrt(3 * setting.length)}
