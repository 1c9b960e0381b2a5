from dataclasses import replace

from trainables.store.leases import leases
from trainables.store.tree import Store
from trainables.trial import run


def test_a_trial_is_the_same_on_an_object_store_and_trained_once(trial, s3_url):
    trial = replace(trial, targets=trial.targets[:1])
    first, second = run(trial, Store(s3_url)), run(trial, Store(s3_url))
    assert [stage.trained for stage in first.stages] == [True, True]
    assert [stage.trained for stage in second.stages] == [False, False]
    assert first.transfer == second.transfer == run(trial, None).transfer
    assert leases(Store(s3_url).place) == []


def test_a_stage_on_an_object_store_is_trained_on(trial, s3_url):
    run(replace(trial, targets=()), Store(s3_url))
    again = run(trial, Store(s3_url))
    assert [stage.trained for stage in again.stages] == [False, True, True]
    assert again.transfer == run(trial, None).transfer
