from statistics import fmean

import pytest
import torch
from torch import nn

from tests.trainables.conftest import TRAINED
from tests.trainables.training.noise.steps import BATCH, IDS, PLAIN, Listening, loss, moves, noise, predictions, setting
from trainables.curriculum import Noise, Stage
from trainables.noise_methods import NOISE_METHODS, Passes, count_passes, match_compute
from trainables.training._stage import _build_noise_setting
from trainables.training.noise import _adversarial as adversarial_module
from trainables.training.noise._interface import NoiseStep, add_to_embeddings
from trainables.training.noise._loss import _METHODS, NoisyLoss, compute_schedule_factor

PERTURBING = [name for name, card in NOISE_METHODS.items() if card.magnitude and name != "augmentation"]


def test_every_method_of_the_catalogue_can_be_trained_with():
    assert set(NOISE_METHODS) == set(_METHODS)


@pytest.mark.parametrize("method", NOISE_METHODS)
def test_a_step_takes_the_passes_that_the_catalogue_says(method, real, monkeypatch):
    model, batch, prepared = real("classification", dropout=NOISE_METHODS[method].dropout)
    forward, backward, ascent = [], [], []
    model.base_model.register_forward_hook(lambda *_: forward.append(1))
    model.base_model.encoder.layer[0].output.dense.weight.register_hook(lambda _: backward.append(1))
    gradient = torch.autograd.grad
    monkeypatch.setattr(adversarial_module.torch.autograd, "grad", lambda *of: ascent.append(1) or gradient(*of))
    of = noise(method, 0.1)
    noisy = NoisyLoss(
        _build_noise_setting(Stage(task="one", learning_rate=1e-3, steps=1, noise=of), [prepared]),
        1,
        {0, 1, 2},
        torch.Generator(),
    )
    for part in noisy(model, batch, prepared.kind.log_probabilities):
        part.backward()
    # Two losses of one sum come back to a weight together.
    told = count_passes(of)
    assert len(forward) == told.forward
    assert len(ascent) == told.ascent
    assert len(backward) == (told.backward if method == "freelb" else 1)


def test_a_method_of_twice_the_work_takes_half_the_steps_at_equal_compute():
    assert match_compute(100, Noise()) == 100
    assert match_compute(100, noise("neftune")) == 100
    assert match_compute(100, noise("r3f")) == 50
    assert match_compute(100, noise("freelb", steps=4)) == 25
    assert match_compute(1, noise("smart")) == 1


def test_work_counts_a_backward_pass_twice_and_one_to_the_embeddings_once():
    assert Passes().forward_equivalents == 3
    assert count_passes(noise("adversarial", steps=3)).forward_equivalents == 4 + 2 + 3


@pytest.mark.parametrize("method", NOISE_METHODS)
def test_the_native_parameters_are_told_under_the_names_of_the_paper(method):
    native = loss(noise(method, 0.5)).native
    assert all(value > 0 for value in native.values())
    assert bool(native) == (method not in ("none", "augmentation"))


@pytest.mark.parametrize("steps", [1, 7, 10])
@pytest.mark.parametrize("schedule", ["constant", "rising", "falling"])
def test_a_schedule_keeps_the_mean(schedule, steps):
    scales = [compute_schedule_factor(Noise(schedule=schedule), step, steps) for step in range(steps)]
    assert fmean(scales) == pytest.approx(1.0)
    assert min(scales) > 0


def test_a_magnitude_rises_and_falls_step_by_step():
    norms = {}
    for schedule in ("rising", "falling"):
        noisy = loss(noise("random_perturbation", 0.5, schedule=schedule))
        norms[schedule] = [moves(noisy)[0].norm(dim=-1)[PLAIN].mean().item() for _ in range(10)]
    assert norms["rising"] == pytest.approx([0.05 + 0.1 * step for step in range(10)], abs=1e-6)
    assert norms["falling"] == pytest.approx(norms["rising"][::-1], abs=1e-6)


def test_a_weight_rises_where_there_is_no_magnitude(real):
    model, batch, prepared = real("classification", dropout=0.3)

    def losses(schedule: str) -> list[float]:
        torch.manual_seed(1)
        noisy = NoisyLoss(setting(noise("r_drop", weight=5.0, schedule=schedule)), 4, {0, 1, 2}, torch.Generator())
        return [next(noisy(model, batch, prepared.kind.log_probabilities)).item() for _ in range(4)]

    constant, rising = losses("constant"), losses("rising")
    assert rising[0] < constant[0]
    assert rising[-1] > constant[-1]


@pytest.mark.parametrize("method", PERTURBING)
def test_no_magnitude_moves_nothing(method):
    assert all(not moved.any() for moved in moves(loss(noise(method, 0.0))))


@pytest.mark.parametrize("method", NOISE_METHODS)
def test_the_embeddings_are_themselves_again_afterwards(method):
    model = Listening()
    for part in loss(noise(method))(model, BATCH, predictions):
        part.backward()
    assert torch.equal(model.embeddings(IDS), model.embeddings.weight[IDS])


def test_the_embeddings_are_themselves_again_after_an_error():
    model = Listening()
    with pytest.raises(TypeError):
        list(loss(noise("random_perturbation"))(model, BATCH | {"unknown": IDS}, predictions))
    assert torch.equal(model.embeddings(IDS), model.embeddings.weight[IDS])


def test_only_the_first_look_up_is_moved():
    model = Listening()
    with add_to_embeddings(model, torch.ones(2, 5, 16)):
        first, second = model.embeddings(IDS), model.embeddings(IDS)
    assert torch.equal(first, second + 1)


@pytest.mark.parametrize("method", [name for name in NOISE_METHODS if name not in ("none", "augmentation")])
def test_a_seed_gives_the_same_losses_whatever_ran_before(method, real):
    model, batch, prepared = real("classification", dropout=0.1)

    def run() -> list[float]:
        torch.manual_seed(2)
        return [
            part.item()
            for part in backward(
                loss(noise(method), seed=7, width=model.config.hidden_size)(
                    model, batch, prepared.kind.log_probabilities
                )
            )
        ]

    first = run()
    torch.rand(13)
    list(
        backward(
            loss(noise("adversarial"), seed=1, width=model.config.hidden_size)(
                model, batch, prepared.kind.log_probabilities
            )
        )
    )
    assert run() == first


def backward(parts):
    for part in parts:
        part.backward()
        yield part


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("method", [name for name in NOISE_METHODS if name not in ("none", "augmentation")])
def test_the_loss_of_a_real_model_changes_under_noise_and_has_gradients(kind, method, real):
    model, batch, prepared = real(kind, dropout=NOISE_METHODS[method].dropout)
    of = noise(method, 20.0)
    stage = Stage(task="one", learning_rate=1e-3, steps=1, noise=of)
    noisy = NoisyLoss(_build_noise_setting(stage, [prepared]), 1, {0, 1, 2}, torch.Generator())
    total = sum(part.item() for part in backward(noisy(model, batch, prepared.kind.log_probabilities)))
    assert total != pytest.approx(model.eval()(**batch).loss.item(), rel=1e-6)
    assert model.get_input_embeddings().weight.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("method", [name for name in NOISE_METHODS if name != "augmentation"])
def test_a_step_in_half_precision_comes_near_to_one_in_single(method, kind, real):
    """As on a GPU: arithmetic in bfloat16, weights, perturbations and divergences in float32."""

    def run(half: bool) -> float:
        model, batch, prepared = real(kind, dropout=NOISE_METHODS[method].dropout)
        stage = Stage(task="one", learning_rate=1e-3, steps=1, noise=noise(method, 0.5))
        noisy = NoisyLoss(_build_noise_setting(stage, [prepared]), 1, {0, 1, 2}, torch.Generator().manual_seed(5))
        torch.manual_seed(6)
        parts, total = noisy(model, batch, prepared.kind.log_probabilities), 0.0
        while True:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                part = next(parts, None)
            if part is None:
                break
            part.backward()
            total += part.item()
        gradient = model.get_input_embeddings().weight.grad
        assert gradient.dtype == torch.float32
        assert gradient.isfinite().all()
        assert gradient.any()
        return total

    assert run(half=True) == pytest.approx(run(half=False), rel=0.1)


@pytest.mark.parametrize(
    "kind", ["classification", "tagging", "question_answering", "dense_retrieval", "masked_language_modelling"]
)
@pytest.mark.parametrize("method", [name for name in NOISE_METHODS if name not in ("none", "augmentation")])
def test_gradients_match_finite_differences_in_float64(method, kind, real, monkeypatch):
    """The perturbation being held as it was found: a method trains on where it went, not on the way there."""
    model, batch, prepared = real(kind, rows=3, dropout=NOISE_METHODS[method].dropout)
    model.double()
    stage = Stage(task="one", learning_rate=1e-3, steps=1, noise=noise(method, 0.3))
    tape: list[torch.Tensor] = []
    moved = NoiseStep.run_perturbed

    def recorded(step, delta):
        tape.append(delta.detach().clone())
        return moved(step, delta)

    def replayed(step, delta):
        return moved(step, tape[next(position)] + 0 * delta)

    def total() -> float:
        torch.manual_seed(4)
        noisy = NoisyLoss(_build_noise_setting(stage, [prepared]), 1, {0, 1, 2}, torch.Generator().manual_seed(3))
        value = 0.0
        for part in noisy(model, batch, prepared.kind.log_probabilities):
            value += part.item()
            part.backward()
        return value

    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    monkeypatch.setattr(NoiseStep, "run_perturbed", recorded)
    model.zero_grad()
    total()
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad.clone() for w in weights]
    monkeypatch.setattr(NoiseStep, "run_perturbed", replayed)
    draws = torch.Generator().manual_seed(9)
    for _ in range(3):
        along = [torch.randn(w.shape, generator=draws, dtype=torch.float64) for w in weights]
        for weight, way in zip(weights, along, strict=True):
            # They get no gradient by design, though question answering looks at padding.
            for table in (each for each in model.modules() if isinstance(each, nn.Embedding) and each.weight is weight):
                way[table.padding_idx if table.padding_idx is not None else slice(0)] = 0.0
        slope = sum((gradient * way).sum() for gradient, way in zip(gradients, along, strict=True)).item()
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                for weight, way in zip(weights, along, strict=True):
                    weight += sign * STEP * way
            position = iter(range(len(tape)))
            ends.append(total())
            with torch.no_grad():
                for weight, way in zip(weights, along, strict=True):
                    weight -= sign * STEP * way
        assert (ends[0] - ends[1]) / (2 * STEP) == pytest.approx(slope, rel=1e-4, abs=1e-7)


STEP = 1e-6
