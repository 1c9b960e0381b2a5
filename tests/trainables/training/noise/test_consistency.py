import math
from random import Random
from types import SimpleNamespace

import pytest
import torch

from tests.trainables.training.noise.steps import BATCH, Listening, loss, noise, predictions
from trainables.curriculum import Stage
from trainables.data import load_encoded_dataset
from trainables.tasks import TASK_KINDS
from trainables.training._models import build_models
from trainables.training._stage import _build_noise_setting
from trainables.training.noise._interface import add_to_embeddings, compute_symmetric_kl
from trainables.training.noise._loss import NoisyLoss

SHAPES = {
    "classification": (3,),
    "multi_label": (3,),
    "regression": (1,),
    "multiple_choice": (2,),
    "ranking": (3,),
    "tagging": (5, 4),
    "masked_language_modelling": (5, 6),
    "question_answering": (5,),
}
"""Of a text's logits, by the kinds whose texts are predicted each by itself."""


def by_hand(one: list[list[float]], other: list[list[float]]) -> float:
    """Mean over rows of KL(p|q) + KL(q|p), in plain Python."""
    rows = [
        sum(p * math.log(p / q) + q * math.log(q / p) for p, q in zip(ps, qs, strict=True))
        for ps, qs in zip(one, other, strict=True)
    ]
    return sum(rows) / len(rows)


def test_the_divergence_is_what_its_equation_says():
    one, other = [[0.2, 0.3, 0.5], [0.9, 0.05, 0.05]], [[0.1, 0.6, 0.3], [0.3, 0.3, 0.4]]
    found = compute_symmetric_kl([torch.tensor(one).log()], [torch.tensor(other).log()])
    assert found.item() == pytest.approx(by_hand(one, other), rel=1e-5)


def test_the_divergence_of_two_kinds_of_predictions_is_their_mean(undisturbed):
    tables = [torch.randn(4, 3).log_softmax(-1) for _ in range(4)]
    both = compute_symmetric_kl([tables[0], tables[1]], [tables[2], tables[3]])
    each = (compute_symmetric_kl([tables[0]], [tables[2]]) + compute_symmetric_kl([tables[1]], [tables[3]])) / 2
    assert both.item() == pytest.approx(each.item())


def outputs(kind: str, rows: int, seed: int):
    """A model's output and its batch, of texts of 5 tokens."""
    draws = torch.Generator().manual_seed(seed)
    batch = {
        "attention_mask": torch.ones(rows, 5, dtype=torch.long),
        "labels": torch.tensor([[-100, 1, -100, 2, 0]] * rows),
    }
    if kind == "question_answering":
        start, end = (torch.randn(rows, 5, generator=draws) for _ in range(2))
        return SimpleNamespace(start_logits=start, end_logits=end), batch
    return SimpleNamespace(logits=torch.randn(rows, *SHAPES[kind], generator=draws)), batch


def twice(output):
    return SimpleNamespace(**{name: torch.cat([value, value]) for name, value in vars(output).items()})


def padded(kind: str, output):
    if kind in ("classification", "multi_label", "regression", "multiple_choice", "ranking"):
        return output
    pads = {name: torch.full((*value.shape[:1], 3, *value.shape[2:]), 7.5) for name, value in vars(output).items()}
    return SimpleNamespace(**{name: torch.cat([value, pads[name]], 1) for name, value in vars(output).items()})


def apart(kind: str, one, other, batch) -> float:
    says = TASK_KINDS[kind].log_probabilities
    return compute_symmetric_kl(says(one, batch), says(other, batch)).item()


@pytest.mark.parametrize("kind", SHAPES)
def test_a_batch_twice_as_large_has_the_same_divergence(kind):
    (one, batch), (other, _) = outputs(kind, 3, 1), outputs(kind, 3, 2)
    double = {name: torch.cat([value, value]) for name, value in batch.items()}
    assert apart(kind, twice(one), twice(other), double) == pytest.approx(apart(kind, one, other, batch), rel=1e-6)


@pytest.mark.parametrize("kind", SHAPES)
def test_padding_does_not_change_the_divergence(kind):
    (one, batch), (other, _) = outputs(kind, 3, 1), outputs(kind, 3, 2)
    fill = {"attention_mask": 0, "labels": -100}
    longer = {name: torch.cat([value, torch.full((3, 3), fill[name])], 1) for name, value in batch.items()}
    found = apart(kind, padded(kind, one), padded(kind, other), longer)
    assert found == pytest.approx(apart(kind, one, other, batch), rel=1e-6)


@pytest.mark.parametrize("kind", SHAPES)
def test_predictions_in_half_precision_are_compared_in_single(kind):
    output, batch = outputs(kind, 3, 1)
    half = SimpleNamespace(**{name: value.bfloat16() for name, value in vars(output).items()})
    assert all(told.dtype == torch.float32 for told in TASK_KINDS[kind].log_probabilities(half, batch))


@pytest.mark.parametrize("method", ["r3f", "smart"])
def test_without_a_perturbation_the_loss_is_the_clean_one(method):
    model = Listening()
    (part,) = loss(noise(method, 0.0))(model, BATCH, predictions)
    assert part.item() == pytest.approx(model(**BATCH).loss.item(), abs=1e-5)


@pytest.mark.parametrize("method", ["r3f", "smart"])
def test_the_loss_is_the_clean_one_plus_the_weighted_divergence(method, real):
    model, batch, prepared = real("classification")

    model.double()

    def at(weight: float) -> float:
        of = noise(method, 8.0, weight=weight)
        stage = Stage(task="one", learning_rate=1e-3, steps=1, noise=of)
        noisy = NoisyLoss(_build_noise_setting(stage, [prepared]), 1, {0, 1, 2}, torch.Generator().manual_seed(1))
        (part,) = noisy(model, batch, prepared.kind.log_probabilities)
        return part.item()

    clean, once, thrice = model(**batch).loss.item(), at(1.0), at(3.0)
    assert once > clean
    assert thrice - clean == pytest.approx(3 * (once - clean), rel=1e-3)


def test_smart_finds_a_perturbation_that_changes_predictions_more_than_a_random_one(real):
    model, batch, prepared = real("classification")

    def apart_under(method: str) -> float:
        stage = Stage(task="one", learning_rate=1e-3, steps=1, noise=noise(method, 0.5))
        noisy = NoisyLoss(_build_noise_setting(stage, [prepared]), 1, {0, 1, 2}, torch.Generator().manual_seed(1))
        (part,) = noisy(model, batch, prepared.kind.log_probabilities)
        return part.item() - model(**batch).loss.item()

    assert apart_under("smart") > 2 * apart_under("r3f")


def test_the_alpha_of_r_drop_is_that_of_the_paper_which_sums_the_two_losses():
    assert loss(noise("r_drop", weight=0.7)).native == {"alpha": pytest.approx(1.4), "dropout": 0.1}


@pytest.mark.parametrize("kind", ["classification", "question_answering"])
def test_in_half_precision_small_perturbations_still_change_every_prediction(kind, task, undisturbed):
    """The head computes in single precision: logits in half precision would mostly stay the same to the last bit."""
    prepared = load_encoded_dataset(
        "miniature", {"classification": "inference", "question_answering": "answer"}[kind], "miniature", 64
    )
    torch.manual_seed(1)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    batch = next(prepared.iterate_batches(32, Random(1)))
    says, moved = prepared.kind.log_probabilities, 0.01 * prepared.encoder.embedding_norm
    with torch.autocast("cpu", torch.bfloat16):
        clean = says(model(**batch), batch)
        with add_to_embeddings(
            model, moved * torch.randn(*batch["input_ids"].shape, prepared.encoder.embeddings.shape[1]) / 10
        ):
            noised = says(model(**batch), batch)
    for one, other in zip(clean, noised, strict=True):
        assert (one != other).any(-1).float().mean() > 0.9


def test_r_drop_without_dropout_is_the_plain_loss(real):
    model, batch, prepared = real("classification")
    (part,) = loss(noise("r_drop"))(model, batch, prepared.kind.log_probabilities)
    assert part.item() == pytest.approx(model(**batch).loss.item(), rel=1e-6)


def test_r_drop_is_the_mean_of_two_masks_and_half_their_divergence(real):
    model, batch, prepared = real("classification", dropout=0.3)
    torch.manual_seed(5)
    one, other = model(**batch), model(**batch)
    says = prepared.kind.log_probabilities
    by_equation = (one.loss + other.loss) / 2 + 0.7 * compute_symmetric_kl(says(one, batch), says(other, batch)) / 2
    torch.manual_seed(5)
    (part,) = loss(noise("r_drop", weight=0.7))(model, batch, says)
    assert part.item() == pytest.approx(by_equation.item(), rel=1e-6)
    assert not torch.equal(one.logits, other.logits)
