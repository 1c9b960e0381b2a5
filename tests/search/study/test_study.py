from random import Random

import optuna
import pytest
from optuna.trial import TrialState

from search.launcher._writable_study import WritableStudy
from search.sampler import find_untried
from search.study import select_finalists


def test_trial_0_is_the_baseline(config, reopen):
    number, trial = reopen(config()).ask()
    assert (number, trial.curriculum) == (0, ())


@pytest.mark.parametrize("sampler", ["curriculum", "tpe", "gp", "random"])
def test_trial_0_is_the_baseline_for_every_sampler_and_seed(config, reopen, sampler):
    for seed in range(3):
        assert reopen(config({"name": f"s{seed}", "sampler": sampler, "seed": seed})).ask()[1].curriculum == ()


def test_what_was_told_is_there_after_reopening(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    value = study.tell(number, outcome(trial, 0.625))
    (record,) = reopen(config()).get_complete_trials()
    assert (record.number, record.state, record.value, record.trial) == (0, "complete", value, trial)
    assert record.outcome == outcome(trial, 0.625)
    assert record.error is None


def test_the_value_is_the_objective_of_the_config(config, reopen, outcome):
    study = reopen(config({"objective": "source_dev"}))
    number, trial = study.ask()
    assert study.tell(number, outcome(trial, 0.5)) == pytest.approx(0.6)


def test_a_failure_is_kept_with_its_cause(config, reopen):
    study = reopen(config())
    number, trial = study.ask()
    study.tell_failed(number, "the loss is nan")
    (record,) = study.get_trial_records()
    assert (record.state, record.error, record.value, record.trial) == ("failed", "the loss is nan", None, trial)


def test_a_trial_that_runs_is_recorded_as_running(config, reopen):
    study = reopen(config())
    study.ask()
    assert [record.state for record in study.get_trial_records()] == ["running"]


def test_what_a_dead_launch_left_running_is_asked_for_again_with_the_same_parameters(config, reopen, outcome):
    study = reopen(config({"curriculum.joint": True, "space.learning_rate": {"low": 1e-4, "high": 1e-3}}))
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    left = [study.ask()[1] for _ in range(2)]
    again = reopen(study.config)
    assert [again.ask()[1] for _ in range(2)] == left
    assert [record.state for record in again.get_trial_records()] == [
        "complete",
        "interrupted",
        "interrupted",
        "running",
        "running",
    ]


def test_recovery_counts_what_it_took_up(config, reopen, outcome, home):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    study.tell_failed(study.ask()[0], "out of memory")
    study.ask()
    assert WritableStudy(home.get_search_folder("sums").journal, config()).recover() == 2


def test_recovery_of_a_finished_study_takes_up_nothing(finished):
    before = finished.get_trial_records()
    assert finished.recover() == 0
    assert finished.get_trial_records() == before


def test_recovering_twice_takes_a_trial_up_once(config, reopen):
    study = reopen(config())
    _, left = study.ask()
    reopen(config())
    again = reopen(config())
    assert again.ask()[1] == left
    assert again.ask()[1] != left


def test_a_trial_killed_again_and_again_is_taken_up_each_time_once(config, reopen):
    for _ in range(3):
        study = reopen(config())
        assert study.ask()[1].curriculum == ()
    assert reopen(config()).ask()[1].curriculum == ()
    assert sum(record.state == "running" for record in study.get_trial_records()) == 1


def test_a_baseline_killed_before_it_was_put_together_is_taken_up_again(config, reopen, monkeypatch):
    study = reopen(config())
    with monkeypatch.context() as patch:
        patch.setattr(type(study.space), "suggest", _killed)
        with pytest.raises(KeyboardInterrupt):
            study.ask()
    assert reopen(config()).ask()[1].curriculum == ()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_failed_trial_that_succeeded_later_is_not_taken_up_again(config, reopen, outcome):
    study = reopen(config())
    study.tell_failed(study.ask()[0], "a bad day")
    study = reopen(config())
    number, trial = study.ask()
    assert trial.curriculum == ()
    study.tell(number, outcome(trial, 0.4))
    assert reopen(config()).ask()[1] != trial


@pytest.mark.parametrize("sampler", ["curriculum", "tpe", "gp", "random"])
def test_every_trial_of_the_space_is_asked_for_once_and_no_duplicate_is_recorded(config, reopen, outcome, sampler):
    study = reopen(config({"sampler": sampler, "curriculum.joint": True}))
    asked = []
    while (found := study.ask()) is not None:
        asked.append(found[1])
        study.tell(found[0], outcome(found[1], 0.5 + 0.01 * len(found[1].curriculum)))
    assert len(asked) == len(set(asked)) == study.space.count_trials() == 13
    assert [record.state for record in study.get_trial_records()] == ["complete"] * 13


def test_with_two_objectives_duplicates_end_too(config, reopen, outcome):
    study = reopen(config({"sampler": "nsga2", "second_objective": "seconds", "curriculum.joint": True, "trials": 13}))
    asked = []
    while (found := study.ask()) is not None:
        asked.append(found[1])
        study.tell(found[0], outcome(found[1], 0.5))
    assert len(asked) == len(set(asked)) == 13


def test_what_still_runs_is_not_asked_for_either(config, reopen):
    study = reopen(config({"curriculum.max_length": 1}))
    asked = []
    while (found := study.ask()) is not None:
        asked.append(found[1])
    assert len(asked) == len(set(asked)) == study.space.count_trials()


def test_the_last_untried_trial_of_a_space_is_found(config, reopen, outcome):
    study = reopen(config({"sampler": "tpe", "space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 2}}))
    size = study.space.count_trials()
    walk, left = Random(0), set()
    while len(left) < size - 1:
        drawn = find_untried(study.space.suggest, left, walk)
        left.add(study.space.suggest(optuna.trial.FixedTrial(drawn)))
        study._enqueue(drawn)
    for _ in range(size - 1):
        number, trial = study.ask()
        study.tell(number, outcome(trial, 0.5))
    assert study.ask()[1] not in left
    assert study.ask() is None


def test_duplicates_are_recorded_as_such_and_never_complete(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.5))
    study._study.enqueue_trial(study.space.make_baseline_parameters())
    _, other = study.ask()
    assert other != trial
    assert [record.state for record in study.get_trial_records()] == ["complete", "duplicate", "running"]
    assert len(study.get_complete_trials()) == 1
    assert study._study.trials[1].state == TrialState.FAIL
    again = reopen(study.config)
    assert [record.state for record in again.get_trial_records()] == ["complete", "duplicate", "interrupted"]


def test_a_space_of_which_every_trial_was_tried_gives_none(config, reopen, outcome):
    study = reopen(config({"curriculum.max_length": 0}))
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.5))
    assert study.ask() is None


def test_complete_trials_come_best_first_and_earlier_ones_first_among_equals(config, reopen, outcome):
    study = reopen(config())
    for value in (0.3, 0.5, 0.5, 0.4):
        number, trial = study.ask()
        study.tell(number, outcome(trial, value))
    assert [record.number for record in study.get_complete_trials()] == [1, 2, 3, 0]


def test_repeats_on_fresh_seeds_are_kept_by_trial_and_seed(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    repeat = outcome(trial, 0.45, ("dev", "test"))
    study.tell_repeat(number, 7, repeat)
    assert reopen(config()).get_repeat_outcomes() == {0: {7: repeat}}


def test_finalists_are_the_best_and_the_baseline(finished):
    ranked = finished.get_complete_trials()
    chosen = select_finalists(ranked, finished.config)
    assert chosen[:2] == ranked[:2]
    assert [record.trial.curriculum for record in chosen[2:]] == [()]


def test_the_baseline_takes_no_place_among_the_best(config, reopen, outcome):
    study = reopen(config())
    for value in (0.9, 0.5, 0.4):
        number, trial = study.ask()
        study.tell(number, outcome(trial, value))
    assert [record.number for record in select_finalists(study.get_complete_trials(), study.config)] == [1, 2, 0]


def test_a_baseline_that_was_interrupted_is_a_finalist_under_its_new_number(config, reopen, make_scheduler, worker):
    reopen(config({"trials": 10})).ask()
    study = reopen(config({"trials": 10}))
    worker.drive(make_scheduler(study))
    assert () in [record.trial.curriculum for record in select_finalists(study.get_complete_trials(), study.config)]


def test_a_launch_does_not_ask_first_for_what_the_one_before_asked_first(config, home, outcome):
    settings = config(
        {
            "sampler": "random",
            "curriculum.joint": True,
            "space.learning_rate": {"low": 1e-6, "high": 1e-1, "points": 50},
        }
    )
    asked = []
    for _ in range(2):
        study = WritableStudy(home.get_search_folder("sums").journal, settings)
        study.recover()
        for _ in range(4):
            number, trial = study.ask()
            study.tell(number, outcome(trial, 0.5))
            asked.append(trial)
    assert len(set(asked)) == 8


def test_the_same_seed_asks_for_the_same_trials(config, home, outcome):
    def run(folder: str) -> list:
        study = WritableStudy(home.get_search_folder(folder).journal, config())
        study.recover()
        asked = []
        for _ in range(6):
            number, trial = study.ask()
            study.tell(number, outcome(trial, 0.5))
            asked.append(trial)
        return asked

    assert run("one") == run("other")


def test_opening_a_study_leaves_warnings_of_optuna_on(config, reopen):
    reopen(config())
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
