"""Steps to try methods on: a model that tells what its embeddings looked up."""

from dataclasses import replace
from types import SimpleNamespace

import torch
from torch import nn

from trainables.curriculum import Noise
from trainables.noise_methods import NOISE_METHODS, make_default_noise
from trainables.training.noise._interface import NoiseSetting
from trainables.training.noise._loss import NoisyLoss

START, PAD, END = 0, 1, 2
WIDTH = 16
IDS = torch.tensor([[START, 7, 8, 9, END], [START, 5, END, PAD, PAD]])
PLAIN = torch.tensor([[False, True, True, True, False], [False, True, False, False, False]])
BATCH = {"input_ids": IDS, "attention_mask": (IDS != PAD).long()}
CHOICES = {name: torch.stack([tensor, tensor.flip(0), tensor]) for name, tensor in BATCH.items()}


class Listening(nn.Module):
    """Keeps what its embeddings look up, as an encoder flattens the choices of multiple choice."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(10, WIDTH)
        self.heard: list[torch.Tensor] = []

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embeddings

    def forward(self, input_ids, attention_mask):
        self.heard.append(self.embeddings(input_ids.flatten(0, -2)))
        return SimpleNamespace(
            loss=self.heard[-1].square().sum(), logits=self.heard[-1].sum((1, 2), keepdim=True)[..., 0]
        )


def noise(method: str, size: float = 0.5, **options) -> Noise:
    """A method as a config resolves it."""
    card = NOISE_METHODS[method]
    return replace(make_default_noise(method, size if card.magnitude else 0.0, 1.0 if card.weight else 0.0), **options)


def setting(of: Noise, unit: float = 1.0, width: int = WIDTH) -> NoiseSetting:
    return NoiseSetting(noise=of, radius=of.magnitude * unit, width=width, length=5.0, perturbable_length=3.0)


def loss(of: Noise, unit: float = 1.0, seed: int = 0, steps: int = 10, width: int = WIDTH) -> NoisyLoss:
    """The losses of a stage of ten steps."""
    return NoisyLoss(setting(of, unit, width), steps, {START, PAD, END}, torch.Generator().manual_seed(seed))


def predictions(output, batch) -> list[torch.Tensor]:
    return [output.logits.log_softmax(-1)]


def moves(noisy: NoisyLoss, batch=BATCH) -> list[torch.Tensor]:
    """By how far each look-up of a step moved each token's embedding: [rows, length, width] each."""
    model = Listening()
    for part in noisy(model, batch, predictions):
        part.backward()
    plain = model.embeddings(batch["input_ids"].flatten(0, -2))
    return [(heard - plain).detach() for heard in model.heard]
