"""A search that is killed here and there, driver and workers, ends as if nothing had been."""

import pytest

from tests.benchmarks.bench_kills import ravage


@pytest.mark.ray
def test_a_search_survives_the_kills_of_its_processes(tmp_path, ready):
    toll = ravage(ready(tmp_path), kills=3, trials=5, seed=1)
    assert toll.problems == []
    assert toll.kills.total() == 3
    assert toll.trials == 5
