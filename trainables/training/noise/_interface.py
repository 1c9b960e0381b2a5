"""The interface of the robust-training methods: a step's data, and the model's output on perturbed embeddings."""

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
    """What a method knows of its stage."""

    noise: Noise
    radius: float
    """L2 norm of the perturbation per token, in the units of the embeddings."""
    width: int
    """Width of the embeddings."""
    length: float
    """Mean length of a training text in tokens."""
    perturbable_length: float
    """Mean number of perturbable tokens of a training text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseStep:
    """One batch of a stage, with the model and the settings that a method needs."""

    setting: NoiseSetting
    model: PreTrainedModel
    """Encoder and head; its output on a batch with labels has ``loss``."""
    batch: Batch
    """Tensors of shape [batch, length], or [batch, choices, length] for multiple choice."""
    perturbable: Tensor
    """bool, [rows, length], with each choice a row: the tokens that may be perturbed, neither special nor padding."""
    scale: float
    """The schedule's factor of the magnitude, or of the weight, at this step; 1 for a constant schedule."""
    predictions: Callable[[ModelOutput, Batch], list[Tensor]]
    """The task kind's predictions: log-probabilities, [n, classes], or numbers, [n]."""
    rng: torch.Generator
    """The stage's random numbers, on the model's device."""

    @property
    def noise(self) -> Noise:
        return self.setting.noise

    @property
    def radius(self) -> float:
        """L2 norm of the perturbation per token at this step."""
        return self.setting.radius * self.scale

    def run_clean(self) -> ModelOutput:
        """The model's output on the unperturbed batch."""
        return self.model(**self.batch)

    def run_perturbed(self, delta: Tensor) -> ModelOutput:
        """The model's output with `delta`, [rows, length, width], added to its token embeddings."""
        with add_to_embeddings(self.model, delta):
            return self.model(**self.batch)


class StepLosses(Protocol):
    """A robust-training method."""

    def __call__(self, step: NoiseStep) -> Iterator[Tensor]:
        """The losses of a batch, one after the other; the step's loss is their sum.

        Each is propagated backward before the next is computed, so that only one computation graph is in memory, and FreeLB can read
        the gradient of its perturbation.
        """


@contextmanager
def add_to_embeddings(model: PreTrainedModel, delta: Tensor) -> Iterator[None]:
    """A context in which the first embedding look-up returns its vectors plus `delta`.

    A hook and not ``inputs_embeds``, since positions, token types and language embeddings follow from the ids in every encoder. The
    first look-up only, since XLM looks up token types in the same table. In every module that holds the table, since T5 looks up another
    one than it names.
    """
    table = model.get_input_embeddings().weight
    once = [delta]

    def add(module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        return output + once.pop().to(output.dtype) if once else None

    holders = [each for each in model.modules() if isinstance(each, nn.Embedding) and each.weight is table]
    handles = [each.register_forward_hook(add) for each in holders]
    try:
        yield
        assert not once, "the model looked up no token embeddings"
    finally:
        for handle in handles:
            handle.remove()


class FixedDropout:
    """Repeats the same dropout masks in several passes over a batch, as FreeLB does (Zhu et al., ICLR 2020, section 3.3)."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._state = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()

    def restore_masks(self) -> None:
        """Restore the random number generator, so that the next pass draws the masks of the first one."""
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(self._state, self._device)
        else:
            torch.set_rng_state(self._state)


def compute_symmetric_kl(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Symmetric Kullback-Leibler divergence KL(p|q) + KL(q|p) of log-probabilities [n, classes], in nats.

    The mean over predictions and, where a task has several outputs (start and end), over these: it does not depend on the batch size
    or on padding. Of predicted numbers, [n], it is the squared difference, which SMART takes for regression (Jiang et al., ACL 2020,
    section 3.1): the symmetric divergence of Gaussians of unit variance, for which the squared error is the loss.
    """
    both = [
        (p - q).square()
        if p.ndim == 1
        else (kl_div(q, p, reduction="none", log_target=True) + kl_div(p, q, reduction="none", log_target=True)).sum(-1)
        for p, q in zip(one, other, strict=True)
    ]
    return torch.stack([each.mean() for each in both]).mean()
