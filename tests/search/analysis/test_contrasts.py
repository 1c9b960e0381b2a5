import numpy as np
import pytest

from search.analysis import Arm, collect_repeated_scores
from search.analysis._arms import collect_single_scores
from search.analysis._contrasts import HIGH_FIRST, compute_high_resource_lead, find_contrasts
from tests.search.analysis.simulated import RESOURCES, search, square
from trainables.curriculum import Noise, Stage, Trial


def arm(number, *stages, resources=None):
    made = tuple(
        stage if isinstance(stage, Stage) else Stage(task=stage, learning_rate=1e-3, steps=100) for stage in stages
    )
    trial = Trial(encoder="", benchmark="", curriculum=made, targets=(), languages=())
    told = tuple("+".join(RESOURCES[task] for task in stage.tasks) for stage in made)
    return Arm(number, trial, resources or told)


def named(arms):
    return {contrast.name: contrast for contrast in find_contrasts(arms)}


@pytest.mark.parametrize(
    ("tasks", "condition"),
    [
        ([], "none"),
        (["facts"], "single"),
        (["facts+names"], "joint"),
        (["facts", "dates"], "high alone"),
        (["names", "swahili"], "low alone"),
        (["facts", "dates", "names"], "high > low"),
        (["names", "facts", "dates"], "low > high"),
        (["facts", "names", "dates"], "interleaved"),
    ],
)
def test_a_curriculum_is_of_a_kind(tasks, condition):
    assert arm(0, *tasks).condition == condition


def test_how_early_high_resource_tasks_come():
    assert compute_high_resource_lead(arm(0, "facts", "names")) == 1
    assert compute_high_resource_lead(arm(0, "names", "facts", "swahili")) == 0
    assert compute_high_resource_lead(arm(0, "facts", "dates")) is None


def test_orders_of_the_same_stages_are_compared():
    found = named([arm(0, "facts", "names"), arm(1, "names", "facts"), arm(2, "facts", "dates")])
    assert found["facts before names"].pairs == [([0], [1])]
    assert found[HIGH_FIRST].pairs == [([0], [1])]
    assert found["names last"].pairs == [([0], [1])]
    assert "dates before facts" not in found


def test_stages_at_other_rates_are_not_the_same():
    slow = Stage(task="names", learning_rate=1e-4, steps=100)
    assert "facts before names" not in named([arm(0, "facts", "names"), arm(1, slow, "facts")])


def test_a_rate_is_compared_where_all_else_is_equal():
    slow = Stage(task="names", learning_rate=1e-4, steps=100)
    found = named([arm(0, "facts", "names"), arm(1, "facts", slow), arm(2, "dates", slow)])
    assert found["a higher rate of names"].pairs == [([0], [1])]


def test_noise_is_compared_with_none():
    noisy = Stage(task="names", learning_rate=1e-3, steps=100, noise=Noise(method="random_perturbation", magnitude=0.2))
    found = named([arm(0, "names"), arm(1, noisy), arm(2, noisy, "facts")])
    assert found["random_perturbation 0.2 rather than none"].pairs == [([1], [0])]


def test_mixed_tasks_are_compared_with_both_orders_and_one_task_with_none():
    found = named([arm(0), arm(1, "facts"), arm(2, "facts", "names"), arm(3, "names", "facts"), arm(4, "facts+names")])
    assert found["tasks one after the other, not mixed"].pairs == [([2, 3], [4])]
    assert found["facts rather than no intermediate task"].pairs == [([1], [0])]
    assert found["facts and names mixed rather than no intermediate task"].pairs == [([4], [0])]


def test_weights_are_those_of_a_contrast():
    arms = [arm(at, *tasks) for at, tasks in enumerate(square())]
    for contrast in find_contrasts(arms):
        weights = contrast.weights(len(arms))
        assert weights.sum() == pytest.approx(0)
        assert np.abs(weights).sum() == pytest.approx(2)


def test_scores_of_repeated_trials_come_in_one_array():
    results = search(np.random.default_rng(0), square()[:4], 3)
    found = collect_repeated_scores(results)
    assert found.values.shape == (4, 3, 3, 49)
    assert (
        found.values[2, 1, 0, found.languages.index("de")]
        == (results["trials"][2]["seeds"][1]["scores"]["inference"]["test"]["de"]["accuracy"])
    )
    assert collect_repeated_scores(results, "dev").split == "dev"
    assert collect_single_scores(results).values.shape == (4, 1, 3, 49)


def test_a_seed_that_some_trials_lack_is_left_out_where_that_leaves_more():
    results = search(np.random.default_rng(0), square()[:4], 3)
    results["trials"][3]["seeds"].pop()
    found = collect_repeated_scores(results)
    assert (len(found.arms), found.seeds) == (3, (1, 2, 3))
    results["trials"][2]["seeds"].pop()
    assert collect_repeated_scores(results).seeds == (1, 2)


def test_nothing_repeated_and_nothing_complete():
    results = search(np.random.default_rng(0), square()[:2], 0)
    assert collect_repeated_scores(results) is None
    assert collect_single_scores(results | {"trials": []}) is None
    assert collect_single_scores(results).arms[0].number == 0
