"""Perturbations that are searched for: projected gradient ascent and FreeLB."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.curriculum import PerturbationLevel, PerturbationNorm
from trainables.training.noise._interface import FixedDropout, NoiseSetting, NoiseStep

ASCENT_DISTANCE = 2.5
"""Step size x steps, in radii: enough to cross the ball from anywhere in it (Madry et al., ICLR 2018)."""


@dataclass(frozen=True, slots=True)
class PerturbationBall:
    """The perturbations that are allowed: zero where `perturbable` is false, and of a norm.

    ``l2`` and ``token``: each token's L2 norm is at most `radius`. ``l2`` and ``sentence``: a text's L2 norm is at most
    `radius` x sqrt(its tokens), so that their root mean square is. ``linf``: each coordinate is at most `radius` / sqrt(width), so
    that a corner's L2 norm per token is `radius`; the same ball for token and sentence.
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
        """The perturbation in the ball along which a gradient rises fastest; zero where it is."""
        gradient = gradient * self.perturbable.unsqueeze(-1)
        if self.norm == "linf":
            corner: Tensor = gradient.sign() * (self.radius / math.sqrt(gradient.shape[-1]))
            return corner
        return self._bound() * (gradient / self._norm(gradient))

    def draw(self, width: int, rng: torch.Generator) -> Tensor:
        """A random perturbation in the ball: uniform in an L2 ball's direction and norm, or in each coordinate."""
        shape, where = (*self.perturbable.shape, width), self.perturbable.device
        if self.norm == "linf":
            return self.find_steepest(torch.ones(shape, device=where)) * _draw_uniform(shape, rng, where)
        direction = self.find_steepest(torch.randn(shape, generator=rng, device=where))
        per = (*shape[:2], 1) if self.level == "token" else (shape[0], 1, 1)
        return direction * _draw_uniform(per, rng, where).abs()

    def _norm(self, delta: Tensor) -> Tensor:
        axes = (-1,) if self.level == "token" else (-2, -1)
        norm: Tensor = torch.linalg.vector_norm(delta, dim=axes, keepdim=True)
        return norm.clamp_min(torch.finfo(delta.dtype).tiny)

    def _bound(self) -> Tensor:
        tokens = (
            self.perturbable.sum(-1).float() if self.level == "sentence" else self.perturbable.new_ones((1,)).float()
        )
        return self.radius * tokens.sqrt().view(-1, 1, 1)


def _draw_uniform(shape: tuple[int, ...], rng: torch.Generator, where: torch.device) -> Tensor:
    return torch.empty(shape, device=where).uniform_(-1.0, 1.0, generator=rng)


def ascend_gradient(ball: PerturbationBall, start: Tensor, steps: int, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Where projected gradient ascent on `loss` leads from `start` in so many steps.

    Each step is `ASCENT_DISTANCE` / `steps` radii long, in the steepest direction, and then projected into the ball (Madry et al., ICLR
    2018). Weights get no gradient from it.
    """
    delta = start
    for _ in range(steps):
        delta = delta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(delta), delta)
        delta = ball.project(delta.detach() + ASCENT_DISTANCE / steps * ball.find_steepest(gradient))
    return delta.detach()


def compute_adversarial_losses(step: NoiseStep) -> Iterator[Tensor]:
    """Adversarial training (Huang et al., EMNLP 2021, section 3.1; Madry et al., ICLR 2018): the loss at its own worst in a ball.

    Radius, steps, norm and where the ball is drawn (token or sentence) could not be read in Huang et al.: they are fields
    of the noise here. The ascent starts at random in the ball and sees one dropout mask throughout.
    """
    ball = PerturbationBall(step.perturbable, step.radius, step.noise.norm, step.noise.level)
    same = FixedDropout(step.perturbable.device)

    def loss(delta: Tensor) -> Tensor:
        same.restore_masks()
        value: Tensor = step.run_perturbed(delta).loss
        return value

    yield loss(ascend_gradient(ball, ball.draw(step.setting.width, step.rng), step.noise.steps, loss))


def compute_adversarial_native(setting: NoiseSetting) -> dict[str, float]:
    """Radius of the ball in its own norm (of a text of mean length, for a sentence's), and the ascent's step size."""
    noise, radius = setting.noise, setting.radius
    if noise.norm == "linf":
        radius /= math.sqrt(setting.width)
    elif noise.level == "sentence":
        radius *= math.sqrt(setting.perturbable_length)
    return {"radius": radius, "step_size": ASCENT_DISTANCE / noise.steps * radius}


def compute_freelb_losses(step: NoiseStep) -> Iterator[Tensor]:
    """FreeLB (Zhu et al., ICLR 2020, algorithm 1): every ascent step trains, on 1/K of its loss.

    The ball is a sentence's, the norm L2, as published; the start is drawn from it, and the step size is `ASCENT_DISTANCE` / K radii. One
    backward pass gives the gradients of the weights and of the perturbation. Published code also has a variant of K + 1
    passes that begins at the clean loss; the algorithm's K are taken here.
    """
    steps = step.noise.steps
    ball = PerturbationBall(step.perturbable, step.radius, "l2", "sentence")
    same = FixedDropout(step.perturbable.device)
    delta = ball.draw(step.setting.width, step.rng)
    for last in (*[False] * (steps - 1), True):
        delta = delta.detach().requires_grad_(not last)
        same.restore_masks()
        yield step.run_perturbed(delta).loss / steps
        if not last:
            assert delta.grad is not None, "each loss is propagated backward before the next is asked for"
            delta = ball.project(delta.detach() + ASCENT_DISTANCE / steps * ball.find_steepest(delta.grad))


def compute_freelb_native(setting: NoiseSetting) -> dict[str, float]:
    """The largest norm of a text of mean length, and the step size, as FreeLB's code names them."""
    norm = setting.radius * math.sqrt(setting.perturbable_length)
    return {"adv_max_norm": norm, "adv_lr": ASCENT_DISTANCE / setting.noise.steps * norm}
