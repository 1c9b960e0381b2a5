from random import Random
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from trainables.curriculum import Noise
from trainables.noise import NoisyLoss, random_perturbation
from trainables.stage import build

START, PAD, END = 0, 1, 2
IDS = torch.tensor([[START, 7, 8, 9, END], [START, 5, END, PAD, PAD]])
PLAIN = torch.tensor([[False, True, True, True, False], [False, True, False, False, False]])
BATCH = {"input_ids": IDS, "attention_mask": (IDS != PAD).long()}
CHOICES = {name: torch.stack([tensor, tensor.flip(0), tensor]) for name, tensor in BATCH.items()}


class Listening(nn.Module):
    """Hears what its embeddings look up, as an encoder flattens the choices of multiple choice."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(10, 16)

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embeddings

    def forward(self, input_ids, attention_mask):
        self.heard = self.embeddings(input_ids.flatten(0, -2))
        return SimpleNamespace(loss=self.heard.sum())


def noisy(magnitude: float, unit: float = 1.0, method: str = "random_perturbation", seed: int = 0) -> NoisyLoss:
    noise = Noise(method=method, magnitude=magnitude)
    return NoisyLoss(noise, unit, {START, PAD, END}, torch.Generator().manual_seed(seed))


def moved(loss: NoisyLoss, batch=BATCH) -> torch.Tensor:
    """By how far each token's embedding was moved: [rows, length, width]."""
    model = Listening()
    loss(model, batch)
    return (model.heard - model.embeddings(batch["input_ids"].flatten(0, -2))).detach()


@pytest.mark.parametrize("batch", [BATCH, CHOICES], ids=["rows", "choices"])
def test_every_plain_token_is_moved_by_exactly_the_magnitude(batch):
    norms = moved(noisy(0.5), batch).norm(dim=-1)
    plain = batch["attention_mask"].bool() & (batch["input_ids"] > END)
    assert norms[plain.flatten(0, -2)] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("batch", [BATCH, CHOICES], ids=["rows", "choices"])
def test_padding_and_special_tokens_are_not_moved(batch):
    plain = batch["attention_mask"].bool() & (batch["input_ids"] > END)
    assert not moved(noisy(0.5), batch)[~plain.flatten(0, -2)].any()


def test_the_magnitude_is_in_units_of_the_mean_embedding():
    assert moved(noisy(0.1, unit=4.0)).norm(dim=-1)[PLAIN] == pytest.approx(0.4, abs=1e-5)


def test_each_token_is_moved_in_a_direction_of_its_own():
    directions = moved(noisy(1.0))[PLAIN]
    cosines = directions @ directions.T - torch.eye(len(directions))
    assert cosines.abs().max() < 0.95


def test_directions_lie_evenly_on_the_sphere():
    loss, model = noisy(1.0), Listening()
    batch = {"input_ids": torch.full((100, 50), 7), "attention_mask": torch.ones(100, 50, dtype=torch.long)}
    loss(model, batch)
    directions = (model.heard - model.embeddings(batch["input_ids"])).detach().flatten(0, 1)
    assert directions.mean(0).norm() < 0.05
    assert directions.T @ directions / len(directions) == pytest.approx(torch.eye(16) / 16, abs=0.01)


def test_two_batches_are_moved_differently():
    loss = noisy(0.5)
    assert not torch.equal(moved(loss), moved(loss))


def test_the_perturbation_comes_from_the_seed(undisturbed):
    torch.manual_seed(3)
    first, model = noisy(0.5, seed=4), Listening()
    first(model, BATCH)
    heard = model.heard
    torch.manual_seed(5)
    noisy(0.5, seed=4)(model, BATCH)
    assert torch.equal(model.heard, heard)


def test_no_noise_moves_nothing():
    assert not moved(noisy(0.0, method="none")).any()


def test_the_embeddings_are_themselves_again_afterwards():
    model = Listening()
    noisy(0.5)(model, BATCH)
    assert torch.equal(model.embeddings(IDS), model.embeddings.weight[IDS])


def test_the_embeddings_are_themselves_again_after_an_error():
    model = Listening()
    with pytest.raises(TypeError):
        random_perturbation(model, BATCH | {"unknown": IDS}, PLAIN, 0.5, torch.Generator())
    assert torch.equal(model.embeddings(IDS), model.embeddings.weight[IDS])


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering"])
def test_the_loss_of_a_real_model_changes_under_noise_and_has_gradients(kind, task, undisturbed):

    prepared = task(kind)
    (model,) = build(prepared.encoder.weights, [prepared])
    batch = next(prepared.batches(4, Random(0)))
    plain = noisy(0.0, method="none")(model, batch)
    loss = noisy(1.0)(model, batch)
    loss.backward()
    assert loss.item() != plain.item()
    assert model.get_input_embeddings().weight.grad.abs().sum() > 0
