import json
from dataclasses import FrozenInstanceError, replace

import pytest

from trainables.curriculum import Noise, Stage, Trial, collect_non_defaults

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
    pairs=3,
    pairs_seed=2,
    synonyms="neighbours.json",
    retention=200,
)


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


def test_a_noise_says_what_is_not_usual_about_it():
    assert str(Noise(method="adversarial", magnitude=0.1, steps=1, norm="linf")) == "adversarial (linf, 1 step) 0.1"
    assert str(Noise(method="r_drop", weight=2, dropout=0.1)) == "r_drop (dropout 0.1) weight 2"
    assert str(Noise(method="r3f", magnitude=0.1, weight=1, schedule="rising")) == "r3f (rising) 0.1 weight 1"


def test_a_trial_says_the_noise_of_its_targets():
    noisy = replace(TRIAL.targets[0], noise=NOISY.noise)
    assert (
        str(replace(TRIAL, curriculum=(), targets=(noisy,)))
        == "no intermediate stage; targets under random_perturbation 0.25"
    )


def test_what_is_off_its_default_is_told_within_a_noise_too():
    assert collect_non_defaults(NOISY)["noise"] == {"method": "random_perturbation", "magnitude": 0.25}
    assert collect_non_defaults(Noise()) == {}


def test_a_trial_from_before_pairs_synonyms_and_retention_can_still_be_read():
    newer = ("pairs", "pairs_seed", "synonyms", "retention")
    old = Trial.from_json({key: value for key, value in TRIAL.to_json().items() if key not in newer})
    assert old == replace(TRIAL, pairs=0, pairs_seed=0)
    assert (old.synonyms, old.retention) == ("", 0)


def test_what_is_measured_besides_makes_no_other_trial():
    other = replace(TRIAL, retention=7)
    assert other == TRIAL and hash(other) == hash(TRIAL)
    assert Trial.from_json(other.to_json()).retention == 7


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
