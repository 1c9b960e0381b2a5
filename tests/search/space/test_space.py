from itertools import combinations
from typing import Any

import pytest
from optuna.trial import FixedTrial

from search.config import validate_config
from search.launcher._candidates import build_candidate
from search.space import CurriculumSpace, find_nearest_parameters, iterate_stage_paths
from search.space._space import rank_subset, unrank_subset
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


def encoded(space: CurriculumSpace) -> list[Trial]:
    """The trial of every encoding, by answering in every way."""
    found: list[Trial] = []
    picks: list[int] | None = []
    while picks is not None:
        asked = Choices(picks)
        found.append(space.suggest(asked))
        picks = next_picks(asked)
    return found


def every_trial(space: CurriculumSpace) -> set[Trial]:
    return set(encoded(space))


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
    {
        "curriculum.max_length": 1,
        "space.noise": {"methods": ["none", "r_drop", "r3f"], "weight": {"low": 1, "high": 4}},
    },
    {"space.noise": {"along": "every_stage", "methods": ["none", "freelb"], "magnitude": {"low": 0.1, "high": 0.4}}},
    {"space.noise": {"along": "targets", "methods": ["none", "neftune"], "magnitude": 0.1}},
    {"space.noise": {"along": "none", "methods": ["neftune", "freelb"]}},
    {
        "curriculum.max_length": 1,
        "space.noise": {
            "methods": [
                "none",
                {"method": "adversarial", "magnitude": {"low": 0.01, "high": 0.1}},
                {"method": "adversarial", "norm": "linf", "magnitude": 0.1},
                {"method": "random_perturbation", "schedule": "rising"},
            ],
        },
    },
]


@pytest.mark.parametrize("changes", SPACES, ids=str)
def test_the_size_of_a_space_is_the_number_of_its_trials(config, changes):
    space = CurriculumSpace(config(changes))
    assert len(every_trial(space)) == space.count_trials()


@pytest.mark.parametrize("changes", SPACES, ids=str)
def test_every_trial_has_one_encoding_and_is_one_candidate_of_the_sampler(config, changes):
    space = CurriculumSpace(config(changes))
    trials = encoded(space)
    assert len(trials) == len(set(trials)) == len({build_candidate(trial).key for trial in trials})


@pytest.mark.parametrize("changes", SPACES, ids=str)
def test_every_trial_is_most_like_itself(config, changes):
    space = CurriculumSpace(config(changes))
    for trial in encoded(space):
        assert space.suggest(FixedTrial(find_nearest_parameters(space, trial))) == trial


@pytest.mark.parametrize(("count", "size"), [(5, 2), (6, 3), (4, 4), (3, 1)])
def test_sets_are_numbered_in_lexicographic_order(count, size):
    sets = [list(members) for members in combinations(range(count), size)]
    assert [unrank_subset(rank, count, size) for rank in range(len(sets))] == sets
    assert [rank_subset(members, count) for members in sets] == list(range(len(sets)))


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
    baseline = space.suggest(FixedTrial(space.make_baseline_parameters()))
    assert baseline.curriculum == ()
    assert baseline in every_trial(space)


def test_the_baseline_takes_no_noise_and_the_middle_rate(config):
    changes = {
        "space.target.learning_rate": {"low": 1e-4, "high": 1e-2, "points": 3},
        "space.target.noise.methods": ["random_perturbation", "none"],
    }
    space = CurriculumSpace(config(changes))
    baseline = space.suggest(FixedTrial(space.make_baseline_parameters()))
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
    one, other = (
        list(iterate_stage_paths(space.suggest(FixedTrial(fixed | {"rate.target": rate})))) for rate in (0, 1)
    )
    assert one[:2] == other[:2]
    assert not set(one[2:]) & set(other[2:])


def test_paths_lead_from_the_root_to_each_stage(config):
    trial = CurriculumSpace(config()).suggest(FixedTrial({"length": 2, "task.0": 1, "task.1": 0}))
    found = [[stage.task for stage in path] for path in iterate_stage_paths(trial)]
    assert found == [["dates"], ["dates", "facts"], ["dates", "facts", "choice"], ["dates", "facts", "tagging"]]


def test_the_order_of_the_tasks_in_the_config_does_not_change_the_space(config, document):
    settings = document()
    settings["intermediate"] = dict(reversed(settings["intermediate"].items()))
    turned = CurriculumSpace(validate_config(settings, "here"))
    assert every_trial(turned) == every_trial(CurriculumSpace(config()))


def test_a_seed_changes_every_trial_and_nothing_else(config):
    zero, one = (every_trial(CurriculumSpace(config({"seed": seed}))) for seed in (0, 1))
    assert not zero & one
    assert {trial.with_seed(0) for trial in one} == zero


def noises(trial: Trial) -> tuple[set[Noise], set[Noise]]:
    """Of the intermediate stages, and of the targets."""
    return {stage.noise for stage in trial.curriculum}, {stage.noise for stage in trial.targets}


def test_noise_on_every_stage_is_the_same_on_every_stage(config):
    changes = {
        "space.noise": {"along": "every_stage", "methods": ["none", "freelb"], "magnitude": {"low": 0.1, "high": 0.4}}
    }
    found = [noises(trial) for trial in every_trial(CurriculumSpace(config(changes))) if trial.curriculum]
    assert all(stages == targets and len(stages) == 1 for stages, targets in found)
    assert len({tuple(stages) for stages, _ in found}) == 1 + 3


def test_noise_on_targets_alone_leaves_the_curriculum_plain(config):
    changes = {"space.noise": {"along": "targets", "methods": ["none", "neftune"], "magnitude": 0.1}}
    found = [noises(trial) for trial in every_trial(CurriculumSpace(config(changes))) if trial.curriculum]
    assert all(stages == {Noise()} for stages, _ in found)
    assert {noise.method for _, targets in found for noise in targets} == {"none", "neftune"}


def test_no_noise_anywhere_is_no_noise_anywhere(config):
    found = every_trial(CurriculumSpace(config({"space.noise": {"along": "none", "methods": ["neftune"]}})))
    assert all(stages | targets == {Noise()} for stages, targets in map(noises, found) if stages)


def test_a_method_is_complete_in_the_trial(config):
    methods = [{"method": "smart", "steps": 2, "norm": "linf", "magnitude": 0.05, "weight": 3, "schedule": "falling"}]
    trial = CurriculumSpace(config({"space.noise.methods": methods})).suggest(FixedTrial({"length": 1, "task.0": 0}))
    expected = Noise(method="smart", steps=2, norm="linf", magnitude=0.05, weight=3.0, schedule="falling")
    assert trial.curriculum[0].noise == expected


@pytest.mark.parametrize(("method", "steps"), [("adversarial", 3), ("freelb", 3), ("smart", 1), ("neftune", 0)])
def test_ascent_steps_have_their_usual_number(config, method, steps):
    space = CurriculumSpace(config({"space.noise": {"methods": [method], "magnitude": 0.1}}))
    trial = space.suggest(FixedTrial({"length": 1, "task.0": 0}))
    assert trial.curriculum[0].noise.steps == steps


def test_equal_compute_gives_dear_methods_fewer_steps(config):
    changes = {
        "training.equal": "compute",
        "space.noise": {"along": "every_stage", "methods": ["none", "freelb", "neftune"], "magnitude": 0.1},
    }
    found = {
        trial.curriculum[0].noise.method: (trial.curriculum[0].steps, trial.targets[0].steps)
        for trial in every_trial(CurriculumSpace(config(changes)))
        if trial.curriculum
    }
    assert found == {"none": (100, 50), "freelb": (33, 17), "neftune": (100, 50)}


@pytest.mark.parametrize(("pairs", "count"), [(0, 0), (7, 7), ("all", 20)])
def test_pairs_of_languages_reach_the_trial(config, pairs, count):
    trial = CurriculumSpace(config({"generalized": {"pairs": pairs, "seed": 3}})).suggest(FixedTrial({"length": 0}))
    assert (trial.pairs, trial.pairs_seed) == (count, 3)


def test_synonyms_are_found_from_any_working_directory(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = config({"space.noise": {"methods": ["augmentation"], "magnitude": 1.0, "synonyms": "words.json"}})
    trial = CurriculumSpace(settings).suggest(FixedTrial({"length": 0}))
    assert trial.synonyms == str(tmp_path / "words.json")


def test_epochs_are_counted_by_the_size_that_the_table_tells(config):
    settings = config(
        {
            "training.intermediate": {"epochs": 0.5, "batch_size": 16},
            "training.tasks": {"facts_sw": {"epochs": 2}},
            "intermediate": {"facts": {}, "facts@100": {}, "facts_sw": {}},
        }
    )
    space = CurriculumSpace(settings)
    steps = [space.suggest(FixedTrial({"length": 1, "task.0": number})).curriculum[0].steps for number in range(3)]
    assert steps == [125, 4, 38]


def test_a_joint_stage_takes_as_many_steps_as_its_tasks_on_average_and_mixes_as_told(config):
    settings = config(
        {
            "curriculum": {"max_length": 2, "joint": True, "mixing": "temperature", "temperature": 4},
            "training.intermediate": {"epochs": 1, "batch_size": 10},
        }
    )
    fixed = {"length": 2, "joint": True, "mixed.2": 0}
    (stage,) = CurriculumSpace(settings).suggest(FixedTrial(fixed)).curriculum
    sizes = {"facts": 4000, "dates": 4000, "facts_sw": 300}
    assert stage.steps == sum(sizes[task] for task in stage.tasks) / 20
    assert stage.mixing == 0.25


def test_a_target_without_a_dev_set_is_a_stage_of_the_repeats_alone(config):
    hub = {
        "encoder": "FacebookAI/xlm-roberta-base",
        "benchmark": "xtreme_r",
        "targets": ["xnli", "lareqa"],
        "languages": ["en", "de"],
        "intermediate": {},
        "curriculum.max_length": 0,
    }
    trial = CurriculumSpace(config(hub)).suggest(FixedTrial({"length": 0}))
    assert [path[-1].task for path in iterate_stage_paths(trial)] == ["xnli"]
    assert [path[-1].task for path in iterate_stage_paths(trial, test=True)] == ["xnli", "lareqa"]


@pytest.mark.parametrize(("said", "pooled"), [({}, "first"), ({"bucc": {"pooling": "mean", "layer": 3}}, "mean")])
def test_what_stands_for_a_sentence_is_the_cards_where_the_config_does_not_say(said, pooled, config):
    hub = {
        "encoder": "FacebookAI/xlm-roberta-base",
        "benchmark": "xtreme",
        "targets": ["xnli", "bucc", "tatoeba"],
        "languages": ["en", "de"],
        "intermediate": {},
        "curriculum.max_length": 0,
        "training.tasks": said,
    }
    told = {stage.task: stage for stage in CurriculumSpace(config(hub)).suggest(FixedTrial({"length": 0})).targets}
    assert (told["bucc"].pooling, told["bucc"].layer) == (pooled, said.get("bucc", {}).get("layer"))
    assert (told["tatoeba"].pooling, told["tatoeba"].layer) == ("mean", None)


def test_a_trial_is_told_on_how_many_rows_its_intermediate_tasks_are_scored(config):
    for settings, rows in ((config(), 200), (config({"curriculum.retention": 0}), 0)):
        assert CurriculumSpace(settings).suggest(FixedTrial({"length": 0})).retention == rows
