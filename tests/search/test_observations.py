import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from search.observations import ObservationSampler
from search.recorded import TRIAL, TWIN
from search.study import Study

OLD = {"length": 2, "joint": True, "task.0": 1, "task.1": 0}
"""`facts+dates` as earlier journals tell it, in the order dates, facts."""


def old_trial(study: Study, value: float | None, twin: int | None = None) -> None:
    """A trial of `OLD` in the journal; with a value complete, with a twin a duplicate that was told as complete."""
    left = optuna.distributions.CategoricalDistribution
    distributions = {
        "length": optuna.distributions.IntDistribution(0, 2),
        "joint": left([False, True]),
        "task.0": left([0, 1, 2]),
        "task.1": left([0, 1]),
    }
    attributes = {TRIAL: _mixed(study).to_json()} | ({} if twin is None else {TWIN: twin})
    state = TrialState.COMPLETE if value is not None else TrialState.FAIL
    study._study.add_trial(
        optuna.trial.create_trial(
            params=OLD, distributions=distributions, value=value, state=state, user_attrs=attributes
        )
    )


def _mixed(study: Study):
    return study.space.suggest(optuna.trial.FixedTrial({"length": 2, "joint": True, "mixed.2": 0}))


@pytest.fixture
def study(config, reopen, outcome):
    """One of which the baseline is complete."""
    study = reopen(config({"curriculum.joint": True}))
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    return study


def seen(study: Study) -> list[optuna.trial.FrozenTrial]:
    """What the search's sampler is shown."""
    return study._sampler.observations(study._study).get_trials(deepcopy=False)


def test_a_duplicate_that_an_earlier_version_told_as_complete_is_recorded_as_one_and_is_no_observation(study):
    old_trial(study, 0.6)
    old_trial(study, 0.6, twin=1)
    assert [record.state for record in study.recorded()] == ["complete", "complete", "duplicate"]
    assert [trial.number for trial in seen(study)] == [0, 1]


def test_an_encoding_of_earlier_versions_is_read_as_that_of_today(study):
    old_trial(study, 0.6)
    trial = seen(study)[1]
    assert trial.params == {"length": 2, "joint": True, "mixed.2": 0}
    assert trial.params.keys() == trial.distributions.keys()
    assert (trial.number, trial.value, trial.state) == (1, 0.6, TrialState.COMPLETE)
    assert study.space.suggest(optuna.trial.FixedTrial(trial.params)) == _mixed(study)


def test_a_trial_in_an_earlier_encoding_counts_as_tried(study, outcome):
    old_trial(study, 0.6)
    asked = []
    while (found := study.ask()) is not None:
        asked.append(found[1])
        study.tell(found[0], outcome(found[1], 0.5))
    assert _mixed(study) not in asked
    assert len(set(asked)) == len(asked) == study.space.size() - 2


def test_an_interrupted_trial_in_an_earlier_encoding_is_taken_up_in_that_of_today(study, reopen):
    old_trial(study, None)
    again = reopen(study.config)
    number, trial = again.ask()
    assert trial == _mixed(study)
    assert again._study.trials[number].params["mixed.2"] == 0


def test_the_model_learns_each_measurement_once(study, outcome):
    for value in (0.5, 0.6, 0.7, 0.3, 0.45, 0.55):
        number, trial = study.ask()
        study.tell(number, outcome(trial, value))
        study._study.enqueue_trial(study._study.trials[number].params)
        study._study.enqueue_trial(study.space.baseline())
    number, _ = study.ask()
    sampler = study._sampler.sampler
    told = sampler._seen(study._sampler.observations(study._study), number).valued
    assert len(told) == len(study.complete()) == 7
    assert sum(record.state == "duplicate" for record in study.recorded()) > 6


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_no_sampler_of_optuna_sees_a_duplicate(config, reopen, outcome, monkeypatch, sampler):
    study = reopen(config({"curriculum.joint": True, "sampler": sampler}))
    shown = []
    inner = type(study._sampler.sampler)
    real = inner.sample_independent

    def sample(self, of, trial, name, distribution):
        shown.extend(each for each in of.get_trials(deepcopy=False) if TWIN in each.user_attrs)
        return real(self, of, trial, name, distribution)

    monkeypatch.setattr(inner, "sample_independent", sample)
    for _ in range(4):
        number, trial = study.ask()
        study.tell(number, outcome(trial, 0.5))
        study._study.enqueue_trial(study.space.baseline())
    assert any(record.state == "duplicate" for record in study.recorded())
    assert shown == []


def test_a_sampler_is_shown_one_view_of_a_study_whatever_it_is_asked(study):
    sampler = ObservationSampler(RandomSampler(seed=0), study.space)
    assert sampler.observations(study._study) is sampler.observations(study._study)
    assert sampler.observations(study._study).directions == study._study.directions
