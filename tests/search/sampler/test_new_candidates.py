from random import Random

import pytest

from search.sampler import SampledTrial, find_untried
from search.sampler._new_candidates import vary_parameters


def identity(ask: SampledTrial) -> tuple:
    """Fifteen trials, whose second question is there for some alone."""
    kind = ask.suggest_categorical("kind", ["a", "b", "c"])
    return (kind, *(ask.suggest_int(f"place.{number}", 0, 1) for number in range({"a": 0, "b": 1, "c": 3}[kind])))


EVERY = {("a",), *(("b", x) for x in (0, 1)), *(("c", x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1))}


def test_each_trial_of_a_space_is_found_and_then_none():
    found = set()
    while (drawn := find_untried(identity, found, Random(len(found)))) is not None:
        asked = SampledTrial(Random(0), drawn)
        found.add(identity(asked))
        assert asked.values == drawn
    assert found == EVERY


@pytest.mark.parametrize("last", sorted(EVERY, key=str))
def test_the_last_one_is_found_without_luck(monkeypatch, last):
    monkeypatch.setattr("search.sampler._new_candidates.RANDOM_DRAWS", 0)
    assert identity(SampledTrial(Random(0), find_untried(identity, EVERY - {last}, Random(1)))) == last


def test_near_a_trial_as_few_parameters_change_as_may():
    given = {"kind": "c", "place.0": 0, "place.1": 1, "place.2": 0}
    taken = {("c", 0, 1, 0)}
    for seed in range(20):
        drawn = find_untried(identity, taken, Random(seed), near=given)
        assert sum(drawn.get(name) != value for name, value in given.items()) == 1 or drawn["kind"] != "c"


def test_a_varied_trial_has_what_it_did_not_lose():
    given = {"kind": "c", "place.0": 0, "place.1": 1, "place.2": 0}
    for seed in range(10):
        drawn = vary_parameters(Random(seed), given, 1)
        identity(drawn)
        assert len(drawn.given) == 3
        assert drawn.given.items() <= given.items()
