import pytest
from optuna.trial import FixedTrial

from search.space import CurriculumSpace
from search.study import estimate_seed_variance
from tests.search.conftest import scored


def test_the_variance_over_seeds_is_pooled_once_there_are_enough_repeats(config):
    trial = CurriculumSpace(config()).suggest(FixedTrial({"length": 0}))

    def outcome(value: float):
        return scored(trial, value)

    few = {0: {1: outcome(0.4), 2: outcome(0.6)}, 3: {1: outcome(0.1)}}
    assert estimate_seed_variance(few, "transfer_dev") is None
    more = {
        0: {1: outcome(0.4), 2: outcome(0.6), 3: outcome(0.5)},
        3: {1: outcome(0.1), 2: outcome(0.3), 3: outcome(0.2)},
    }
    assert estimate_seed_variance(more, "transfer_dev") == pytest.approx(0.01)
