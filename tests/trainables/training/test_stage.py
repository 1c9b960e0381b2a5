from copy import deepcopy
from dataclasses import replace
from random import Random

import pytest
import torch

from tests.trainables.conftest import TRAINED
from tests.trainables.training.noise.steps import noise
from trainables.curriculum import Noise, Stage
from trainables.encoders._encoder import hash_weights
from trainables.noise_methods import NOISE_METHODS
from trainables.store import STAGE_VERSION, build_stage_identity, compute_stage_key
from trainables.synonyms import Synonyms
from trainables.tasks import TASK_KINDS
from trainables.training import (
    OptimizerSettings,
    extract_encoder_weights,
    extract_head_weights,
    restore_model,
    train_stage,
)
from trainables.training import _stage as stage_module
from trainables.training._optimizer import DivergedError
from trainables.training._stage import build_models
from trainables.training.noise._augmentation import SynonymAugmentation

STAGE = Stage(task="one", learning_rate=1e-2, steps=3, batch_size=4)
KEY, OTHER_KEY = "0123456789abcdef" * 2, "f" * 32


def bits(trained) -> list[str]:
    return [hash_weights(model.state_dict()) for model in trained.models]


@pytest.mark.parametrize("kind", TRAINED)
def test_training_moves_the_encoder_and_the_loss_is_a_number_at_each_step(kind, task):
    prepared = task(kind)
    parent = prepared.encoder.weights
    trained = train_stage(STAGE, KEY, parent, [prepared])
    assert len(trained.losses) == 3
    assert hash_weights(extract_encoder_weights(trained.models[0], parent)) != hash_weights(prepared.encoder.weights)


def test_training_leaves_the_parent_as_it_was(task):
    prepared = task("classification")
    parent = {name: tensor.clone() for name, tensor in prepared.encoder.weights.items()}
    before = hash_weights(parent)
    train_stage(STAGE, KEY, parent, [prepared])
    assert hash_weights(parent) == before


def test_a_stage_gives_the_same_bits_whatever_ran_before(task, undisturbed):
    prepared = task("classification")
    first = train_stage(STAGE, KEY, prepared.encoder.weights, [prepared])
    torch.manual_seed(12345)
    train_stage(STAGE, OTHER_KEY, prepared.encoder.weights, [task("tagging")])
    torch.rand(7)
    second = train_stage(STAGE, KEY, prepared.encoder.weights, [prepared])
    assert bits(second) == bits(first)
    assert second.losses == first.losses


def test_a_noisy_stage_gives_the_same_bits_twice(task):
    prepared = task("classification")
    noisy = replace(STAGE, noise=Noise(method="random_perturbation", magnitude=0.5))
    first, second = (train_stage(noisy, KEY, prepared.encoder.weights, [prepared]) for _ in range(2))
    assert bits(first) == bits(second)
    assert bits(first) != bits(train_stage(STAGE, KEY, prepared.encoder.weights, [prepared]))


def test_noise_without_a_magnitude_gives_the_bits_of_no_noise(task):
    prepared = task("classification")
    noisy = replace(STAGE, noise=Noise(method="random_perturbation", magnitude=0.0))
    parent = prepared.encoder.weights
    assert bits(train_stage(noisy, KEY, parent, [prepared])) == bits(train_stage(STAGE, KEY, parent, [prepared]))


def test_another_key_gives_other_bits(task):
    prepared = task("classification")
    parent = prepared.encoder.weights
    assert bits(train_stage(STAGE, KEY, parent, [prepared])) != bits(train_stage(STAGE, OTHER_KEY, parent, [prepared]))


def test_training_leaves_the_random_numbers_of_the_process_alone(task):
    prepared = task("classification")
    before = torch.get_rng_state()
    train_stage(STAGE, KEY, prepared.encoder.weights, [prepared])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_a_stage_without_steps_keeps_the_parents_encoder(kind, task):
    prepared = task(kind)
    trained = train_stage(replace(STAGE, steps=0), KEY, prepared.encoder.weights, [prepared])
    assert trained.losses == []
    assert hash_weights(extract_encoder_weights(trained.models[0], prepared.encoder.weights)) == hash_weights(
        prepared.encoder.weights
    )


def test_a_learning_rate_beyond_reason_diverges(task):
    prepared = task("classification")
    with pytest.raises(DivergedError):
        train_stage(replace(STAGE, learning_rate=1e20, steps=8), KEY, prepared.encoder.weights, [prepared])


def test_warm_up_and_weight_decay_are_the_stages(task, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage_module, "run_training_loop", lambda model, batches, losses, schedule, on_step: seen.append(schedule) or []
    )
    prepared = task("classification")
    for stage in (STAGE, replace(STAGE, warmup=0.5, weight_decay=0.2, average=0.25)):
        train_stage(stage, KEY, prepared.encoder.weights, [prepared])
    assert seen == [
        OptimizerSettings(steps=3, learning_rate=1e-2, warmup=0.1, weight_decay=0.01, average=0.0),
        OptimizerSettings(steps=3, learning_rate=1e-2, warmup=0.5, weight_decay=0.2, average=0.25),
    ]


def test_fields_that_came_later_leave_the_identity_of_older_stages_as_it_was():
    told = replace(STAGE, warmup=0.1, weight_decay=0.01, mixing=0.0, layer=None, pooling="mean")
    described = build_stage_identity(told, "root", "data")
    assert described == {
        "version": STAGE_VERSION,
        "parent": "root",
        "data": "data",
        "task": "one",
        "learning_rate": 1e-2,
        "steps": 3,
        "batch_size": 4,
    }
    assert compute_stage_key(described) == "a0686fe6547daf2c4cad79595dd0db68"


def test_averaged_weights_are_not_the_last_ones(task):
    prepared = task("classification")
    parent = prepared.encoder.weights
    averaged = train_stage(replace(STAGE, average=1.0), KEY, parent, [prepared])
    plain = train_stage(STAGE, KEY, parent, [prepared])
    assert averaged.losses == plain.losses
    assert bits(averaged) != bits(plain)


def test_the_encoder_keeps_what_a_head_model_lacks(task, pooling_encoder):
    prepared = task("question_answering", pooling_encoder)
    trained = train_stage(STAGE, KEY, pooling_encoder.weights, [prepared])
    after = extract_encoder_weights(trained.models[0], pooling_encoder.weights)
    assert after.keys() == pooling_encoder.weights.keys()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, pooling_encoder.weights[name])}
    assert changed
    assert not any("pooler" in name for name in changed)


def test_a_model_starts_from_all_of_the_parent_that_it_holds(task, pooling_encoder, undisturbed):
    prepared = task("multiple_choice", pooling_encoder)
    (model,) = build_models(pooling_encoder.weights, [prepared])
    held = model.base_model.state_dict()
    assert held.keys() >= pooling_encoder.weights.keys()
    assert all(torch.equal(held[name], tensor) for name, tensor in pooling_encoder.weights.items())


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_encoder_and_head_together_restore_the_model(kind, task):
    prepared = task(kind)
    parent = prepared.encoder.weights
    (model,) = train_stage(STAGE if kind in TRAINED else replace(STAGE, steps=0), KEY, parent, [prepared]).models
    restored = restore_model(extract_encoder_weights(model, parent), extract_head_weights(model, parent), prepared)
    assert hash_weights(restored.state_dict()) == hash_weights(model.state_dict())


def test_restoring_leaves_the_random_numbers_of_the_process_alone(task):
    prepared = task("classification")
    before = torch.get_rng_state()
    restore_model(prepared.encoder.weights, {}, prepared)
    assert torch.equal(torch.get_rng_state(), before)


def test_encoder_and_head_share_no_weight(task):
    prepared = task("classification")
    (model,) = train_stage(replace(STAGE, steps=0), KEY, prepared.encoder.weights, [prepared]).models
    head = extract_head_weights(model, prepared.encoder.weights)
    assert head
    assert all("classifier" in name for name in head)


def test_a_stage_does_not_change_the_encoders_own_configuration(task):
    prepared = task("classification")
    before = prepared.encoder.config.to_json_string()
    train_stage(replace(STAGE, steps=0), KEY, prepared.encoder.weights, [prepared])
    assert prepared.encoder.config.to_json_string() == before


def trained_with(prepared, noise: Noise, **changes):
    synonyms = Synonyms.from_table({place.lower(): ["Oz", "Erewhon"] for place in ("Kenya", "Suomi", "Deutschland")})
    return train_stage(replace(STAGE, noise=noise, **changes), KEY, prepared.encoder.weights, [prepared], synonyms)


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("method", [name for name in NOISE_METHODS if name != "none"])
def test_every_method_trains_every_kind_to_the_same_bits_twice_and_others_than_plain(method, kind, task):
    prepared = task(kind)
    first, second = (trained_with(prepared, noise(method)) for _ in range(2))
    assert bits(first) == bits(second)
    assert bits(first) != bits(trained_with(prepared, Noise()))
    assert first.native
    assert all(value > 0 for value in first.native.values())


def test_plain_training_has_no_native_parameters(task):
    assert trained_with(task("classification"), Noise()).native == {}


def test_dropout_reaches_the_encoder_and_the_head(task):
    prepared = task("classification")
    (plain,) = build_models(prepared.encoder.weights, [prepared])
    (dropping,) = build_models(prepared.encoder.weights, [prepared], dropout=0.25)
    rates = [
        {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)} for model in (plain, dropping)
    ]
    assert rates == [{0.0}, {0.25}]


def test_a_rising_magnitude_is_another_stage_than_a_constant_one(task):
    prepared = task("classification")
    rising = replace(noise("random_perturbation"), schedule="rising")
    assert bits(trained_with(prepared, rising)) != bits(trained_with(prepared, noise("random_perturbation")))


def test_rising_augmentation_replaces_more_words_later(task, monkeypatch):
    seen = []
    rewrite = SynonymAugmentation.rewrite
    monkeypatch.setattr(
        SynonymAugmentation,
        "rewrite",
        lambda own, text, schedule, rng: seen.append(schedule) or rewrite(own, text, schedule, rng),
    )
    trained_with(task("classification"), replace(noise("augmentation"), schedule="rising"))
    assert sorted(set(seen)) == pytest.approx([1 / 3, 1.0, 5 / 3])
    assert seen == sorted(seen)


def test_a_copy_of_a_model_uses_its_own_head(task, undisturbed):
    prepared = task("classification")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    batch = next(prepared.iterate_batches(4, Random(0)))
    copied = deepcopy(model)
    with torch.no_grad():
        copied.classifier.out_proj.bias += 5.0
        assert not torch.equal(copied(**batch).logits, model(**batch).logits)
