"""The same trials by every way of running them: equal to the last bit. Benchmarks do it at larger sizes."""

from tests.benchmarks.bench_tree import differences, varied


def test_no_way_of_running_trials_changes_a_bit(encoder_folder):
    trials = varied(steps=3, target_steps=3, encoder=encoder_folder, targets=("choice", "retrieval"))
    assert len(trials) >= 20
    assert set(differences(trials).values()) == {0}
