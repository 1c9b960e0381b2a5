from itertools import islice
from random import Random

import pytest
import torch

from trainables.encoders import IGNORED_LABEL, pad_features
from trainables.tasks._masked_language_modelling import MaskedLanguageModelling
from trainables.training._stage import build_models

KIND = MaskedLanguageModelling()


@pytest.fixture(scope="module")
def batch(encoder) -> dict[str, torch.Tensor]:
    """400 texts of 6 to 45 tokens between the special ones, and padding."""
    first = max(encoder.tokenizer.special_ids[:-1]) + 1
    texts = [[0, *range(first, first + 6 + row % 40), 2] for row in range(400)]
    return pad_features([{"input_ids": ids} for ids in texts], encoder.tokenizer.pad_id)


def hidden(batch, encoder, seed: int = 0) -> dict[str, torch.Tensor]:
    return KIND.prepare_batch(batch, encoder.tokenizer, Random(seed))


def test_about_fifteen_in_a_hundred_tokens_are_guessed(batch, encoder):
    made = hidden(batch, encoder)
    guessed = made["labels"] != IGNORED_LABEL
    plain = ~torch.isin(batch["input_ids"], torch.tensor(encoder.tokenizer.special_ids))
    assert (guessed.sum() / plain.sum()).item() == pytest.approx(0.15, abs=0.015)
    assert torch.equal(made["labels"][guessed], batch["input_ids"][guessed])


def test_of_the_guessed_eight_in_ten_are_masked_one_is_replaced_and_one_stays(batch, encoder):
    made = hidden(batch, encoder)
    guessed = made["labels"] != IGNORED_LABEL
    masked = made["input_ids"][guessed] == encoder.tokenizer.mask_id
    kept = made["input_ids"][guessed] == batch["input_ids"][guessed]
    assert masked.float().mean().item() == pytest.approx(0.8, abs=0.04)
    assert kept.float().mean().item() == pytest.approx(0.1, abs=0.03)
    others = made["input_ids"][guessed][~masked & ~kept]
    assert len(others.unique()) > len(others) / 2
    assert others.max() < encoder.tokenizer.vocabulary_size


def test_special_tokens_and_padding_are_never_guessed_or_changed(batch, encoder):
    special = torch.isin(batch["input_ids"], torch.tensor(encoder.tokenizer.special_ids))
    for seed in range(5):
        made = hidden(batch, encoder, seed)
        assert (made["labels"][special] == IGNORED_LABEL).all()
        assert torch.equal(made["input_ids"][special], batch["input_ids"][special])


def test_tokens_that_are_not_guessed_stay_as_they_are(batch, encoder):
    made = hidden(batch, encoder)
    rest = made["labels"] == IGNORED_LABEL
    assert torch.equal(made["input_ids"][rest], batch["input_ids"][rest])
    assert torch.equal(made["attention_mask"], batch["attention_mask"])


def test_what_is_hidden_is_decided_by_the_random_numbers(batch, encoder):
    first, second, other = (hidden(batch, encoder, seed)["labels"] for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_hiding_draws_nothing_from_torchs_own_numbers(batch, encoder):
    before = torch.get_rng_state()
    hidden(batch, encoder)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_batch_itself_stays_as_it_was(batch, encoder):
    before = batch["input_ids"].clone()
    hidden(batch, encoder)
    assert torch.equal(batch["input_ids"], before)
    assert "labels" not in batch


def test_one_token_at_least_is_guessed_of_however_few(encoder, task, undisturbed):
    """A loss over none is not a number, and would end the stage."""
    prepared = task("masked_language_modelling")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    short = pad_features([{"input_ids": [0, 30, 2]}], encoder.tokenizer.pad_id)
    for seed in range(30):
        made = hidden(short, encoder, seed)
        assert made["labels"].tolist() == [[IGNORED_LABEL, 30, IGNORED_LABEL]]
        assert model(**made).loss.isfinite()


def test_other_tokens_are_hidden_in_each_epoch(task):
    masks: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for batch in islice(task("masked_language_modelling").iterate_batches(24, Random(0)), 16):
        said = torch.where(batch["labels"] == IGNORED_LABEL, batch["input_ids"], batch["labels"])
        for ids, labels, mask in zip(said, batch["labels"], batch["attention_mask"], strict=True):
            masks.setdefault(tuple(ids[mask > 0].tolist()), []).append(tuple(labels[mask > 0].tolist()))
    assert [len(found) for found in masks.values()] == [16] * 24
    assert all(len(set(found)) > 8 for found in masks.values())


def test_predictions_are_over_the_vocabulary_at_the_guessed_tokens(task, undisturbed):
    prepared = task("masked_language_modelling")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    batch = next(prepared.iterate_batches(8, Random(0)))
    output = model.eval()(**batch)
    (said,) = KIND.log_probabilities(output, batch)
    guessed = batch["labels"] != IGNORED_LABEL
    assert said.shape == (guessed.sum(), prepared.encoder.tokenizer.vocabulary_size)
    assert -said[range(len(said)), batch["labels"][guessed]].mean().item() == pytest.approx(
        output.loss.item(), rel=1e-4
    )


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_text_of_which_nothing_is_read_is_no_example(blank, encoder):
    rows = [{"text": blank}, {"text": "Kenya"}, {"text": blank}]
    encoded = KIND.encode(rows, encoder.tokenizer, 16)
    assert list(encoded.rows) == [1]
    assert len(encoded.features) == 1
