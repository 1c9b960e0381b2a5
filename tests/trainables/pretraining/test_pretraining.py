from pathlib import Path

import pytest
import torch

from trainables.benchmarks.miniature import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world import _rendering as render
from trainables.encoders import pad_features
from trainables.pretraining import PretrainingRecipe
from trainables.pretraining._pretraining import (
    SPECIAL_TOKENS,
    build_corpus,
    build_random_model,
    compute_masked_loss,
    iterate_masked_batches,
    list_pretraining_languages,
    mask_batch,
)

RECIPE = PretrainingRecipe(pairs=400)
SPECIAL = torch.tensor([0, 1, 2])


@pytest.fixture
def rendered(monkeypatch) -> list[tuple]:
    """Records and languages of everything that is rendered during the test."""
    seen = []

    def spied(said):
        def spy(record, *rest):
            seen.append((record, rest[-1]))
            return said(record, *rest)

        return spy

    for name in ("place", "fact", "day"):
        monkeypatch.setattr(render, name, spied(getattr(render, name)))
    return seen


def test_the_corpus_tells_of_train_records_only(rendered):
    pairs = build_corpus(RECIPE)
    records = {record for record, _ in rendered}
    assert len(pairs) == len(records) == RECIPE.pairs
    assert {record.split for record in records} == {"train"}


def test_the_corpus_is_in_pre_training_languages_only(rendered):
    build_corpus(RECIPE)
    languages = {language for _, language in rendered}
    assert languages <= set(list_pretraining_languages())
    assert len(languages) > 40


def test_what_xlm_r_has_not_seen_stays_unseen():
    assert set(MINIATURE_LANGUAGES) - set(list_pretraining_languages()) == {"qu", "wo", "yo"}


def test_the_corpus_is_decided_by_the_seed():
    assert build_corpus(RECIPE) == build_corpus(RECIPE)
    assert build_corpus(RECIPE) != build_corpus(PretrainingRecipe(pairs=400, seed=1))


def test_no_text_of_the_corpus_is_empty():
    assert all(first.strip() and second.strip() for first, second in build_corpus(RECIPE))


def test_ids_of_special_tokens_are_those_of_xlm_r(encoder):
    tokenizer = encoder.pretrained_tokenizer
    ids = tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS))
    assert ids == [0, 1, 2, 3, len(tokenizer) - 1]
    assert tokenizer("Kenya")["input_ids"][:: len(tokenizer("Kenya")["input_ids"]) - 1] == [0, 2]


def test_a_pair_of_texts_is_one_sequence(encoder):
    ids = encoder.pretrained_tokenizer("Kenya", "Suomi")["input_ids"]
    assert ids.count(2) == 3
    assert encoder.pretrained_tokenizer.unk_token_id not in ids


def test_the_tokenizer_cuts_at_the_positions_that_the_model_has(encoder):
    assert encoder.pretrained_tokenizer.model_max_length == encoder.config.max_position_embeddings - 2


def test_building_saves_what_any_checkpoint_has(encoder_folder):
    files = {path.name for path in Path(encoder_folder).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= files


def test_the_same_recipe_gives_the_same_weights(undisturbed):
    recipe = PretrainingRecipe(width=8, layers=1, heads=1, inner=8)
    first, second = (build_random_model(50, recipe).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def batch_of(rows: int = 200, width: int = 20) -> dict[str, torch.Tensor]:
    ids = [[0, *range(10, 10 + width - row % 5), 2] for row in range(rows)]
    return pad_features([{"input_ids": row, "attention_mask": [1] * len(row)} for row in ids], 1)


def masked(share: float, seed: int = 0) -> tuple[dict, dict]:
    batch = batch_of()
    return batch, mask_batch(batch, 99, SPECIAL, share, torch.Generator().manual_seed(seed))


def test_a_share_of_the_pieces_is_to_be_predicted():
    batch, made = masked(0.35)
    plain = ~torch.isin(batch["input_ids"], SPECIAL)
    chosen = made["labels"] != -100
    assert (chosen.sum() / plain.sum()).item() == pytest.approx(0.35, abs=0.03)
    assert torch.equal(made["labels"][chosen], batch["input_ids"][chosen])


def test_special_tokens_and_padding_are_never_predicted_or_changed():
    batch, made = masked(1.0)
    special = torch.isin(batch["input_ids"], SPECIAL)
    assert (made["labels"][special] == -100).all()
    assert torch.equal(made["input_ids"][special], batch["input_ids"][special])


def test_pieces_that_are_not_predicted_stay_as_they_are():
    batch, made = masked(0.35)
    rest = made["labels"] == -100
    assert torch.equal(made["input_ids"][rest], batch["input_ids"][rest])


def test_predicted_pieces_are_masked_or_replaced_by_others_of_the_batch():
    batch, made = masked(1.0)
    chosen = made["labels"] != -100
    said = made["input_ids"][chosen]
    assert (said == 99).any()
    assert (said != 99).any()
    assert set(said.tolist()) <= set(batch["input_ids"][chosen].tolist()) | {99}


def test_masks_come_from_the_generator():
    assert torch.equal(masked(0.35)[1]["input_ids"], masked(0.35)[1]["input_ids"])
    assert not torch.equal(masked(0.35)[1]["input_ids"], masked(0.35, seed=1)[1]["input_ids"])


def test_masked_pieces_have_a_loss_with_gradients(encoder, undisturbed):
    recipe = PretrainingRecipe(vocabulary_size=1200, width=16, layers=1, heads=2, inner=32, pairs=20, batch_size=4)
    model = build_random_model(len(encoder.pretrained_tokenizer), recipe)
    loss = compute_masked_loss(
        model, next(iterate_masked_batches(build_corpus(recipe), encoder.pretrained_tokenizer, recipe))
    )
    loss.backward()
    assert loss.isfinite()
    assert model.get_input_embeddings().weight.grad.abs().sum() > 0
