import json
from dataclasses import FrozenInstanceError, replace

import pytest

from trainables.curriculum import NOISE_METHODS, Noise, Stage, Trial
from trainables.noise import METHODS

NOISY = Stage(
    task="facts+dates",
    learning_rate=2e-4,
    steps=7,
    batch_size=3,
    max_length=64,
    noise=Noise(method="random_perturbation", magnitude=0.25),
    seed=5,
    average=0.5,
)
TRIAL = Trial(
    encoder="miniature",
    benchmark="miniature",
    curriculum=(NOISY,),
    targets=(Stage(task="choice", learning_rate=1e-3, steps=2),),
    languages=("en", "de"),
)


def test_the_noise_methods_of_the_plain_data_are_those_that_can_be_trained():
    assert set(NOISE_METHODS) == set(METHODS)


def test_a_joint_stage_names_its_tasks_in_order():
    assert NOISY.tasks == ("facts", "dates")
    assert replace(NOISY, task="facts").tasks == ("facts",)


def test_a_trial_comes_back_from_json_as_it_was():
    assert Trial.from_json(json.loads(json.dumps(TRIAL.to_json()))) == TRIAL


def test_a_new_seed_reaches_every_stage_and_nothing_else():
    seeded = TRIAL.with_seed(9)
    assert {stage.seed for stage in seeded.curriculum + seeded.targets} == {9}
    assert seeded.curriculum == (replace(NOISY, seed=9),)
    assert seeded.languages == TRIAL.languages


def test_a_stage_says_its_task_its_rate_and_its_noise():
    assert str(NOISY) == "facts+dates (0.0002, random_perturbation 0.25)"
    assert str(TRIAL.targets[0]) == "choice (0.001)"


def test_a_trial_says_its_stages_in_order():
    assert str(replace(TRIAL, curriculum=(*TRIAL.targets, NOISY))) == f"choice (0.001) > {NOISY}"


def test_the_baseline_says_that_it_has_no_stage():
    assert str(replace(TRIAL, curriculum=())) == "no intermediate stage"


def test_a_stage_does_not_change():
    with pytest.raises(FrozenInstanceError):
        NOISY.steps = 8


def test_an_unknown_field_is_refused():
    document = TRIAL.to_json()
    document["targets"] = [{**document["targets"][0], "stepz": 3}]
    with pytest.raises(TypeError, match="stepz"):
        Trial.from_json(document)
