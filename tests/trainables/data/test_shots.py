"""Few-shot rows: their choice, and the dev rows that are then no longer scored."""

from collections import Counter

import pytest

from trainables.cards import TaskData
from trainables.data._shots import ShotRows, choose_shots, make_training_rows
from trainables.few_shot import FewShot

LABELS = [0] * 60 + [1] * 30 + [2] * 10


def rows(code: str, count: int = 100, item: str = "") -> list[dict]:
    found = [{"text": f"{code} {n}", "label": LABELS[n % 100], "item": f"{item}{n}"} for n in range(count)]
    return found[::-1]


def make(settings, *, apart: bool = False, seed: int = 0, train=None, dev=None) -> ShotRows:
    dev = {"en": rows("en"), "sw": rows("sw"), "hi": rows("hi"), "de": rows("de")} if dev is None else dev
    data = TaskData("classification", ("a", "b", "c"), rows("en"), {"dev": dev, "test": dev}, shots=train or {})
    return ShotRows(data, FewShot(settings=tuple(tuple(each.items()) for each in settings), apart=apart, seed=seed))


def items(found) -> list[str]:
    return [row["item"] for row in found]


@pytest.mark.parametrize("seed", [0, 1])
def test_fewer_rows_are_the_first_of_more(seed):
    assert choose_shots(rows("sw"), 10, seed) == choose_shots(rows("sw"), 50, seed)[:10]


@pytest.mark.parametrize("count", [10, 20, 50])
def test_labels_have_their_share_among_the_chosen(count):
    chosen = Counter(rows("sw")[place]["label"] for place in choose_shots(rows("sw"), count, 0))
    assert chosen == {0: 0.6 * count, 1: 0.3 * count, 2: 0.1 * count}


def test_another_seed_chooses_others_and_the_same_seed_the_same():
    assert choose_shots(rows("sw"), 10, 0) == choose_shots(rows("sw"), 10, 0) != choose_shots(rows("sw"), 10, 1)


def test_no_row_is_chosen_twice_and_no_more_than_there_are():
    assert sorted(choose_shots(rows("sw", 7), 20, 0)) == list(range(7))


def test_rows_without_one_label_are_chosen_by_the_seed_alone():
    found = [{"words": [str(n)], "tags": [0], "item": n} for n in range(30)]
    assert len(set(choose_shots(found, 12, 0))) == 12
    numbers = [{"text": str(n), "label": n / 30, "item": n} for n in range(30)]
    assert choose_shots(numbers, 12, 0) == choose_shots(found, 12, 0)


def test_parallel_languages_give_the_same_items():
    shots = make([{"sw": 10, "hi": 10}])
    assert items(shots.chosen["sw"]) == items(shots.chosen["hi"])


def test_rows_of_dev_are_not_scored_in_any_language_that_has_few_shot_rows():
    shots = make([{"sw": 10, "hi": 20}, {"sw": 40}])
    given = {item for found in shots.chosen.values() for item in items(found)}
    dev = shots.withhold().evaluation["dev"]
    assert len(given) == 40
    for code in ("sw", "hi"):
        assert not given & set(items(dev[code]))
        assert len(list(dev[code])) == 60
    assert list(dev["de"]) == rows("de")
    assert list(dev["en"]) == rows("en")


def test_rows_that_are_not_parallel_are_withheld_in_their_own_language_alone():
    shots = make([{"sw": 10, "hi": 10}], dev={"sw": rows("sw", item="s"), "hi": rows("hi", item="h")})
    assert [len(list(found)) for found in shots.withhold().evaluation["dev"].values()] == [90, 90]


def test_rows_without_items_are_withheld_too():
    plain = [{"text": f"{n}", "label": 0} for n in range(20)]
    shots = make([{"sw": 5}], dev={"sw": plain})
    left = list(shots.withhold().evaluation["dev"]["sw"])
    assert len(left) == 15
    assert not [row for row in left if row in shots.chosen["sw"]]


def test_a_training_set_of_the_language_comes_before_its_dev_set():
    shots = make([{"sw": 50, "hi": 10}], train={"sw": [{"text": f"t{n}", "label": 0} for n in range(50)]})
    assert (shots.get_split("sw"), shots.get_split("hi")) == ("train", "dev")
    assert all(row["text"].startswith("t") for row in shots.chosen["sw"])
    assert len(list(shots.withhold().evaluation["dev"]["sw"])) == 90  # the items that hi gives are parallel


def test_test_rows_are_never_given_and_never_withheld():
    shots = make([{"sw": 10}], dev={"en": rows("en")})
    assert shots.get_split("sw") is None
    assert not shots.chosen
    whole = make([{"sw": 10}])
    assert list(whole.withhold().evaluation["test"]["sw"]) == rows("sw")


def test_a_dev_set_gives_half_of_its_rows_at_most():
    shots = make([{"sw": 10}, {"sw": 50}, {"sw": 51}])
    assert len(shots.chosen["sw"]) == 50
    assert shots.select({"sw": 51}.items()) == {}
    assert items(shots.select({"sw": 10}.items())["sw"]) == items(shots.chosen["sw"])[:10]


def test_withheld_sets_have_sources_of_their_own():
    sources = {make([{"sw": 10}], seed=seed).withhold().evaluation["dev"]["sw"].source for seed in (0, 1)}
    sources |= {make([{"sw": 20}]).withhold().evaluation["dev"]["sw"].source}
    assert len(sources) == 3


def test_training_rows_name_their_language_and_no_item():
    (row,) = make_training_rows({"sw": rows("sw")[:1]})
    assert row == {"text": "sw 99", "label": 2, "language": "sw"}
