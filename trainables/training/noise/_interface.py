"""The seam of the robust-training methods: what one is told of a step, and how it looks at a perturbed model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import kl_div
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from trainables.curriculum import Noise
from trainables.encoders import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSetting:
    """What a method knows of its stage before the first step."""

    noise: Noise
    radius: float
    """L2 norm of the perturbation per token, in the units of the embeddings."""
    width: int
    """Of the embeddings."""
    length: float
    """Mean length of a training text in tokens."""
    perturbable_length: float
    """Mean number of its tokens that may be perturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseStep:
    """One batch of a stage, and what a method may want to know of it."""

    setting: NoiseSetting
    model: PreTrainedModel
    """With its head; called with a batch that holds labels, its output has ``loss``."""
    batch: Batch
    """Tensors of shape [batch, length], or [batch, choices, length] for multiple choice."""
    perturbable: Tensor
    """bool, [rows, length], choices being rows of their own: the tokens that may be perturbed, neither special nor padding."""
    scale: float
    """What the stage's schedule makes of the magnitude, or of the weight, at this step; 1 for a constant one."""
    predictions: Callable[[ModelOutput, Batch], list[Tensor]]
    """The task kind's log-probabilities, each of shape [n, classes]."""
    rng: torch.Generator
    """The stage's own random numbers, on the model's device."""

    @property
    def noise(self) -> Noise:
        return self.setting.noise

    @property
    def radius(self) -> float:
        """L2 norm of the perturbation per token at this step."""
        return self.setting.radius * self.scale

    def run_clean(self) -> ModelOutput:
        """The model's output on the batch as it is."""
        return self.model(**self.batch)

    def run_perturbed(self, delta: Tensor) -> ModelOutput:
        """The model's output with `delta`, [rows, length, width], added to its token embeddings."""
        with add_to_embeddings(self.model, delta):
            return self.model(**self.batch)


class StepLosses(Protocol):
    """A method at work."""

    def __call__(self, step: NoiseStep) -> Iterator[Tensor]:
        """The losses of a batch, one after the other; their sum is what is trained on.

        Each is propagated backward before the next is asked for: so a method's memory is that of one, and FreeLB may read the
        gradient of its perturbation.
        """


@contextmanager
def add_to_embeddings(model: PreTrainedModel, delta: Tensor) -> Iterator[None]:
    """Within it the first embedding look-up returns its vectors plus `delta`.

    A hook rather than ``inputs_embeds``: positions, token types and language embeddings stay what the ids make them, for
    every encoder. The first alone, since XLM looks up token types in the same table.
    """
    embeddings = model.get_input_embeddings()
    assert isinstance(embeddings, nn.Embedding)
    once = [delta]

    def add(module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        return output + once.pop().to(output.dtype) if once else None

    handle = embeddings.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


class FixedDropout:
    """Lets several passes over a batch draw the same dropout masks, as FreeLB does (Zhu et al., ICLR 2020, section 3.3)."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._state = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()

    def restore_masks(self) -> None:
        """The masks of the first pass again."""
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(self._state, self._device)
        else:
            torch.set_rng_state(self._state)


def compute_symmetric_kl(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Symmetric Kullback-Leibler divergence KL(p|q) + KL(q|p) of log-probabilities [n, classes], in nats.

    The mean over predictions and, where a task predicts several things (start and end), over these: neither the batch size nor
    padding changes it.
    """
    both = [
        (kl_div(q, p, reduction="none", log_target=True) + kl_div(p, q, reduction="none", log_target=True)).sum(-1)
        for p, q in zip(one, other, strict=True)
    ]
    return torch.stack([each.mean() for each in both]).mean()
