"""Trials whose targets lack rows to score, or are scored in an unusual way."""

from dataclasses import replace
from functools import cache

import pytest

from tests.trainables.outcomes import keys, only, trained
from trainables.data import load_encoded_dataset
from trainables.tasks import Retrieval, SentencePooling
from trainables.trial import run_trial


@pytest.fixture
def undeveloped(monkeypatch):
    """The target ``choice`` has test rows alone, as some of XTREME-R's have."""

    @cache
    def prepared(benchmark: str, task: str, *rest):
        found = load_encoded_dataset(benchmark, task, *rest)
        if task != "choice":
            return found
        return replace(found, data=replace(found.data, evaluation={"test": found.data.evaluation["test"]}))

    monkeypatch.setattr("trainables.trial.load_encoded_dataset", prepared)


def test_a_target_without_rows_to_score_is_not_trained(trial, store, undeveloped):
    outcome = run_trial(trial, store)
    assert trained(outcome) == [True, False, True]
    assert outcome.transfer.scores["choice"] == {"dev": {}}
    assert outcome.transfer.metrics["choice"] == "accuracy"
    assert set(outcome.transfer.target_means("dev")) == {"retrieval"}
    assert store.read_record(keys(outcome)[1]) is None
    assert outcome.transfer == run_trial(trial, None).transfer


def test_a_target_without_dev_rows_is_trained_for_its_test_rows(trial, store, undeveloped):
    run_trial(trial, store)
    outcome = run_trial(trial, store, splits=("dev", "test"))
    assert trained(outcome) == [False, True, False]
    assert outcome.transfer.scores["choice"]["dev"] == {}
    assert set(outcome.transfer.languages("choice", "test")) == {"en", "de", "sw"}
    assert not any(trained(run_trial(trial, store, splits=("dev", "test"))))


def test_a_target_without_rows_that_is_to_be_kept_is_trained(trial, store, undeveloped):
    key = keys(run_trial(trial, store))[1]
    assert trained(run_trial(trial, store, keep=[key])) == [False, True, False]
    assert store.read_record(key, weights=True) is not None


def test_a_target_has_no_rows_where_it_has_none_of_the_languages(trial):
    outcome = run_trial(replace(only(trial, "retrieval"), languages=("en",)), None)
    assert trained(outcome) == [True, False]
    assert outcome.transfer.scores["retrieval"] == {"dev": {}}


def test_a_target_without_dev_rows_has_no_pairs_of_languages(trial, undeveloped):
    paired = replace(only(trial, "choice"), pairs=2)
    assert run_trial(paired, None).transfer.generalized == {}
    generalized = run_trial(paired, None, splits=("dev", "test")).transfer.generalized
    assert set(generalized["choice"]) == {"test"}


def test_a_trial_comes_to_the_same_wherever_its_tables_are(trial, tmp_path):
    passing, there = run_trial(trial, None), run_trial(trial, None, data=str(tmp_path))
    assert there.transfer == passing.transfer
    assert keys(there) == keys(passing)
    tables = set(tmp_path.glob("??/*/rows.arrow"))
    assert tables
    assert run_trial(trial, None, data=str(tmp_path)).transfer == passing.transfer
    assert set(tmp_path.glob("??/*/rows.arrow")) == tables


@pytest.mark.parametrize("changed", [{"layer": 0}, {"pooling": "first"}])
def test_another_layer_or_pooling_is_another_target(changed, trial, store, monkeypatch):
    seen, outputs = [], Retrieval.compute_outputs
    monkeypatch.setattr(
        Retrieval, "compute_outputs", lambda kind, *given: seen.append(kind.sentence_pooling) or outputs(kind, *given)
    )
    trial = only(trial, "retrieval")
    first, second = (
        run_trial(trial, store),
        run_trial(replace(trial, targets=(replace(trial.targets[0], **changed),)), store),
    )
    assert set(seen) == {SentencePooling(), SentencePooling(**changed)}
    assert keys(first)[0] == keys(second)[0]
    assert keys(first)[1] != keys(second)[1]


def test_a_joint_stage_leads_to_other_targets_by_how_it_is_mixed(trial, store):
    stage = replace(trial.curriculum[0], task="facts_sw+names")
    mixed = [
        run_trial(replace(only(trial, "choice"), curriculum=(replace(stage, mixing=m),)), store) for m in (0.0, 0.5)
    ]
    assert [trained(outcome) for outcome in mixed] == [[True, True], [True, True]]
    assert not set(keys(mixed[0])) & set(keys(mixed[1]))
