from collections import Counter
from datetime import date, timedelta
from itertools import islice
from random import Random

import pytest

from trainables.benchmarks.miniature import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world import DATE_KINDS, PLACE_KINDS, WorldRecord, draw_records
from trainables.benchmarks.miniature.world._records import (
    DAY_COUNT,
    FIRST_DAY,
    draw_other_code,
    get_place_facts,
    list_codes,
)
from trainables.benchmarks.miniature.world._rendering import render_name

KINDS = PLACE_KINDS + DATE_KINDS
SPLITS = ("train", "dev", "test")


def test_a_record_belongs_to_one_split_for_good():
    splits = {day: WorldRecord("KE", date(2021, 1, day)).split for day in (8, 9, 13)}
    assert splits == {8: "train", 9: "dev", 13: "test"}


def test_eight_in_ten_records_are_for_training_and_one_for_dev_and_one_for_test():
    days = [FIRST_DAY + timedelta(days=i) for i in range(DAY_COUNT)]
    shares = Counter(WorldRecord(territory, day).split for territory in sorted(get_place_facts())[:10] for day in days)
    total = shares.total()
    assert shares["train"] / total == pytest.approx(0.8, abs=0.02)
    assert shares["dev"] / total == pytest.approx(0.1, abs=0.02)
    assert shares["test"] / total == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("split", SPLITS)
def test_records_of_a_split_are_distinct_and_of_that_split(split):
    drawn = list(islice(draw_records(split, Random(0)), 1000))
    assert len(set(drawn)) == 1000
    assert {record.split for record in drawn} == {split}


def test_records_are_decided_by_the_random_numbers():
    first, second, other = (list(islice(draw_records("dev", Random(seed)), 20)) for seed in (0, 0, 1))
    assert first == second
    assert first != other


def test_a_territory_pays_with_a_currency_of_its_own():
    assert get_place_facts()
    assert all(facts["currency"].startswith(territory) for territory, facts in get_place_facts().items())


def test_a_language_is_spoken_in_three_territories_at_least():
    assert min(Counter(facts["language"] for facts in get_place_facts().values()).values()) >= 3


def test_a_known_territory_has_its_known_facts():
    assert get_place_facts()["MX"] == {"continent": "019", "currency": "MXN", "language": "es"}


@pytest.mark.parametrize("kind", PLACE_KINDS)
def test_every_territory_and_its_facts_have_names_in_every_language(kind):
    for language in MINIATURE_LANGUAGES:
        for territory, facts in get_place_facts().items():
            assert render_name(None, territory, language).strip() not in ("", territory)
            assert render_name(kind, facts[kind], language).strip() not in ("", facts[kind])


def test_facts_of_a_date_are_its_month_and_its_weekday():
    record = WorldRecord("KE", date(2024, 2, 29))
    assert record.fact("month") == "2"
    assert record.fact("weekday") == "3"


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_is_one_of_its_kinds_codes(kind):
    drawn = islice(draw_records("train", Random(1)), 200)
    assert {record.fact(kind) for record in drawn} <= set(list_codes(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_another_code_is_any_but_the_one_given(kind):
    code, rng = list_codes(kind)[0], Random(0)
    drawn = {draw_other_code(kind, code, rng) for _ in range(1000)}
    assert drawn == set(list_codes(kind)) - {code}
