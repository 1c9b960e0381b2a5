"""Robust-training methods. Each sees the model, a batch and its magnitude, and gives the loss to train on."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from trainables.curriculum import Noise
from trainables.optimise import Batch


class NoiseMethod(Protocol):
    """The seam: every robust-training method is one of these."""

    def __call__(
        self, model: PreTrainedModel, batch: Batch, perturbed: Tensor, radius: float, rng: torch.Generator
    ) -> Tensor:
        """The loss of one batch.

        Args:
            model: with its head; called with a batch that holds labels, its output has ``loss``.
            batch: tensors of shape [batch, length], or [batch, choices, length] for multiple choice.
            perturbed: bool, the shape of ``batch["input_ids"]``: the tokens that may be perturbed, neither special nor padding.
            radius: L2 norm of the perturbation per token, in the units of the embeddings.
            rng: the stage's own random numbers, on the model's device.
        """


def none(model: PreTrainedModel, batch: Batch, perturbed: Tensor, radius: float, rng: torch.Generator) -> Tensor:
    """The plain loss."""
    loss: Tensor = model(**batch).loss
    return loss


def random_perturbation(
    model: PreTrainedModel, batch: Batch, perturbed: Tensor, radius: float, rng: torch.Generator
) -> Tensor:
    """Randomized smoothing by random perturbation (RS-RP; Huang et al., EMNLP 2021, section 3.2).

    Each token embedding is moved by `radius` in a direction uniform on the sphere. The paper's own distribution could not be
    read: a fixed norm makes the magnitude exact, and in hundreds of dimensions it is where a Gaussian's mass lies anyway.
    """
    embeddings = model.get_input_embeddings()
    assert isinstance(embeddings, nn.Embedding)
    shape = (*perturbed.shape, embeddings.embedding_dim)
    direction = torch.randn(shape, generator=rng, device=perturbed.device)
    delta = radius * direction / direction.norm(dim=-1, keepdim=True) * perturbed.unsqueeze(-1)
    with _added(embeddings, delta.flatten(0, -3)):
        loss: Tensor = model(**batch).loss
    return loss


METHODS: dict[str, NoiseMethod] = {"none": none, "random_perturbation": random_perturbation}


@contextmanager
def _added(embeddings: nn.Embedding, delta: Tensor) -> Iterator[None]:
    """Within it the embedding look-up returns its vectors plus `delta`.

    A hook rather than ``inputs_embeds``: positions, token types and language embeddings stay what the ids make them, for
    every encoder.
    """

    def add(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return output + delta.to(output.dtype)

    handle = embeddings.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


class NoisyLoss:
    """A stage's loss: its method at its magnitude, on its own random numbers."""

    def __init__(self, noise: Noise, unit: float, special_ids: Collection[int], rng: torch.Generator) -> None:
        """
        Args:
            noise: method and magnitude.
            unit: mean L2 norm of the encoder's token embeddings before any training; the magnitude's unit.
            special_ids: ids that are never perturbed.
            rng: on the model's device.
        """
        self.method = METHODS[noise.method]
        self.radius = noise.magnitude * unit
        self.special_ids = torch.tensor(sorted(special_ids), device=rng.device)
        self.rng = rng

    def __call__(self, model: PreTrainedModel, batch: Batch) -> Tensor:
        perturbed = batch["attention_mask"].bool() & ~torch.isin(batch["input_ids"], self.special_ids)
        return self.method(model, batch, perturbed, self.radius, self.rng)
