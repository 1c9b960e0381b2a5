import io
from random import Random

import pytest
from optuna.trial import FixedTrial
from rich.console import Console

from search.errors import SearchNotFoundError
from search.launcher import launch
from search.launcher._candidates import PRIOR_BELIEF, build_candidate
from search.launcher._earlier_search import EarlierSearch
from search.space import CurriculumSpace
from search.study import find_pareto_front
from tests.search.conftest import worth


@pytest.fixture
def searched(config, reopen, make_scheduler, failing_worker):
    """Runs a search of the stand-in and returns its study."""

    def make(changes, earlier=None):
        study = reopen(config(changes))
        if earlier is not None:
            study.learn_from(earlier)
            study.recover()
        worker = failing_worker()
        worker.drive(make_scheduler(study))
        study.jobs = worker.jobs
        return study

    return make


def values(study):
    return [worth(job.trial) for job in study.jobs if job.seed is None]


@pytest.mark.parametrize("sampler", ["curriculum", "tpe", "random"])
def test_the_best_of_an_earlier_search_are_tried_first(searched, optimum, curriculum_of, sampler):
    earlier = searched({"trials": 10})
    fewer = {"name": "fewer", "intermediate": {"dates": {}, "facts": {}}, "trials": 5, "sampler": sampler}
    study = searched(fewer, earlier)
    first = [curriculum_of(job.trial) for job in study.jobs[:3]]
    assert first[:2] == ["", optimum]
    assert not any("facts_sw" in curriculum for curriculum in first)


def test_a_search_of_a_few_trials_learns_from_a_long_one(searched, monkeypatch):
    monkeypatch.setattr("search.launcher._writable_study.MAX_EARLIER_CURRICULA", 0)  # by what it believes alone
    wide = {
        "space.learning_rate": {"low": 1e-5, "high": 1e-3, "points": 6},
        "curriculum.max_length": 3,
        "finalists.top": 0,
    }
    earlier = searched({"trials": 12, **wide})
    alone = searched({"name": "alone", "trials": 8, "seed": 1, **wide})
    taught = searched({"name": "taught", "trials": 8, "seed": 1, **wide}, earlier)
    assert max(values(taught)) > max(values(alone))


def test_beliefs_in_tasks_lead_the_first_trials(searched):
    wide = {"curriculum.max_length": 2, "trials": 6, "finalists.top": 0}
    believed = searched({"name": "b", **wide, "prior.tasks": {"facts": 2.0, "dates": 1.0, "facts_sw": -5.0}})
    misled = searched({"name": "m", **wide, "prior.tasks": {"facts": -2.0, "dates": -1.0, "facts_sw": 5.0}})
    # Of the trials at random that come before the first model every other one is what is believed in most.
    assert worth(believed.jobs[2].trial) > worth(misled.jobs[2].trial)


def test_what_is_believed_of_a_trial_is_the_sum_over_its_tasks_and_what_an_earlier_search_expects(config):
    space = CurriculumSpace(config())
    both = space.suggest(FixedTrial({"length": 2, "task.0": 0, "task.1": 1}))
    assert build_candidate(both, {"facts": 2.0, "facts_sw": -0.5}).beliefs == {PRIOR_BELIEF: 1.5}
    assert build_candidate(both).beliefs == {}
    trials = [space.suggest(FixedTrial({"length": 1, "task.0": place})) for place in range(3)]
    earlier = EarlierSearch("before", [*trials, both], [0.9, 0.5, 0.1, 0.6])
    best, worst = (earlier.predict_belief(trial)["search before"] for trial in (trials[0], trials[2]))
    assert best > 0 > worst
    assert earlier.predict_belief(trials[0])["search before"] == best


def test_a_launch_learns_from_a_search_of_its_home(config, home, sums, monkeypatch):
    console = Console(file=io.StringIO(), width=200)
    launch(config({"trials": 10}), home, console)
    study = launch(config({"name": "next", "prior.search": "sums"}), home, console)
    assert study.earlier.name == "sums"
    first = [record.trial for record in study.get_trial_records()[1:4]]
    assert first == list(study.earlier.trials[:3])
    with pytest.raises(SearchNotFoundError):
        launch(config({"name": "third", "prior.search": "nowhere"}), home, console)


def test_a_search_of_one_trial_teaches_nothing_and_says_so(config, home, sums):
    console = Console(file=io.StringIO(), width=200)
    launch(config({"trials": 1, "finalists.top": 0}), home, console)
    study = launch(config({"name": "next", "prior.search": "sums"}), home, console)
    assert study.earlier is None
    assert "prior.search: sums has too few complete trials to learn from" in console.file.getvalue()


def test_a_search_stops_when_an_improvement_is_improbable(
    config, reopen, make_scheduler, worker, optimum, curriculum_of
):
    settings = {
        "curriculum.max_length": 3,
        "space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 4},
        "trials": 50,
    }
    scheduler = make_scheduler(reopen(config({**settings, "stop.improbable_improvement": {"by": 0.02}})))
    worker.drive(scheduler)
    assert 6 < len(worker.trials) < 45
    reason = f"stop.improbable_improvement: an improvement by 0.02 within the {scheduler.trials_left} trials left has a probability of 0"
    assert scheduler.trials_left == 50 - len(worker.trials)
    assert scheduler.stop_reason.startswith(reason)
    best = scheduler.study.get_complete_trials()[0]
    assert best.value == max(worth(trial) for trial in worker.trials)
    assert curriculum_of(best.trial).endswith("facts")


def test_with_two_objectives_none_of_the_front_is_beaten_and_all_others_are(config, reopen, make_scheduler, worker):
    study = reopen(config({"sampler": "nsga2", "second_objective": "seconds", "trials": 10, "finalists.top": 1}))
    worker.drive(make_scheduler(study))
    ranked = study.get_complete_trials()
    unbeaten = find_pareto_front(ranked, study.config)

    def beats(one, other):
        (a, b), (c, d) = one.values, other.values
        return a >= c and b <= d and (a, b) != (c, d)

    assert [record.values[0] for record in unbeaten] == sorted((r.values[0] for r in unbeaten), reverse=True)
    for record in ranked:
        assert any(beats(other, record) for other in ranked) != (record in unbeaten)
    assert study.get_repeat_outcomes().keys() <= {0, *(record.number for record in unbeaten)}


@pytest.mark.parametrize(
    ("second", "sampler"), [("worst_family_dev", "tpe"), ("source_dev", "random"), ("seconds", "tpe")]
)
def test_two_objectives_are_told_in_results_and_answer(config, reopen, make_scheduler, worker, second, sampler):
    from search.report import render_answer
    from search.results import build_results

    study = reopen(config({"sampler": sampler, "second_objective": second, "trials": 8}))
    worker.drive(make_scheduler(study))
    document = build_results(study)
    direction = "minimize" if second == "seconds" else "maximize"
    assert document["second_objective"] == {"name": second, "direction": direction}
    assert document["front"]
    for trial in document["trials"]:
        assert trial["second_value"] is not None
    assert any("Pareto front" in str(line) for line in render_answer(study))
    again = reopen(study.config)
    assert [record.values for record in again.get_complete_trials()] == [
        record.values for record in study.get_complete_trials()
    ]


def test_an_objective_that_is_added_before_the_first_trial_is_taken(config, reopen, outcome):
    reopen(config())
    study = reopen(config({"sampler": "tpe", "second_objective": "seconds"}))
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.5))
    assert study.get_complete_trials()[0].values == (0.5, 4.0 if len(trial.stages) == 2 else 2.0 * len(trial.stages))


def test_beliefs_that_are_wrong_are_unlearned():
    import optuna

    from search.sampler import CurriculumSampler
    from tests.search.sampler.conftest import OPTIMUM, space, stages
    from tests.search.sampler.conftest import worth as true_worth

    def misled(trial):
        candidate = space(trial)
        candidate.beliefs["wrong"] = -true_worth(tuple(stages_of(candidate)))
        return candidate

    def stages_of(candidate):
        import math

        return [(stage.tasks[0], math.exp(stage.settings["rate"])) for stage in candidate.stages]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(misled, seed=0))
    study.optimize(lambda trial: true_worth(stages(trial)) + Random(trial.number).gauss(0, 0.05), n_trials=25)
    assert study.best_value > 0.9 * OPTIMUM
