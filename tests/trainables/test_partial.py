from itertools import pairwise

import pytest

from tests.trainables.outcomes import keys, trained
from trainables.trial import run


@pytest.fixture
def heard():
    return []


def listener(heard):
    return lambda rung, outcome: heard.append((rung, outcome))


def test_a_trial_reports_after_every_target_in_the_trials_order(trial, store, heard):
    outcome = run(trial, store, on_partial=listener(heard))
    targets = [stage.task for stage in trial.targets]
    assert [done for done, _ in heard] == list(range(1, len(targets) + 1))
    assert [list(partial.transfer.scores) for _, partial in heard] == [targets[: n + 1] for n, _ in enumerate(targets)]
    assert heard[-1][1].transfer == outcome.transfer
    for (_, before), (_, after) in pairwise(heard):
        assert after.transfer.over(before.transfer.scores) == before.transfer
        assert keys(after)[: len(keys(before))] == keys(before)


def test_reports_within_a_target_change_no_bit(trial, store, heard):
    plain = run(trial, None)
    looked = run(trial, None, on_partial=listener(heard), parts=3)
    assert looked.transfer == plain.transfer
    trained_targets = [stage.task for stage in trial.targets if stage.steps]
    within = [(done, partial) for done, partial in heard if done != int(done)]
    assert len(within) == 2 * len(trained_targets)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    done, first = within[0]
    assert done == pytest.approx(1 / 3)
    assert list(first.transfer.scores) == trained_targets[:1]
    assert first.transfer.scores[trained_targets[0]]["dev"]
    (running,) = [stage for stage in first.stages if stage.target]
    assert running.trained and running.seconds > 0


def test_reports_after_targets_have_the_same_numbers_whether_the_store_has_them_or_not(trial, store, heard):
    run(trial, store, on_partial=listener(heard), parts=2)
    again = []
    run(trial, store, on_partial=listener(again), parts=2)
    assert [done for done, _ in again] == [done for done, _ in heard if done == int(done)]
    assert not any(trained(again[-1][1]))


def test_a_trial_that_is_ended_by_its_listener_leaves_what_it_trained_and_no_claim(trial, store):
    def stop(rung, outcome):
        raise SystemExit

    with pytest.raises(SystemExit):
        run(trial, store, on_partial=stop, parts=2)
    outcome = run(trial, store)
    assert trained(outcome)[: len(trial.curriculum)] == [False] * len(trial.curriculum)
    assert outcome.transfer == run(trial, None).transfer
