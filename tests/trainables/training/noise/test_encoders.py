"""Perturbing through the ids' own look-up is the same as giving embeddings, for XLM-R, mBERT and XLM, however they are padded."""

import math

import pytest
import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    BertConfig,
    XLMConfig,
    XLMRobertaConfig,
)

from tests.trainables.training.noise.steps import loss, noise, predictions
from trainables.tasks import TASK_KINDS
from trainables.training.noise._interface import add_to_embeddings

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 60}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
CONFIGS = {
    "xlm-r": XLMRobertaConfig(**SIZES, **STILL, pad_token_id=1, type_vocab_size=1, max_position_embeddings=40),
    "mbert": BertConfig(**SIZES, **STILL, pad_token_id=0),
    "xlm": XLMConfig(
        vocab_size=60,
        emb_dim=16,
        n_layers=2,
        n_heads=2,
        dropout=0.0,
        attention_dropout=0.0,
        n_langs=3,
        pad_index=2,
        use_lang_emb=True,
    ),
}
HEADS = {
    "classification": AutoModelForSequenceClassification,
    "tagging": AutoModelForTokenClassification,
    "question_answering": AutoModelForQuestionAnswering,
    "multiple_choice": AutoModelForMultipleChoice,
    "masked_language_modelling": AutoModelForMaskedLM,
}
LABELS = {
    "classification": {"labels": torch.tensor([0, 1, 1])},
    "tagging": {"labels": torch.tensor([[-100, 1, 0, -100, -100, -100]] * 3)},
    "question_answering": {"start_positions": torch.tensor([1, 2, 3]), "end_positions": torch.tensor([3, 3, 4])},
    "multiple_choice": {"labels": torch.tensor([0])},
    "masked_language_modelling": {"labels": torch.tensor([[-100, 7, 9, -100, -100, -100]] * 3)},
}


@pytest.fixture(params=CONFIGS)
def config(request, undisturbed):
    torch.manual_seed(0)
    return CONFIGS[request.param]


def batch_of(config, kind: str, side: str) -> dict[str, torch.Tensor]:
    """Three texts of 6, 4 and 3 tokens, padded on a side; pairs where the encoder has token types, languages where it has those."""
    pad = config.pad_token_id
    ids, mask, types = torch.full((3, 6), pad), torch.zeros(3, 6, dtype=torch.long), torch.zeros(3, 6, dtype=torch.long)
    for row, size in enumerate((6, 4, 3)):
        place = slice(0, size) if side == "right" else slice(6 - size, 6)
        ids[row, place] = torch.randint(5, 60, (size,))
        mask[row, place] = 1
        types[row, place] = torch.arange(size) // 2 % 2
    batch = {"input_ids": ids, "attention_mask": mask}
    if config.model_type == "bert":
        batch["token_type_ids"] = types
    if config.model_type == "xlm":
        batch["langs"] = torch.tensor([[0] * 6, [1] * 6, [2] * 6])
    if kind == "multiple_choice":
        batch = {name: tensor.unsqueeze(0) for name, tensor in batch.items()}
    return batch | LABELS[kind]


def embedded(model, batch: dict[str, torch.Tensor], delta: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same batch by embeddings, with all that ids tell an encoder besides told apart."""
    ids = batch["input_ids"]
    given = {name: tensor for name, tensor in batch.items() if name != "input_ids"}
    given["inputs_embeds"] = (model.get_input_embeddings()(ids).detach().flatten(0, -3) + delta).view(*ids.shape, -1)
    if model.config.model_type == "xlm-roberta":
        pad = model.config.pad_token_id
        plain = ids.flatten(0, -2)
        positions = torch.where(plain != pad, (plain != pad).cumsum(1) + pad, pad)
        given["position_ids"] = positions.view(ids.shape)
    return given


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("kind", HEADS)
def test_the_loss_with_ids_is_the_loss_with_embeddings(config, kind, side):
    model = HEADS[kind].from_config(config, dtype=torch.float32).eval()
    batch = batch_of(config, kind, side)
    for delta in (torch.zeros(3, 6, 16), torch.randn(3, 6, 16)):
        with add_to_embeddings(model, delta):
            by_ids = model(**batch).loss
        by_embeddings = model(**embedded(model, batch, delta)).loss
        assert by_ids.item() == pytest.approx(by_embeddings.item(), abs=1e-6)


@pytest.mark.parametrize("side", ["right", "left"])
def test_no_perturbation_is_the_plain_loss(config, side):
    model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32).eval()
    batch = batch_of(config, "classification", side)
    with add_to_embeddings(model, torch.zeros(3, 6, 16)):
        moved = model(**batch).loss
    assert torch.equal(moved, model(**batch).loss)


@pytest.mark.parametrize(
    "method", ["random_perturbation", "adversarial", "freelb", "r3f", "smart", "neftune", "r_drop"]
)
def test_every_method_trains_every_encoder(config, method):
    model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    batch = batch_of(config, "classification", "right")
    for part in loss(noise(method))(model, batch, predictions):
        part.backward()
    gradient = model.get_input_embeddings().weight.grad
    assert gradient.isfinite().all()
    assert gradient.any()


@pytest.mark.parametrize(
    "method", ["random_perturbation", "adversarial", "freelb", "r3f", "smart", "neftune", "r_drop"]
)
@pytest.mark.parametrize("kind", ["dense_retrieval", "masked_language_modelling", "ranking"])
def test_every_method_trains_every_encoder_on_kinds_with_other_heads(kind, config, method):
    model = TASK_KINDS[kind].build_model(config, ("bad", "fair", "good"))
    batch = batch_of(config, "classification", "right")
    if kind == "dense_retrieval":
        del batch["labels"]
        batch = {name: torch.stack([tensor, tensor.roll(1, 0)], dim=1) for name, tensor in batch.items()}
    elif kind == "masked_language_modelling":
        batch |= LABELS[kind]
    total = 0.0
    for part in loss(noise(method))(model, batch, TASK_KINDS[kind].log_probabilities):
        part.backward()
        total += part.item()
    gradient = model.get_input_embeddings().weight.grad
    assert math.isfinite(total)
    assert gradient.isfinite().all()
    assert gradient.any()
