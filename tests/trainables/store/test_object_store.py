from dataclasses import replace

from trainables.checkpoints import StageStore
from trainables.store._leases import list_leases
from trainables.trial import run_trial


def test_a_trial_is_the_same_on_an_object_store_and_trained_once(trial, s3_url):
    trial = replace(trial, targets=trial.targets[:1])
    first, second = run_trial(trial, StageStore(s3_url)), run_trial(trial, StageStore(s3_url))
    assert [stage.trained for stage in first.stages] == [True, True]
    assert [stage.trained for stage in second.stages] == [False, False]
    assert first.transfer == second.transfer == run_trial(trial, None).transfer
    assert list_leases(StageStore(s3_url).location) == []


def test_a_stage_on_an_object_store_is_trained_on(trial, s3_url):
    run_trial(replace(trial, targets=()), StageStore(s3_url))
    again = run_trial(trial, StageStore(s3_url))
    assert [stage.trained for stage in again.stages] == [False, True, True]
    assert again.transfer == run_trial(trial, None).transfer
