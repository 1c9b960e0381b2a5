"""Joint stages: whose batch is next, and one encoder within models of any kind and architecture."""

from collections import Counter
from dataclasses import replace
from itertools import islice, permutations

import pytest
import torch

from tests.trainables.conftest import HEADS
from tests.trainables.training.noise.steps import noise
from trainables.curriculum import Stage
from trainables.encoders._encoder import hash_weights
from trainables.training import _stage as stage_module
from trainables.training import extract_encoder_weights, extract_head_weights, train_stage
from trainables.training._stage import build_models

JOINT = Stage(task="one+two", learning_rate=1e-2, steps=6, batch_size=4)
KEY = "0123456789abcdef" * 2
MASKED = "masked_language_modelling"


@pytest.fixture
def turns(task, monkeypatch):
    """Whose batches a stage of two tasks takes, of 24 rows and of 96."""
    monkeypatch.setattr(
        stage_module,
        "run_training_loop",
        lambda model, batches, losses, schedule, on_step: [t for t, _ in islice(batches, schedule.steps)],
    )
    small, large = task("classification"), task("tagging")
    large = replace(large, data=replace(large.data, train=list(large.data.train) * 4))

    def taken(key: str = KEY, **changes) -> list[int]:
        return train_stage(replace(JOINT, **changes), key, small.encoder.weights, [small, large]).losses

    return taken


def test_a_joint_stage_gives_each_task_as_many_steps(turns):
    assert turns() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(("mixing", "share"), [(1.0, 0.8), (0.5, 2 / 3), (1e-9, 0.5)])
def test_batches_are_drawn_as_often_as_the_rows_to_the_power_of_the_mixing(mixing, share, turns):
    drawn = Counter(turns(mixing=mixing, steps=1500))
    assert drawn[1] / 1500 == pytest.approx(share, abs=0.04)


def test_draws_come_from_the_stages_own_random_numbers(turns):
    assert turns(mixing=0.5, steps=40) == turns(mixing=0.5, steps=40) != turns("f" * 32, mixing=0.5, steps=40)


def test_mixing_changes_the_turns_and_not_the_batches(task, monkeypatch):
    tasks = [task("classification"), task("tagging")]
    seen = {}
    for mixing in (0.0, 0.5):
        monkeypatch.setattr(
            stage_module,
            "run_training_loop",
            lambda model, batches, losses, schedule, on_step, mixing=mixing: (
                seen.setdefault(mixing, list(islice(batches, 12))) and []
            ),
        )
        train_stage(replace(JOINT, mixing=mixing), KEY, tasks[0].encoder.weights, tasks)
    for turn in (0, 1):
        one, other = ([batch["input_ids"] for t, batch in seen[mixing] if t == turn] for mixing in (0.0, 0.5))
        assert all(torch.equal(first, second) for first, second in zip(one, other, strict=False))


def joint(task, encoder, *kinds: str):
    return [task(kind, encoder, max_length=48) for kind in kinds]


@pytest.mark.parametrize("kinds", list(permutations(HEADS, 2)), ids="+".join)
def test_any_two_kinds_train_one_encoder(kinds, task, architecture):
    tasks = joint(task, architecture, *kinds)
    trained = train_stage(replace(JOINT, steps=2), KEY, architecture.weights, tasks)
    assert torch.tensor(trained.losses).isfinite().all()
    one, other = (extract_encoder_weights(model, architecture.weights) for model in trained.models)
    assert hash_weights(one) == hash_weights(other) != hash_weights(architecture.weights)
    assert one.keys() == architecture.weights.keys()


@pytest.mark.parametrize(
    "kinds", [("tagging", "multiple_choice"), ("dense_retrieval", "classification"), (MASKED, "tagging")]
)
def test_models_share_every_part_of_the_encoder_that_both_have(kinds, task, architecture, undisturbed):
    one, other = build_models(architecture.weights, joint(task, architecture, *kinds))
    parts = dict(one.base_model.named_children())
    assert parts
    for name, part in other.base_model.named_children():
        assert part is parts[name]


@pytest.mark.parametrize("kinds", [("tagging", "multiple_choice"), ("multiple_choice", "tagging")])
def test_a_pooler_is_trained_whichever_task_comes_first(kinds, task, tiny):
    encoder = tiny("mbert")
    trained = train_stage(JOINT, KEY, encoder.weights, joint(task, encoder, *kinds))
    after = extract_encoder_weights(trained.models[0], encoder.weights)
    assert not torch.equal(after["pooler.dense.weight"], encoder.weights["pooler.dense.weight"])


@pytest.mark.parametrize("kinds", [(MASKED, "classification"), ("classification", MASKED), (MASKED,)], ids="+".join)
def test_what_guesses_tokens_is_tied_to_the_shared_embeddings(kinds, task, architecture, undisturbed):
    models = build_models(architecture.weights, joint(task, architecture, *kinds))
    guessing = models[kinds.index(MASKED)]
    shared = models[0].get_input_embeddings().weight
    assert guessing.get_input_embeddings().weight is shared
    assert guessing.get_output_embeddings().weight is shared
    assert torch.equal(shared, architecture.embeddings)


@pytest.mark.parametrize("kinds", [(MASKED, "classification"), ("tagging", MASKED)], ids="+".join)
def test_masked_language_modelling_is_mixed_into_another_task(kinds, task, architecture):
    trained = train_stage(replace(JOINT, mixing=0.5), KEY, architecture.weights, joint(task, architecture, *kinds))
    assert torch.tensor(trained.losses).isfinite().all()
    after = extract_encoder_weights(trained.models[0], architecture.weights)
    assert after.keys() == architecture.weights.keys()
    name = next(name for name in after if name.endswith("embeddings.weight") and "lang" not in name)
    assert not torch.equal(after[name], architecture.weights[name])
    guessing = trained.models[kinds.index(MASKED)]
    assert guessing.get_output_embeddings().weight is trained.models[0].get_input_embeddings().weight


def test_what_masked_language_modelling_trained_goes_on_into_the_next_stage(task, architecture):
    (masked,) = joint(task, architecture, MASKED)
    parent = extract_encoder_weights(
        train_stage(replace(JOINT, task="one"), KEY, architecture.weights, [masked]).models[0], architecture.weights
    )
    (following,) = joint(task, architecture, "classification")
    (model,) = build_models(parent, [following])
    held = model.base_model.state_dict()
    assert all(torch.equal(held[name], tensor) for name, tensor in parent.items() if name in held)
    assert hash_weights(parent) != hash_weights(architecture.weights)


def test_a_joint_stage_averages_one_encoder(task):
    tasks = [task("classification"), task("tagging")]
    parent = tasks[0].encoder.weights
    trained = train_stage(replace(JOINT, average=0.5), KEY, parent, tasks)
    first, second = (hash_weights(extract_encoder_weights(model, parent)) for model in trained.models)
    assert first == second


def test_a_joint_stage_trains_a_head_for_each_task(task):
    tasks = [task("classification"), task("tagging")]
    parent = tasks[0].encoder.weights
    heads = [extract_head_weights(model, parent) for model in train_stage(JOINT, KEY, parent, tasks).models]
    fresh = [
        extract_head_weights(model, parent) for model in train_stage(replace(JOINT, steps=0), KEY, parent, tasks).models
    ]
    for trained, start in zip(heads, fresh, strict=True):
        assert trained.keys() == start.keys()
        assert hash_weights(trained) != hash_weights(start)


def bits(trained) -> list[str]:
    return [hash_weights(model.state_dict()) for model in trained.models]


@pytest.mark.parametrize("second", ["tagging", MASKED])
def test_a_joint_stage_is_noisy_in_all_its_tasks(second, task):
    parts = [task("classification"), task(second)]
    noisy = replace(JOINT, noise=noise("adversarial"))
    first, again = (train_stage(noisy, KEY, parts[0].encoder.weights, parts) for _ in range(2))
    assert bits(first) == bits(again)
    assert bits(first) != bits(train_stage(JOINT, KEY, parts[0].encoder.weights, parts))
