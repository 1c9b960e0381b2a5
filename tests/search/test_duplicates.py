"""A trial that names one tried already is no observation, for any sampler."""

import pytest
from optuna.trial import TrialState

from search.study import DUPLICATE_ATTRIBUTE, select_last_records


@pytest.fixture
def with_duplicates(config, reopen, outcome):
    """Makes a search that was asked for what it knows, again and again."""

    def make(sampler: str):
        study = reopen(config({"curriculum.joint": True, "sampler": sampler}))
        for value in (0.4, 0.5, 0.6, 0.7, 0.3, 0.45, 0.55):
            number, trial = study.ask()
            study.tell(number, outcome(trial, value))
            study._study.enqueue_trial(study._study.trials[number].params)
            study._study.enqueue_trial(study.space.make_baseline_parameters())
        return study

    return make


@pytest.mark.parametrize("sampler", ["curriculum", "tpe", "gp", "random"])
def test_duplicates_have_the_state_that_no_sampler_learns_from(with_duplicates, sampler):
    study = with_duplicates(sampler)
    twins = [trial for trial in study._study.trials if DUPLICATE_ATTRIBUTE in trial.user_attrs]
    assert len(twins) > 6
    assert {trial.state for trial in twins} == {TrialState.FAIL}
    assert all(trial.values is None for trial in twins)
    assert sum(record.state == "duplicate" for record in study.get_trial_records()) == len(twins)
    assert len(study.get_complete_trials()) == 7


def test_the_model_learns_each_measurement_once(with_duplicates):
    study = with_duplicates("curriculum")
    study.ask()
    seen = study.proposer.build_study(select_last_records(study.get_trial_records()))
    told = seen.sampler._read_history(seen, None).valued_trials
    assert len(told) == len(study.get_complete_trials()) == 7


def test_a_duplicate_that_an_earlier_version_told_as_complete_is_recorded_as_one(with_duplicates):
    import optuna

    study = with_duplicates("random")
    known = study._study.trials[0]
    study._study.add_trial(
        optuna.trial.create_trial(
            params=known.params,
            distributions=known.distributions,
            value=0.4,
            user_attrs={DUPLICATE_ATTRIBUTE: known.number},
        )
    )
    assert study.get_trial_records()[-1].state == "duplicate"
    assert len(study.get_complete_trials()) == 7
