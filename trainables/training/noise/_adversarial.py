"""Adversarial perturbations: projected gradient ascent and FreeLB."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.curriculum import PerturbationLevel, PerturbationNorm
from trainables.training.noise._interface import FixedDropout, NoiseSetting, NoiseStep

ASCENT_DISTANCE = 2.5
"""Step size x steps, in radii: enough to reach any point of the ball from any other (Madry et al., ICLR 2018)."""


@dataclass(frozen=True, slots=True)
class PerturbationBall:
    """The allowed perturbations: zero where `perturbable` is false, and bounded in norm.

    ``l2`` and ``token``: each token's L2 norm is at most `radius`. ``l2`` and ``sentence``: a text's L2 norm is at most
    `radius` x sqrt(its tokens), so that the root mean square over its tokens is at most `radius`. ``linf``: each coordinate is at most
    `radius` / sqrt(width), so that a corner's L2 norm per token is `radius`; the same ball for token and sentence.
    """

    perturbable: Tensor
    """bool, [rows, length]."""
    radius: float
    norm: PerturbationNorm
    level: PerturbationLevel

    def project(self, delta: Tensor) -> Tensor:
        """The nearest perturbation in the ball."""
        delta = delta * self.perturbable.unsqueeze(-1)
        if self.norm == "linf":
            bound = self.radius / math.sqrt(delta.shape[-1])
            return delta.clamp(-bound, bound)
        share: Tensor = (self._bound() / self._norm(delta)).clamp(max=1.0)
        return delta * share

    def find_steepest(self, gradient: Tensor) -> Tensor:
        """The perturbation in the ball with the largest inner product with a gradient; zero where the gradient is zero."""
        gradient = gradient * self.perturbable.unsqueeze(-1)
        if self.norm == "linf":
            corner: Tensor = gradient.sign() * (self.radius / math.sqrt(gradient.shape[-1]))
            return corner
        return self._bound() * (gradient / self._norm(gradient))

    def draw(self, width: int, rng: torch.Generator) -> Tensor:
        """A random perturbation in the ball: of uniform direction and norm for L2, uniform in each coordinate for L-infinity."""
        shape, device = (*self.perturbable.shape, width), self.perturbable.device
        if self.norm == "linf":
            return self.find_steepest(torch.ones(shape, device=device)) * _draw_uniform(shape, rng, device)
        direction = self.find_steepest(torch.randn(shape, generator=rng, device=device))
        per = (*shape[:2], 1) if self.level == "token" else (shape[0], 1, 1)
        return direction * _draw_uniform(per, rng, device).abs()

    def _norm(self, delta: Tensor) -> Tensor:
        axes = (-1,) if self.level == "token" else (-2, -1)
        norm: Tensor = torch.linalg.vector_norm(delta, dim=axes, keepdim=True)
        return norm.clamp_min(torch.finfo(delta.dtype).tiny)

    def _bound(self) -> Tensor:
        tokens = (
            self.perturbable.sum(-1).float() if self.level == "sentence" else self.perturbable.new_ones((1,)).float()
        )
        return self.radius * tokens.sqrt().view(-1, 1, 1)


def _draw_uniform(shape: tuple[int, ...], rng: torch.Generator, device: torch.device) -> Tensor:
    return torch.empty(shape, device=device).uniform_(-1.0, 1.0, generator=rng)


def ascend_gradient(ball: PerturbationBall, start: Tensor, steps: int, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """The perturbation after `steps` steps of projected gradient ascent on `loss` from `start`.

    Each step is `ASCENT_DISTANCE` / `steps` radii long, in the steepest direction, and is then projected into the ball (Madry et al.,
    ICLR 2018). The weights get no gradients.
    """
    delta = start
    for _ in range(steps):
        delta = delta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(delta), delta)
        delta = ball.project(delta.detach() + ASCENT_DISTANCE / steps * ball.find_steepest(gradient))
    return delta.detach()


def compute_adversarial_losses(step: NoiseStep) -> Iterator[Tensor]:
    """Adversarial training (Huang et al., EMNLP 2021, section 3.1; Madry et al., ICLR 2018): the loss at its maximum in a ball.

    Huang et al. do not state radius, steps, norm and level (token or sentence) of the ball: they are fields of the noise here. The
    ascent starts at a random point of the ball and uses one dropout mask throughout.
    """
    ball = PerturbationBall(step.perturbable, step.radius, step.noise.norm, step.noise.level)
    dropout = FixedDropout(step.perturbable.device)

    def loss(delta: Tensor) -> Tensor:
        dropout.restore_masks()
        value: Tensor = step.run_perturbed(delta).loss
        return value

    yield loss(ascend_gradient(ball, ball.draw(step.setting.width, step.rng), step.noise.steps, loss))


def compute_adversarial_native(setting: NoiseSetting) -> dict[str, float]:
    """Radius of the ball in its own norm (at sentence level: for a text of mean length), and the step size of the ascent."""
    noise, radius = setting.noise, setting.radius
    if noise.norm == "linf":
        radius /= math.sqrt(setting.width)
    elif noise.level == "sentence":
        radius *= math.sqrt(setting.perturbable_length)
    return {"radius": radius, "step_size": ASCENT_DISTANCE / noise.steps * radius}


def compute_freelb_losses(step: NoiseStep) -> Iterator[Tensor]:
    """FreeLB (Zhu et al., ICLR 2020, algorithm 1): each of the K ascent steps adds 1/K of its loss to the training loss.

    As published, the ball is at sentence level in the L2 norm. The start is drawn from it, and the step size is `ASCENT_DISTANCE` / K
    radii. One backward pass gives the gradients of the weights and of the perturbation. The published code also has a variant of K + 1
    passes that begins with the clean loss; here it is K passes, as in the algorithm.
    """
    steps = step.noise.steps
    ball = PerturbationBall(step.perturbable, step.radius, "l2", "sentence")
    dropout = FixedDropout(step.perturbable.device)
    delta = ball.draw(step.setting.width, step.rng)
    for last in (*[False] * (steps - 1), True):
        delta = delta.detach().requires_grad_(not last)
        dropout.restore_masks()
        yield step.run_perturbed(delta).loss / steps
        if not last:
            assert delta.grad is not None, "each loss is propagated backward before the next is computed"
            delta = ball.project(delta.detach() + ASCENT_DISTANCE / steps * ball.find_steepest(delta.grad))


def compute_freelb_native(setting: NoiseSetting) -> dict[str, float]:
    """The largest norm of the perturbation of a text of mean length, and the step size, under the names of FreeLB's code."""
    norm = setting.radius * math.sqrt(setting.perturbable_length)
    return {"adv_max_norm": norm, "adv_lr": ASCENT_DISTANCE / setting.noise.steps * norm}
