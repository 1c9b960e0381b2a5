"""A config that was read, written and read again gives every stage of every trial the same fields."""

from pathlib import Path
from random import Random

import pytest

from search.config import Config, dump_config, load_config, validate_config
from search.config._yaml import parse_yaml_document
from search.sampler import SampledTrial
from search.space import CurriculumSpace

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
TRIALS = 40


def again(config: Config) -> Config:
    return validate_config(parse_yaml_document(dump_config(config), "written"), "written")


def trials(config: Config) -> list[dict]:
    space, rng = CurriculumSpace(config), Random(0)
    return [space.suggest(SampledTrial(rng, {})).to_json() for _ in range(TRIALS)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_shipped_config_means_the_same_once_written(path):
    config = load_config(path)
    assert trials(again(config)) == trials(config)
    assert dump_config(again(config)) == dump_config(config)


def test_what_a_task_inherits_is_inherited_still_once_written():
    """The target's own fields were lost to defaults that counted as said."""
    path = Path(__file__).parents[1] / "configs" / "miniature.yaml"
    own = ["training.target={steps: 20, weight_decay: 0.0, max_length: 64, average: 0.3}"]
    config = load_config(path, [*own, "training.tasks={inference: {steps: 20}}"])
    length = again(config).get_stage_settings("inference")
    assert (length.steps, length.weight_decay, length.max_length, length.average) == (20, 0.0, 64, 0.3)


def test_steps_that_are_null_say_nothing():
    path = Path(__file__).parents[1] / "configs" / "miniature.yaml"
    config = load_config(path, ["training.tasks={inference: {steps: null, epochs: null, batch_size: 8}}"])
    assert config.get_stage_settings("inference") == config.training.target.model_copy(update={"batch_size": 8})
    assert trials(again(config)) == trials(config)


def drawn_length(rng: Random, *, whole: bool) -> dict:
    """A length at random; one that is not whole leaves out whatever it likes."""
    fields = {
        "batch_size": rng.choice([8, 16]),
        "max_length": rng.choice([32, 64, 128]),
        "warmup": rng.choice([0.0, 0.1, 0.5]),
        "weight_decay": rng.choice([0.0, 0.01]),
        "average": rng.choice([0.0, 0.3]),
        "layer": rng.choice([None, 1, 2]),
        "pooling": rng.choice(["mean", "first"]),
    }
    said = {name: value for name, value in fields.items() if rng.random() < 0.4}
    lasts = rng.choice([{"steps": rng.randint(1, 50)}, {"epochs": rng.choice([0.5, 1.0, 2.0])}])
    return said | (lasts if whole or rng.random() < 0.5 else {})


def drawn_method(rng: Random) -> str | dict:
    return rng.choice(
        [
            "r_drop",
            "neftune",
            {"method": "adversarial", "norm": "linf", "steps": 2, "magnitude": 0.1},
            {
                "method": "random_perturbation",
                "schedule": "rising",
                "magnitude": {"low": 0.1, "high": 0.2, "points": 2},
            },
            {"method": "r3f", "weight": 0.5},
        ]
    )


def drawn_config(rng: Random) -> Config:
    tasks = ["facts", "dates", "facts_sw", "names", "facts@20", "initials"]
    intermediate = rng.sample(tasks, rng.randint(1, 4))
    targets = rng.sample(["inference", "choice", "tagging", "answer", "retrieval"], rng.randint(2, 5))
    if set(targets) == {"retrieval"}:
        targets.append("choice")
    length = rng.randint(0, len(intermediate))
    along = rng.choice(
        ["every_stage", "targets", "none", "per_stage"] if length else ["every_stage", "targets", "none"]
    )
    noise = {"along": along, "methods": ["none", *([drawn_method(rng)] if rng.random() < 0.7 else [])]}
    document = {
        "name": "drawn",
        "encoder": "miniature",
        "benchmark": "miniature",
        "targets": targets,
        "intermediate": {task: rng.choice([{}, {"resource": "low"}]) for task in intermediate},
        "curriculum": {"max_length": length, "mixing": rng.choice(["uniform", "temperature"])},
        "training": {
            "intermediate": drawn_length(rng, whole=True),
            "target": drawn_length(rng, whole=True),
            "tasks": {
                task.partition("@")[0]: drawn_length(rng, whole=False)
                for task in [*targets, *intermediate]
                if rng.random() < 0.5
            },
            "equal": rng.choice(["steps", "compute"]),
        },
        "space": {
            "learning_rate": rng.choice([1e-3, {"low": 1e-4, "high": 1e-3, "points": 3}]),
            "noise": noise,
            "target": {"learning_rate": {"low": 5e-4, "high": 2e-3}},
        },
        "trials": 3,
    }
    if rng.random() < 0.5:
        document["store"] = {"max_size": "2GB"}
    return validate_config(document, "drawn")


@pytest.mark.parametrize("seed", range(60))
def test_a_config_at_random_means_the_same_once_written(seed):
    config = drawn_config(Random(seed))
    assert trials(again(config)) == trials(config)
    assert dump_config(again(config)) == dump_config(config)
