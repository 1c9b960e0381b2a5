import math
from random import Random

import pytest
import torch

from tests.trainables.training.noise.steps import BATCH, PLAIN, Listening, loss, moves, noise, predictions
from trainables.noise_methods import NOISE_METHODS
from trainables.training._stage import _build_noise_setting
from trainables.training.noise._adversarial import ASCENT_DISTANCE, PerturbationBall, ascend_gradient
from trainables.training.noise._interface import NoiseStep
from trainables.training.noise._loss import NoisyLoss

BALLS = [("l2", "token"), ("l2", "sentence"), ("linf", "token")]


def size(delta: torch.Tensor, norm: str, level: str) -> torch.Tensor:
    """How far out each token, or text, lies, as a share of what a ball of radius 1 allows; by plain arithmetic."""
    delta = delta.double()
    if norm == "linf":
        return delta.abs().amax(-1) * math.sqrt(delta.shape[-1])
    if level == "token":
        return delta.square().sum(-1).sqrt()
    return (delta.square().sum((-2, -1)) / PLAIN.sum(-1)).sqrt()


@pytest.mark.parametrize(("norm", "level"), BALLS)
def test_what_is_projected_lies_in_the_ball_and_what_lay_in_it_stays(norm, level, undisturbed):
    ball = PerturbationBall(PLAIN, 0.3, norm, level)
    inside = ball.project(torch.randn(2, 5, 16) * 10)
    assert size(inside, norm, level).max() == pytest.approx(0.3, abs=1e-6)
    assert torch.equal(ball.project(inside * 0.5), inside * 0.5)


@pytest.mark.parametrize(("norm", "level"), BALLS)
def test_the_projection_is_the_nearest_point(norm, level, undisturbed):
    ball, far = PerturbationBall(PLAIN, 0.3, norm, level), torch.randn(2, 5, 16) * PLAIN.unsqueeze(-1)
    gap = (far - ball.project(far)).norm()
    others = [ball.project(ball.project(far) + 0.01 * torch.randn(2, 5, 16)) for _ in range(50)]
    assert all((far - other).norm() >= gap - 1e-6 for other in others)


@pytest.mark.parametrize(("norm", "level"), BALLS)
def test_the_steepest_perturbation_is_as_long_as_allowed_and_no_other_rises_faster(norm, level, undisturbed):
    ball, gradient = PerturbationBall(PLAIN, 0.3, norm, level), torch.randn(2, 5, 16)
    steepest = ball.find_steepest(gradient)
    reached = size(steepest, norm, level)
    assert reached[reached > 0] == pytest.approx(0.3, abs=1e-6)
    others = [ball.project(torch.randn(2, 5, 16)) for _ in range(50)]
    assert all((other * gradient).sum() <= (steepest * gradient).sum() + 1e-6 for other in others)


@pytest.mark.parametrize(("norm", "level"), BALLS)
def test_a_random_start_lies_in_the_ball(norm, level):
    starts = torch.stack(
        [PerturbationBall(PLAIN, 0.3, norm, level).draw(16, torch.Generator().manual_seed(i)) for i in range(50)]
    )
    reached = torch.stack([size(start, norm, level) for start in starts])
    assert 0.2 < reached.max() <= 0.3 + 1e-6
    assert not starts[:, ~PLAIN].any()


def test_a_gradient_of_zero_moves_nothing():
    assert not PerturbationBall(PLAIN, 0.3, "l2", "token").find_steepest(torch.zeros(2, 5, 16)).any()


@pytest.mark.parametrize("method", ["adversarial", "freelb", "smart"])
def test_every_perturbation_lies_in_the_ball(method):
    for moved in moves(loss(noise(method, 0.4, steps=5))):
        level = "sentence" if method == "freelb" else "token"
        assert size(moved, "l2", level).max() <= 0.4 + 1e-6
        assert not moved[~PLAIN].any()


def test_the_last_perturbation_of_an_ascent_is_at_the_edge():
    *_, last = moves(loss(noise("adversarial", 0.4)))
    assert last.double().norm(dim=-1)[PLAIN] == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize(("norm", "level"), BALLS)
@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering"])
def test_the_loss_after_the_ascent_is_not_below_the_loss_at_its_start(kind, norm, level, real):
    model, _, prepared = real(kind)
    batches = prepared.iterate_batches(4, Random(1))
    special, rng, higher = torch.tensor(prepared.encoder.pretrained_tokenizer.all_special_ids), torch.Generator(), []
    for _ in range(40):
        batch = next(batches)
        perturbed = (batch["attention_mask"].bool() & ~torch.isin(batch["input_ids"], special)).flatten(0, -2)
        radius = 0.3 * prepared.encoder.embedding_norm
        ball = PerturbationBall(perturbed, radius, norm, level)
        step = NoiseStep(
            setting=_setting_of(noise("adversarial", norm=norm, level=level), prepared),
            model=model,
            batch=batch,
            perturbable=perturbed,
            scale=1.0,
            predictions=prepared.kind.log_probabilities,
            rng=rng,
        )
        start = ball.draw(prepared.encoder.embeddings.shape[1], rng)
        end = ascend_gradient(ball, start, 3, lambda delta, step=step: step.run_perturbed(delta).loss)
        with torch.no_grad():
            higher.append(step.run_perturbed(end).loss >= step.run_perturbed(start).loss)
    assert sum(higher) / len(higher) >= 0.95


def _setting_of(of, prepared):
    from trainables.curriculum import Stage

    return _build_noise_setting(Stage(task="one", learning_rate=1e-3, steps=1, noise=of), [prepared])


def test_an_ascent_sees_one_dropout_mask_and_the_next_step_another(real):
    model, batch, prepared = real("classification", dropout=0.5)
    kept = []
    model.base_model.encoder.layer[0].output.dropout.register_forward_hook(
        lambda module, inputs, output: kept.append((output == 0).clone())
    )
    of = noise("adversarial", 0.1)
    noisy = NoisyLoss(_setting_of(of, prepared), 2, {0, 1, 2}, torch.Generator())
    for _ in range(2):
        list(noisy(model, batch, prepared.kind.log_probabilities))
    assert len(kept) == 8
    assert all(torch.equal(mask, kept[0]) for mask in kept[:4])
    assert not torch.equal(kept[4], kept[0])


def test_the_gradient_of_freelb_is_the_mean_of_those_at_its_perturbations():
    model, found = Listening(), []
    for part in loss(noise("freelb", 0.4))(model, BATCH, predictions):
        part.backward()
    got = model.embeddings.weight.grad.clone()
    plain = model.embeddings.weight.detach()[BATCH["input_ids"]]
    deltas = [heard.detach() - plain for heard in model.heard]
    for delta in deltas:
        model.embeddings.weight.grad = None
        (model.embeddings(BATCH["input_ids"]) + delta).square().sum().backward()
        found.append(model.embeddings.weight.grad.clone())
    assert len(deltas) == NOISE_METHODS["freelb"].steps
    assert got == pytest.approx(sum(found) / len(found), abs=1e-5)


def test_freelb_climbs():
    model = Listening()
    parts = []
    for part in loss(noise("freelb", 0.4))(model, BATCH, predictions):
        part.backward()
        parts.append(part.item())
    assert parts == sorted(parts)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_the_native_radius_is_that_of_the_ball(norm):
    native = loss(noise("adversarial", 0.4, norm=norm, steps=5)).native
    assert native["radius"] == pytest.approx(0.4 if norm == "l2" else 0.4 / 4)
    assert native["step_size"] == pytest.approx(ASCENT_DISTANCE / 5 * native["radius"])


def test_the_native_radius_of_a_sentence_is_that_of_a_text_of_mean_length():
    assert loss(noise("adversarial", 0.4, level="sentence")).native["radius"] == pytest.approx(0.4 * math.sqrt(3))
    assert loss(noise("freelb", 0.4)).native["adv_max_norm"] == pytest.approx(0.4 * math.sqrt(3))
