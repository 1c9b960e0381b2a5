"""Noise drawn at random: random perturbation and NEFTune."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from trainables.training.noise._interface import NoiseSetting, NoiseStep


def draw_perturbation(step: NoiseStep) -> Tensor:
    """Random vectors of norm `step.radius` at the tokens that may be perturbed, [rows, length, width].

    Huang et al. do not state their distributions. Coordinates are drawn from a Gaussian, so that the direction is uniform on the sphere,
    or from a uniform distribution; then the vector is scaled to the norm. In hundreds of dimensions unscaled vectors would have almost
    that norm, too; with the scaling the magnitude is exact.
    """
    shape, device = (*step.perturbable.shape, step.setting.width), step.perturbable.device
    if step.noise.distribution == "gaussian":
        direction = torch.randn(shape, generator=step.rng, device=device)
    else:
        direction = torch.empty(shape, device=device).uniform_(-1.0, 1.0, generator=step.rng)
    delta: Tensor = step.radius * direction / direction.norm(dim=-1, keepdim=True) * step.perturbable.unsqueeze(-1)
    return delta


def compute_random_perturbation_native(setting: NoiseSetting) -> dict[str, float]:
    """The noise of each coordinate that gives this norm: the standard deviation of a Gaussian, or the half-width of a uniform one."""
    deviation = setting.radius / math.sqrt(setting.width)
    if setting.noise.distribution == "gaussian":
        return {"standard_deviation": deviation}
    return {"half_width": deviation * math.sqrt(3)}


def compute_random_perturbation_losses(step: NoiseStep) -> Iterator[Tensor]:
    """Randomized smoothing by random perturbation (RS-RP; Huang et al., EMNLP 2021, section 3.2): the loss at `draw_perturbation`."""
    yield step.run_perturbed(draw_perturbation(step)).loss


def compute_neftune_losses(step: NoiseStep) -> Iterator[Tensor]:
    """NEFTune (Jain et al., ICLR 2024, algorithm 1): each coordinate uniform in ±alpha / sqrt(length x width).

    The length is that of the padded batch, as in the authors' code and in transformers; padding and special tokens are not perturbed,
    as by all methods here. A token of a longer text is moved less: the magnitude is the root mean square of the norms at the stage's
    mean length.
    """
    rows, length = step.perturbable.shape
    alpha = compute_neftune_native(step.setting)["alpha"] * step.scale
    half = alpha / math.sqrt(length * step.setting.width)
    shape = (rows, length, step.setting.width)
    delta = torch.empty(shape, device=step.perturbable.device).uniform_(-half, half, generator=step.rng)
    yield step.run_perturbed(delta * step.perturbable.unsqueeze(-1)).loss


def compute_neftune_native(setting: NoiseSetting) -> dict[str, float]:
    """The alpha at which the root mean square of the norms, in a text of mean length, is the radius."""
    return {"alpha": setting.radius * math.sqrt(3 * setting.length)}
