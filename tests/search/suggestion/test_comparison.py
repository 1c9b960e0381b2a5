import pytest
from scipy.stats import spearmanr

from search.suggestion import correlate_ranks

TASKS = "abcdefgh"


def test_it_is_spearmans_correlation_of_the_tasks_that_both_have():
    measures = dict(zip(TASKS, (1.0, 5.0, 2.0, 2.0, 9.0, 4.0, 3.0, 0.0), strict=True))
    effects = dict(zip(TASKS[:7], (0.1, 0.3, 0.2, -0.2, 0.2, 0.5, 0.0), strict=True)) | {"other": 1.0}
    found = correlate_ranks(measures, effects)
    shared = TASKS[:7]
    assert found.value == pytest.approx(spearmanr([measures[t] for t in shared], [effects[t] for t in shared])[0])
    assert found.tasks == 7
    assert -1 <= found.low < found.value < found.high <= 1


def test_equal_ranks_correlate_in_every_draw():
    ranks = {task: float(place) for place, task in enumerate(TASKS)}
    found = correlate_ranks(ranks, {task: 2 * rank for task, rank in ranks.items()})
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))


def test_more_tasks_give_a_narrower_interval():
    def interval(count: int) -> float:
        names = [f"t{n}" for n in range(count)]
        found = correlate_ranks(
            {name: float(n) for n, name in enumerate(names)},
            {name: float(n + 3 * (n % 3)) for n, name in enumerate(names)},
        )
        return found.high - found.low

    assert interval(40) < interval(8) / 2


@pytest.mark.parametrize("effects", [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 1.0, "c": 1.0}])
def test_too_few_tasks_or_equal_effects_have_none(effects: dict[str, float]):
    assert correlate_ranks({"a": 1.0, "b": 2.0, "c": 3.0}, effects) is None
