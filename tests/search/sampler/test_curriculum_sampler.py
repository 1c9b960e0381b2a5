import subprocess
import sys
import textwrap
from random import Random

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from search.sampler import Candidate, CurriculumSampler, StageView
from search.sampler import gaussian_process as model
from tests.search.sampler.conftest import OPTIMUM, space, stages, worth


def test_it_finds_the_optimum_of_a_small_world(search):
    study = search(CurriculumSampler(space, seed=0), 25)
    assert [task for task, _ in stages(optuna.trial.FixedTrial(study.best_params))] == ["qa", "nli"]
    assert study.best_value > 0.95 * OPTIMUM


def test_it_minimises_as_well(search):
    study = search(CurriculumSampler(space, seed=0), 25, "minimize")
    assert study.best_value < -0.95 * OPTIMUM


def test_the_same_seed_proposes_the_same(search):
    first, second, other = (search(CurriculumSampler(space, seed=seed), 12) for seed in (1, 1, 2))
    told = [[trial.params for trial in study.trials] for study in (first, second, other)]
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_a_proposal_does_not_depend_on_what_the_sampler_object_went_through(search):
    whole = search(CurriculumSampler(space, seed=3), 14)
    again = optuna.create_study(direction="maximize", sampler=CurriculumSampler(space, seed=3))
    for trial in whole.trials[:13]:
        again.add_trial(trial)
    trial = again.ask()
    stages(trial)
    assert trial.params == whole.trials[13].params


def test_parameters_exist_only_where_their_stages_do(search):
    for trial in search(CurriculumSampler(space, seed=0), 15).trials:
        places = range(trial.params["length"])
        assert set(trial.params) == {"length", *(f"{name}.{place}" for name in ("task", "rate") for place in places)}


def test_trials_at_the_same_time_are_different_ones(search):
    study = search(CurriculumSampler(space, seed=0), 10)
    asked = [study.ask() for _ in range(4)]
    assert len({str(stages(trial)) for trial in asked}) == 4


def test_no_trial_comes_twice_while_there_are_others():
    def small(trial):
        return space_of(trial.suggest_categorical("task", ["nli", "qa", "ner"]), trial.suggest_int("rate", 0, 3))

    def space_of(task, rate):
        from search.sampler import Candidate, StageView

        return Candidate((StageView((task,), {"rate": float(rate)}),))

    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(small, seed=0, startup=2))
    for _ in range(12):
        trial = study.ask()
        small(trial)
        study.tell(trial, Random(trial.number).random())
    assert len({str(sorted(trial.params.items())) for trial in study.trials}) == 12


def test_what_is_trained_already_makes_a_curriculum_cheap_and_wanted():
    held = {(("ner", 1e-4),), (("ner", 1e-4), ("qa", 1e-4)), ("targets", (("ner", 1e-4), ("qa", 1e-4)))}

    def two(trial):
        from search.sampler import Candidate, StageView

        first = trial.suggest_categorical("first", ["nli", "ner"])
        told = ((first, 1e-4), ("qa", 1e-4))
        parts = [told[:1], told, ("targets", told)]
        views = tuple(StageView((task,)) for task, _ in told)
        if trial.suggest_categorical("more", [False, True]):
            views, parts = (*views, StageView(("copa",))), [*parts, ("more", told)]
        return Candidate(views, costs=[(part, 1.0) for part in parts])

    def proposed(**options):
        sampler = CurriculumSampler(two, seed=0, startup=2, noise=lambda: 1e-3, **options)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for values, value in (({"first": "nli", "more": False}, 0.0), ({"first": "nli", "more": True}, 0.1)):
            study.add_trial(made(values, value))
        trial = study.ask()
        two(trial)
        return trial.params["first"], trial.params["more"]

    assert proposed(trained_parts=lambda: held) == ("ner", False)
    assert proposed(per_cost=False) == ("ner", True)


def made(params: dict, value: float) -> optuna.trial.FrozenTrial:
    choices = {"first": ["nli", "ner"], "more": [False, True]}
    distributions = {name: optuna.distributions.CategoricalDistribution(choices[name]) for name in params}
    return optuna.trial.create_trial(params=params, distributions=distributions, value=value)


def test_a_model_that_fails_costs_a_warning_and_a_random_trial(search, monkeypatch):
    study = search(CurriculumSampler(space, seed=0), 8)
    monkeypatch.setattr(model, "GaussianProcessModel", lambda *_: 1 / 0)
    trial = study.ask()
    with pytest.warns(UserWarning, match="CurriculumSampler draws trial 8 at random: ZeroDivisionError"):
        drawn = stages(trial)
    assert len(drawn) == trial.params["length"]


def test_values_that_are_no_numbers_and_failed_trials_teach_nothing(search):
    study = search(CurriculumSampler(space, seed=0), 8)
    for state in (TrialState.FAIL, TrialState.PRUNED):
        trial = study.ask()
        stages(trial)
        study.tell(trial, state=state)
    trial = study.ask()
    stages(trial)
    study.tell(trial, float("inf"))
    stages(study.ask())


def test_equal_values_everywhere_are_no_trouble():
    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(space, seed=0))
    study.optimize(lambda trial: 0.0 * len(stages(trial)), n_trials=10)
    assert len(study.trials) == 10


def test_parameters_beyond_the_space_are_drawn_at_random():
    study = optuna.create_study(sampler=CurriculumSampler(space, seed=0))
    trial = study.ask()
    stages(trial)
    assert 0 <= trial.suggest_float("other", 0, 1) <= 1


def test_a_model_needs_two_trials_at_least():
    with pytest.raises(ValueError, match="startup must be 2 or more; got 1"):
        CurriculumSampler(space, startup=1)


def test_the_noise_may_be_told(search):
    study = search(CurriculumSampler(space, seed=0, noise=lambda: 0.01), 12)
    assert study.best_value > worth(())


def test_the_example_of_its_docstring_runs_without_torch_and_ray(tmp_path):
    code = textwrap.dedent(CurriculumSampler.__doc__.split(".. code-block:: python\n\n")[1])
    program = (
        f"train_and_score = lambda candidate: len(candidate.stages) - 0.1 * candidate.targets.get('rate', 0)\n{code}"
    )
    program += (
        "\nimport sys\nprint(study.best_value, not {'torch', 'ray', 'mlflow', 'transformers'} & set(sys.modules))\n"
    )
    words = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert done.stdout.split() == ["2.0", "True"], done.stderr


def raced(early):
    """A study in which trials report after a first step; those whose value is then below `intermediate_values` are pruned."""
    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(space, seed=0))
    for _ in range(16):
        trial = study.ask()
        value = worth(stages(trial))
        trial.report(value / 2, step=1)
        if value / 2 < early:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, value)
    return study


def test_pruned_trials_count_with_what_their_report_leads_to():
    study = raced(0.1)
    pruned = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert len(pruned) > 2
    values = study.sampler._read_history(study, None).values
    complete = [trial.value for trial in study.trials if trial.state == TrialState.COMPLETE]
    for trial in pruned:
        expected = max(2 * trial.intermediate_values[1], min(complete))
        assert values[trial.number] == pytest.approx(expected, abs=1e-6)
    assert study.best_value > 0.9 * OPTIMUM


def test_pruned_trials_teach_nothing_while_too_few_others_were_finished():
    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(space, seed=0))
    for state in (TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED):
        trial = study.ask()
        trial.report(worth(stages(trial)) / 2, step=1)
        study.tell(trial, worth(stages(trial)) if state == TrialState.COMPLETE else None, state=state)
    assert study.sampler._read_history(study, None).values.keys() == {0, 1}


def test_early_values_that_foretell_the_contrary_make_pruned_trials_low_ones():
    from search.sampler._trial_values import extrapolate_final_value

    falling = [(0.45, 0.50), (0.47, 0.48), (0.50, 0.47), (0.52, 0.45), (0.55, 0.44)]
    assert 0.44 <= extrapolate_final_value(0.30, falling) <= 0.45
    assert (
        extrapolate_final_value(0.30, [(early, 1 - final) for early, final in falling]) == 0.50
    )  # within the range of what was seen
    assert extrapolate_final_value(0.30, falling[:4]) is None


def test_of_a_pruned_trial_only_the_stages_are_trained():
    study = raced(10.0)
    trial = max(study.trials, key=lambda trial: trial.params["length"])
    told = stages(optuna.trial.FixedTrial(trial.params))
    assert study.sampler._list_trained_parts(trial) == [told[: place + 1] for place in range(len(told))]


def test_the_outlook_is_bright_before_a_model_and_dim_when_the_best_was_found(search):
    few = search(CurriculumSampler(space, seed=0), 4)
    assert few.sampler.estimate_improvement_probability(few, 0.1, 20) == 1.0
    some = search(CurriculumSampler(space, seed=0), 7)
    assert OPTIMUM - some.best_value > 0.2
    assert some.sampler.estimate_improvement_probability(some, 0.1, 20) > 0.5
    many = search(CurriculumSampler(space, seed=0), 30)
    assert OPTIMUM - many.best_value < 0.1
    bright, dim = (many.sampler.estimate_improvement_probability(many, by, 20) for by in (1e-6, 0.5))
    assert dim < 0.05
    assert dim < bright <= 1.0
    assert many.sampler.estimate_improvement_probability(many, 0.5, 20) == dim
    assert many.sampler.estimate_improvement_probability(many, 1e-6, 0) == 0.0


def test_the_outlook_of_a_space_that_was_tried_whole_is_nothing():
    def small(trial):
        return Candidate((StageView(("nli",), {"rate": float(trial.suggest_int("rate", 0, 3))}),))

    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(small, seed=0, startup=2))
    for value in range(4):
        trial = study.ask()
        small(trial)
        study.tell(trial, float(value))
    assert study.sampler.estimate_improvement_probability(study, 0.01, 10) == 0.0


def test_one_curriculum_under_two_names_is_not_tried_twice():
    def mixed(trial):
        first = trial.suggest_categorical("first", ["nli", "qa", "ner"])
        second = trial.suggest_categorical("second", ["nli", "qa", "ner"])
        return Candidate((StageView((first, second)),))

    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(mixed, seed=0, startup=2))
    for number in range(6):
        trial = study.ask()
        mixed(trial)
        study.tell(trial, float(number % 3))
    assert len({mixed(optuna.trial.FixedTrial(trial.params)).key for trial in study.trials}) == 6


def test_a_candidate_whose_score_is_no_number_is_not_proposed(search, monkeypatch):
    study = search(CurriculumSampler(space, seed=0), 8)

    def improvement(_, candidates):
        longest = [len(candidate.stages) == 2 for candidate in candidates]
        return np.where(longest, np.nan, 1.0)

    monkeypatch.setattr(model.GaussianProcessModel, "compute_expected_improvement", improvement)
    for _ in range(3):
        trial = study.ask()
        assert len(stages(trial)) < 2


def test_what_is_believed_in_most_comes_early():
    def believed(trial):
        candidate = space(trial)
        tasks = [task for stage in candidate.stages for task in stage.tasks]
        return type(candidate)(candidate.stages, costs=candidate.costs, beliefs={"nli": float("nli" in tasks)})

    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(believed, seed=0, startup=6))
    study.optimize(lambda trial: worth(stages(trial)), n_trials=6)
    chosen = [[task for task, _ in stages(optuna.trial.FixedTrial(trial.params))] for trial in study.trials]
    assert all("nli" in tasks for tasks in chosen[::2])
