from typing import Any

import pytest
from optuna.trial import FixedTrial

from search.config import validate
from search.space import CurriculumSpace, paths
from trainables.curriculum import Noise, Trial


class Choices:
    """Answers what the space asks by a list of picks, the first option where it ends, and notes how many options there were."""

    def __init__(self, picks: list[int]) -> None:
        self.picks, self.options = picks, []

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.suggest_categorical(name, list(range(low, high + 1)))

    def suggest_categorical(self, name: str, choices: list) -> Any:
        place = len(self.options)
        self.options.append(len(choices))
        self.picks += [0] * (place + 1 - len(self.picks))
        return choices[self.picks[place]]


def every_trial(space: CurriculumSpace) -> set[Trial]:
    """All trials of a space, by answering in every way."""
    found: set[Trial] = set()
    picks: list[int] | None = []
    while picks is not None:
        asked = Choices(picks)
        found.add(space.suggest(asked))
        picks = next_picks(asked)
    return found


def next_picks(asked: Choices) -> list[int] | None:
    for place in reversed(range(len(asked.options))):
        if asked.picks[place] + 1 < asked.options[place]:
            return [*asked.picks[:place], asked.picks[place] + 1]
    return None


SPACES = [
    {},
    {"curriculum.joint": True},
    {"curriculum.max_length": 0},
    {"curriculum.max_length": 3, "curriculum.joint": True},
    {"space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 2}},
    {
        "curriculum.max_length": 1,
        "space.noise": {"methods": ["none", "random_perturbation"], "magnitude": {"low": 0.1, "high": 0.4}},
    },
    {
        "curriculum.max_length": 1,
        "space.target.noise": {"methods": ["random_perturbation"], "magnitude": {"low": 0.1, "high": 0.4}},
    },
    {"curriculum.max_length": 1, "space.target.learning_rate": {"low": 1e-4, "high": 1e-3}},
]


@pytest.mark.parametrize("changes", SPACES, ids=str)
def test_the_size_of_a_space_is_the_number_of_its_trials(config, changes):
    space = CurriculumSpace(config(changes))
    assert len(every_trial(space)) == space.size()


def test_a_space_of_three_tasks_and_two_places_holds_ten_orders(config, curriculum_of):
    found = {curriculum_of(trial) for trial in every_trial(CurriculumSpace(config()))}
    singles = {"facts", "dates", "facts_sw"}
    assert found == {""} | singles | {f"{a} > {b}" for a in singles for b in singles - {a}}


def test_joint_stages_have_no_order(config):
    space = CurriculumSpace(config({"curriculum.joint": True}))
    joint = {stage.task for trial in every_trial(space) for stage in trial.curriculum if len(stage.tasks) > 1}
    assert joint == {"facts+dates", "facts+facts_sw", "dates+facts_sw"}


@pytest.mark.parametrize("changes", SPACES, ids=str)
def test_the_baseline_is_in_the_space_and_plain(config, changes):
    space = CurriculumSpace(config(changes))
    baseline = space.suggest(FixedTrial(space.baseline()))
    assert baseline.curriculum == ()
    assert baseline in every_trial(space)


def test_the_baseline_takes_no_noise_and_the_middle_rate(config):
    changes = {
        "space.target.learning_rate": {"low": 1e-4, "high": 1e-2, "points": 3},
        "space.target.noise.methods": ["random_perturbation", "none"],
    }
    space = CurriculumSpace(config(changes))
    baseline = space.suggest(FixedTrial(space.baseline()))
    assert {(stage.learning_rate, stage.noise) for stage in baseline.targets} == {(0.001, Noise())}


def test_lengths_rates_and_seed_reach_the_stages(config):
    settings = config(
        {"seed": 5, "training.intermediate": {"steps": 7, "batch_size": 3, "max_length": 9, "average": 0.5}}
    )
    trial = CurriculumSpace(settings).suggest(FixedTrial({"length": 1, "task.0": 0}))
    (stage,) = trial.curriculum
    assert (stage.steps, stage.batch_size, stage.max_length, stage.average, stage.seed) == (7, 3, 9, 0.5, 5)
    assert {(target.steps, target.learning_rate, target.seed) for target in trial.targets} == {(50, 0.001, 5)}


def test_a_target_without_training_data_is_only_scored(config):
    space = CurriculumSpace(config({"targets": ["choice", "retrieval"], "languages": ["en", "de"]}))
    trained, scored = space.suggest(FixedTrial({"length": 0})).targets
    assert (trained.steps, scored.steps, scored.learning_rate) == (50, 0, 0.0)


def test_trials_that_differ_only_in_a_target_setting_share_their_trunk(config):
    space = CurriculumSpace(config({"space.target.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 2}}))
    fixed = {"length": 2, "task.0": 0, "task.1": 1}
    one, other = (list(paths(space.suggest(FixedTrial(fixed | {"rate.target": rate})))) for rate in (0, 1))
    assert one[:2] == other[:2]
    assert not set(one[2:]) & set(other[2:])


def test_paths_lead_from_the_root_to_each_stage(config):
    trial = CurriculumSpace(config()).suggest(FixedTrial({"length": 2, "task.0": 1, "task.1": 0}))
    found = [[stage.task for stage in path] for path in paths(trial)]
    assert found == [["dates"], ["dates", "facts"], ["dates", "facts", "choice"], ["dates", "facts", "tagging"]]


def test_the_order_of_the_tasks_in_the_config_does_not_change_the_space(config, document):
    settings = document()
    settings["intermediate"] = dict(reversed(settings["intermediate"].items()))
    turned = CurriculumSpace(validate(settings, "here"))
    assert every_trial(turned) == every_trial(CurriculumSpace(config()))


def test_a_seed_changes_every_trial_and_nothing_else(config):
    zero, one = (every_trial(CurriculumSpace(config({"seed": seed}))) for seed in (0, 1))
    assert not zero & one
    assert {trial.with_seed(0) for trial in one} == zero
