"""``shots`` in a config."""

from random import Random

import pytest
import yaml

from search.config import dump_config, validate_config
from search.errors import ConfigError
from search.sampler import SampledTrial
from search.space import iterate_stage_paths
from search.space._space import CurriculumSpace
from trainables.curriculum import Trial

BASE = {
    "name": "few",
    "encoder": "miniature",
    "benchmark": "miniature",
    "targets": ["choice", "retrieval"],
    "languages": ["en", "de", "sw", "hi"],
    "curriculum": {"max_length": 0},
    "training": {"intermediate": {"steps": 5}, "target": {"steps": 200}},
    "space": {"learning_rate": 0.001, "target": {"learning_rate": 0.001}},
    "trials": 1,
}


def valid(**changes):
    return validate_config(BASE | changes, "config")


def problem(**changes) -> str:
    with pytest.raises(ConfigError) as error:
        valid(**changes)
    return str(error.value)


def trial(config) -> Trial:
    space = CurriculumSpace(config)
    return space.suggest(SampledTrial(Random(0), space.make_baseline_parameters()))


def test_named_languages_have_one_setting_and_stand_apart():
    few_shot = valid(shots={"swh_Latn": 100}).few_shot_transfer
    assert (few_shot.settings, few_shot.apart) == (((("sw", 100),),), True)


def test_numbers_are_a_setting_each_of_every_language_but_the_source():
    config = valid(shots=[100, 10])
    assert config.shots == (0, 10, 100)
    assert config.few_shot_transfer.settings == (
        (("de", 10), ("hi", 10), ("sw", 10)),
        (("de", 100), ("hi", 100), ("sw", 100)),
    )
    assert not config.few_shot_transfer.languages_apart


@pytest.mark.parametrize("shots", [{"sw": 100, "hi": 7}, [0, 10, 100]])
def test_a_config_is_read_as_it_is_written(shots):
    config = valid(shots=shots, few_shot={"epochs": 3, "seed": 5, "learning_rate": 1e-4})
    again = validate_config(yaml.safe_load(dump_config(config)), "config")
    assert again.few_shot_transfer == config.few_shot_transfer
    read = Trial.from_json(trial(config).to_json())
    assert read.few_shot == config.few_shot_transfer


def test_a_config_without_shots_is_written_as_before():
    written = yaml.safe_load(dump_config(valid()))
    assert not {"shots", "few_shot"} & written.keys()
    document = trial(valid()).to_json()
    assert "few_shot" not in document
    assert "shots" not in document["targets"][0]


@pytest.mark.parametrize(
    ("shots", "said"),
    [
        ({"sw": -1}, "greater than 0"),
        ({"sw": 0}, "greater than 0"),
        ([-1], "greater than or equal to 0"),
        ([0], "0 alone is zero-shot transfer"),
        ([10, 10], "a number of rows is listed twice"),
        ({"en": 10}, "en is a source language"),
        ({"xx": 10}, "unknown language 'xx'"),
        ({"fi": 10}, "fi is not among the languages that are scored"),
        ({"sw": 501}, "sw: no target has 501 rows to give; choice can give 500 of its 500 rows of train"),
        ([0, 501], "no target has 501 rows of a language to give; the most is 500"),
        ({"de": 1, "sw": 1, "hi": 1}, "and without shots"),
    ],
)
def test_mistakes_are_told(shots, said):
    assert said in problem(shots=shots)


def test_a_target_that_is_not_trained_gives_nothing():
    assert "retrieval has none" in problem(shots={"sw": 600})
    assert "no target has 10 rows" in problem(targets=["retrieval"], shots=[10])


@pytest.mark.parametrize(("shots", "steps"), [([0, 10, 100], [10, 100]), ({"sw": 32, "de": 1}, [20])])
def test_a_plan_has_a_stage_for_each_trained_target_and_setting(shots, steps):
    paths = list(iterate_stage_paths(trial(valid(shots=shots))))
    assert [path[-1].steps for path in paths if path[-1].shots] == steps
    assert {path[-1].task for path in paths if path[-1].shots} == {"choice"}


def test_steps_of_a_continuation_are_at_most_the_targets():
    (path,) = [
        path
        for path in iterate_stage_paths(trial(valid(shots={"sw": 500}, few_shot={"epochs": 100})))
        if path[-1].shots
    ]
    assert path[-1].steps == 200
