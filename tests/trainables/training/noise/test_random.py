import pytest
import torch
from transformers.integrations.neftune import neftune_post_forward_hook

from tests.trainables.training.noise.steps import BATCH, CHOICES, END, PLAIN, Listening, loss, moves, noise, predictions

EXACT = 1e-6


def moved(of, batch=BATCH, **settings) -> torch.Tensor:
    (found,) = moves(loss(of, **settings), batch)
    return found


@pytest.mark.parametrize("distribution", ["gaussian", "uniform"])
@pytest.mark.parametrize("batch", [BATCH, CHOICES], ids=["rows", "choices"])
def test_every_plain_token_is_moved_by_exactly_the_magnitude(batch, distribution):
    norms = moved(noise("random_perturbation", distribution=distribution), batch).double().norm(dim=-1)
    plain = batch["attention_mask"].bool() & (batch["input_ids"] > END)
    assert norms[plain.flatten(0, -2)] == pytest.approx(0.5, abs=EXACT)


@pytest.mark.parametrize("method", ["random_perturbation", "neftune"])
@pytest.mark.parametrize("batch", [BATCH, CHOICES], ids=["rows", "choices"])
def test_padding_and_special_tokens_are_not_moved(batch, method):
    plain = batch["attention_mask"].bool() & (batch["input_ids"] > END)
    assert not moved(noise(method), batch)[~plain.flatten(0, -2)].any()


def test_the_magnitude_is_in_units_of_the_mean_embedding():
    assert moved(noise("random_perturbation", 0.1), unit=4.0).norm(dim=-1)[PLAIN] == pytest.approx(0.4, abs=EXACT)


def test_each_token_is_moved_in_a_direction_of_its_own():
    directions = moved(noise("random_perturbation", 1.0))[PLAIN]
    cosines = directions @ directions.T - torch.eye(len(directions))
    assert cosines.abs().max() < 0.95


LONG = {"input_ids": torch.full((100, 50), 7), "attention_mask": torch.ones(100, 50, dtype=torch.long)}


@pytest.mark.parametrize("distribution", ["gaussian", "uniform"])
def test_directions_lie_evenly_on_the_sphere(distribution):
    directions = moved(noise("random_perturbation", 1.0, distribution=distribution), LONG).flatten(0, 1)
    assert directions.mean(0).norm() < 0.05
    assert directions.T @ directions / len(directions) == pytest.approx(torch.eye(16) / 16, abs=0.01)


def test_a_uniform_draw_lies_in_the_cube_and_a_gaussian_one_reaches_further():
    uniform, gaussian = (
        moved(noise("random_perturbation", 1.0, distribution=name), LONG).abs() for name in ("uniform", "gaussian")
    )
    assert uniform.max() < 0.66 < gaussian.max()


def test_two_steps_are_moved_differently():
    noisy = loss(noise("random_perturbation"))
    assert not torch.equal(moves(noisy)[0], moves(noisy)[0])


@pytest.mark.parametrize("method", ["random_perturbation", "neftune"])
def test_the_perturbation_comes_from_the_stages_own_numbers(method, undisturbed):
    torch.manual_seed(3)
    first = moved(noise(method), seed=4)
    torch.manual_seed(5)
    torch.rand(9)
    assert moved(noise(method), seed=4) == pytest.approx(first, abs=1e-6)


def test_neftune_is_what_transformers_own_hook_does_with_the_same_draws(undisturbed):
    noisy = loss(noise("neftune", 0.7), seed=3)
    batch = {"input_ids": torch.randint(3, 10, (4, 7)), "attention_mask": torch.ones(4, 7, dtype=torch.long)}
    model = Listening().train()
    list(noisy(model, batch, predictions))
    ours = model.heard.pop()
    model.embeddings.neftune_noise_alpha = noisy.native["alpha"]
    handle = model.embeddings.register_forward_hook(neftune_post_forward_hook)
    torch.manual_seed(3)
    model(**batch)
    handle.remove()
    assert ours.detach() == pytest.approx(model.heard.pop().detach(), abs=1e-6)


def test_neftune_moves_a_token_of_a_text_of_mean_length_by_the_magnitude_in_the_root_mean_square():
    batch = {"input_ids": torch.full((4000, 5), 7), "attention_mask": torch.ones(4000, 5, dtype=torch.long)}
    squares = moved(noise("neftune", 0.5), batch).square().sum(-1)
    assert squares.mean().sqrt() == pytest.approx(0.5, rel=0.01)


def test_neftune_moves_a_text_four_times_as_long_half_as_far():
    batch = {"input_ids": torch.full((4000, 20), 7), "attention_mask": torch.ones(4000, 20, dtype=torch.long)}
    squares = moved(noise("neftune", 0.5), batch).square().sum(-1)
    assert squares.mean().sqrt() == pytest.approx(0.25, rel=0.01)


def test_the_native_parameters_of_random_noise_have_its_norm():
    gaussian = loss(noise("random_perturbation")).native["standard_deviation"]
    assert torch.randn(20000, 16).mul(gaussian).square().sum(-1).mean().sqrt() == pytest.approx(0.5, rel=0.01)
    uniform = loss(noise("random_perturbation", distribution="uniform")).native["half_width"]
    assert torch.empty(20000, 16).uniform_(-uniform, uniform).square().sum(-1).mean().sqrt() == pytest.approx(
        0.5, rel=0.01
    )
