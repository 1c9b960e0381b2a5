"""What Optuna's own tools show of a search, and searches that earlier versions recorded otherwise."""

import shutil
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from search.config import read_document, validate_config
from search.errors import UserError
from search.launcher._writable_study import WritableStudy
from search.study import Study, select_last_records
from tests.search.conftest import worth

EARLIER = Path(__file__).with_name("earlier_version")
"""A search of 5 complete trials, a duplicate, one that failed, one that was killed; by the version before parameters were in words."""
CHANGES = {
    "curriculum.joint": True,
    "space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 3},
    "space.noise.methods": ["none", "random_perturbation"],
    "trials": 12,
}


def shown(home, name: str = "sums") -> optuna.Study:
    """The study as Optuna's tools open it."""
    journal = home.get_search_folder(name).journal
    return optuna.load_study(study_name=name, storage=JournalStorage(JournalFileBackend(str(journal))))


@pytest.fixture
def earlier(home) -> Path:
    folder = home.get_search_folder("sums").path
    shutil.copytree(EARLIER, folder)
    return folder


@pytest.fixture
def told(config, reopen, outcome):
    """Makes a study of which so many trials are told."""

    def make(changes, trials: int) -> WritableStudy:
        study = reopen(config(CHANGES | changes))
        for _ in range(trials):
            number, trial = study.ask()
            study.tell(number, outcome(trial, worth(trial)))
        return study

    return make


def test_choices_are_in_words(told, home):
    study = told({"sampler": "random"}, 12)
    seen = {(name, value) for trial in shown(home).trials for name, value in trial.params.items()}
    assert {value for name, value in seen if name == "task.0"} == {"facts", "dates", "facts_sw"}
    assert {value for name, value in seen if name == "task.1"} <= {"1st of those left", "2nd of those left"}
    assert {value for name, value in seen if name == "joint"} == {"one after another", "mixed in one stage"}
    for trial, record in zip(shown(home).trials, study.get_trial_records(), strict=True):
        if "task.0" in trial.params:
            assert trial.params["task.0"] == record.trial.curriculum[0].task
            assert record.parameters["task.0"] == list(study.config.intermediate).index(trial.params["task.0"])


def test_what_is_a_place_on_a_grid_is_beside_it_as_a_number(told, home):
    study = told({"sampler": "random"}, 12)
    for trial, record in zip(shown(home).trials, study.get_trial_records(), strict=True):
        assert trial.user_attrs["curriculum"] == str(record.trial)
        for place, stage in enumerate(record.trial.curriculum):
            assert trial.user_attrs[f"learning rate of stage {place + 1}"] == stage.learning_rate
            magnitude = trial.user_attrs.get(f"noise magnitude of stage {place + 1}")
            assert magnitude == (stage.noise.magnitude or None)
            if len(stage.tasks) == 1:
                assert trial.user_attrs[f"task {place + 1}"] == stage.task
            else:
                assert trial.user_attrs["tasks"] == " + ".join(stage.tasks)


def test_objectives_have_their_names(told, home):
    told({}, 1)
    assert shown(home).metric_names == ["transfer_dev"]
    told({"name": "two", "sampler": "nsga2", "second_objective": "seconds"}, 1)
    assert shown(home, "two").metric_names == ["transfer_dev", "seconds"]


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp", "curriculum"])
def test_no_duplicate_is_shown(told, home, sampler):
    study = told({"sampler": sampler, "space.learning_rate": 1e-3, "space.noise.methods": ["none"]}, 12)
    study.ask()
    assert [record.state for record in study.get_trial_records()] == ["complete"] * 12 + ["running"]
    assert len(shown(home).trials) == 13


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp", "curriculum"])
def test_every_sampler_draws_what_it_would_without_the_words(told, sampler):
    def trials(name: str) -> list:
        return [record.trial for record in told({"name": name, "sampler": sampler}, 10).get_trial_records()]

    worded = trials("worded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.launcher._writable_study.uses_choice_positions", lambda trials: True)
        assert trials("plain") == worded


def test_a_study_of_an_earlier_version_reads_as_it_did(earlier, home):
    study = Study.open(home.find_search("sums"))
    told = [(record.state, record.value) for record in study.get_trial_records()]
    assert [state for state, _ in told] == ["complete"] * 5 + ["duplicate", "failed", "running"]
    assert [value for _, value in told[:5]] == pytest.approx([0.4, 0.5, 0.6, 0.65, 0.55])
    assert study.get_trial_records()[3].parameters["task.0"] == 1
    assert [record.position for record in study.get_trial_records()] == [0, 1, 2, 3, 4, None, 5, 6]


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp", "curriculum"])
def test_a_study_of_an_earlier_version_goes_on_as_one_in_words_with_the_same_trials(earlier, home, outcome, sampler):
    def next_two(study: WritableStudy) -> list:
        found = [study.ask() for _ in range(2)]
        for number, trial in found:
            study.tell(number, outcome(trial, worth(trial)))
        return [trial for _, trial in found]

    folder = home.find_search("sums")
    config = validate_config(read_document(folder.config) | {"sampler": sampler, "trials": 9}, "config.yaml")
    old = WritableStudy(folder.journal, config)
    assert old.recover() == 2
    assert [str(trial) for trial in next_two(old)] == [str(old.get_trial_records()[number].trial) for number in (6, 7)]
    new = WritableStudy(home.get_search_folder("new").journal, config.model_copy(update={"name": "new"}))
    for record in select_last_records(old.get_trial_records()):
        new._enqueue(record.parameters)
        number, trial = new.ask()
        new.tell(number, outcome(trial, worth(trial)))
    assert next_two(new) == next_two(old)
    assert len(Study.open(folder).get_complete_trials()) == 9
    values = {name: value for trial in shown(home).trials for name, value in trial.params.items()}
    assert all(isinstance(value, int) for name, value in values.items() if name.startswith(("task", "joint")))


def test_a_study_of_an_earlier_version_of_which_only_a_choice_waits_goes_on(config, reopen, home, outcome):
    study = reopen(config(CHANGES))
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    study._study.enqueue_trial({"length": 2, "joint": False, "task.0": 1, "task.1": 0})
    _, trial = reopen(config(CHANGES)).ask()
    assert [stage.task for stage in trial.curriculum] == ["dates", "facts"]


def test_a_duplicate_of_an_earlier_version_is_told_as_one(earlier, home):
    trial = shown(home).trials[5]
    assert (trial.state, trial.user_attrs["duplicate_of"]) == (TrialState.FAIL, 2)


def test_tasks_in_another_order_are_refused_in_words(told, config, home):
    told({}, 12)
    turned = {"facts_sw": {"resource": "low"}, "dates": {"resource": "high"}, "facts": {"resource": "high"}}
    changed = config(CHANGES | {"intermediate": turned})
    with pytest.raises(UserError, match="began with the tasks under intermediate in another order"):
        WritableStudy(home.get_search_folder("sums").journal, changed)
