"""The training loop: AdamW, warm-up and linear decay, gradient clipping, weight averaging, NaN detection."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from transformers import get_linear_schedule_with_warmup

from trainables.failure import SelfExplainingError
from trainables.training._device import make_autocast

BatchT = TypeVar("BatchT")


class DivergedError(SelfExplainingError):
    """The loss or its gradient became infinite or NaN."""

    def __init__(self, step: int, loss: float, learning_rate: float) -> None:
        super().__init__(
            f"loss {loss:g} or its gradient is not finite at step {step} with learning rate {learning_rate:g}: "
            "lower the learning rate or the noise magnitude"
        )
        self.step, self.loss, self.learning_rate = step, loss, learning_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """Hyperparameters of the training loop."""

    steps: int
    learning_rate: float
    warmup: float = 0.1
    """Share of the steps over which the learning rate rises linearly; then it falls linearly to zero."""
    weight_decay: float = 0.01
    clip: float = 1.0
    """Largest L2 norm of the gradient over all weights."""
    average: float = 0.0
    """Share of the steps, at the end, over which the weights are averaged; 0: no averaging."""


def run_training_loop(
    model: nn.Module,
    batches: Iterable[BatchT],
    losses: Callable[[BatchT], Iterator[Tensor]],
    schedule: OptimizerSettings,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> list[float]:
    """Train `model` in place on the first ``schedule.steps`` batches and return the loss of each step.

    Args:
        model: to be trained.
        batches: at least ``schedule.steps`` of them.
        losses: yields the losses of a batch, whose sum is the step's loss; each is propagated backward before the next is computed.
        schedule: the hyperparameters.
        on_step: called after each step with its number, from 1, and its loss.

    Raises:
        DivergedError: when a loss or its gradient is infinite or NaN.
    """
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": schedule.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=schedule.learning_rate,
        fused=True,
    )
    rates = get_linear_schedule_with_warmup(optimiser, int(schedule.warmup * schedule.steps), schedule.steps)
    device = next(model.parameters()).device
    model.train()
    step_losses: list[float] = []
    averaged: AveragedModel | None = None
    for step, batch in zip(range(schedule.steps), batches, strict=False):
        step_losses.append(0.0)
        parts = losses(batch)
        while (part := _next_loss(parts, device)) is not None:
            step_losses[-1] += part.item()
            if not math.isfinite(step_losses[-1]):
                raise DivergedError(step, step_losses[-1], schedule.learning_rate)
            part.backward()  # type: ignore[no-untyped-call]
        gradient = nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
        if not torch.isfinite(gradient):
            raise DivergedError(step, step_losses[-1], schedule.learning_rate)
        optimiser.step()
        rates.step()
        optimiser.zero_grad()
        if step + 1 > schedule.steps * (1 - schedule.average):
            averaged = averaged or AveragedModel(model)
            averaged.update_parameters(model)
        on_step(step + 1, step_losses[-1])
    if averaged is not None:
        model.load_state_dict(averaged.module.state_dict())
    return step_losses


def _next_loss(parts: Iterator[Tensor], device: torch.device) -> Tensor | None:
    with make_autocast(device):
        return next(parts, None)
