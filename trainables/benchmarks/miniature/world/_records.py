"""The world of the miniature: territories, dates and the facts that join them, from Unicode CLDR.

A *record* is a territory and a date. Facts about it are codes (a continent, a currency, an official language, a month,
a weekday), never text, so that every record can be rendered in every language. Facts recur, records do not: each record
belongs to one split by its hash, so that no record is both trained on and scored on.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Literal

from babel import Locale
from babel.core import get_global

from trainables.benchmarks.miniature._cards import MINIATURE_LANGUAGES
from trainables.languages import LANGUAGES

RecordSplit = Literal["train", "dev", "test"]
FactKind = Literal["continent", "currency", "language", "month", "weekday"]

PLACE_KINDS: tuple[FactKind, ...] = ("continent", "currency", "language")
DATE_KINDS: tuple[FactKind, ...] = ("month", "weekday")

FIRST_DAY, DAY_COUNT = date(2021, 1, 1), 4 * 365 + 1

_CONTINENT_OF_ZONE = {
    "Africa": "002",
    "America": "019",
    "Asia": "142",
    "Australia": "009",
    "Europe": "150",
    "Pacific": "009",
}
_CLDR_TABLE: dict[str, str] = {"continent": "territories", "currency": "currencies", "language": "languages"}


@dataclass(frozen=True, slots=True, order=True)
class WorldRecord:
    """A territory (ISO 3166 code) and a date: the content of one example."""

    territory: str
    date: date

    @property
    def split(self) -> RecordSplit:
        """The split of the record, by its hash: 80 % train, 10 % dev, 10 % test."""
        digest = hashlib.sha256(f"{self.territory} {self.date.isoformat()}".encode()).digest()
        bucket = digest[0] % 10
        return "train" if bucket < 8 else "dev" if bucket == 8 else "test"

    def fact(self, kind: FactKind) -> str:
        """The code of a fact of this record, such as ``EUR`` for ``currency`` or ``3`` for ``month``."""
        if kind == "month":
            return str(self.date.month)
        if kind == "weekday":
            return str(self.date.weekday())
        return get_place_facts()[self.territory][kind]


@cache
def get_locale(language: str) -> Locale:
    """The CLDR locale of a language of the table."""
    return Locale.parse(LANGUAGES[language].locale)


@cache
def get_place_facts() -> dict[str, dict[FactKind, str]]:
    """Continent, currency and official language of each territory of the world, by territory code.

    A territory is in the world if it lies on one continent by its time zones, pays with a currency of its own (ISO 4217
    names it after the territory), shares its first official language with two other such territories at least, and is named,
    with all its facts, in all 49 languages.
    """
    candidates = {
        territory: facts
        for territory, continent in sorted(_find_continents().items())
        if (facts := _find_facts(territory, continent)) and _is_named_everywhere(territory, facts)
    }
    speakers = Counter(facts["language"] for facts in candidates.values())
    return {territory: facts for territory, facts in candidates.items() if speakers[facts["language"]] > 2}


def _find_continents() -> dict[str, str]:
    continents: dict[str, set[str]] = {}
    for zone, territory in get_global("zone_territories").items():
        if continent := _CONTINENT_OF_ZONE.get(zone.split("/")[0]):
            continents.setdefault(territory, set()).add(continent)
    return {territory: found.pop() for territory, found in continents.items() if len(found) == 1}


def _find_facts(territory: str, continent: str) -> dict[FactKind, str] | None:
    tenders = [
        code for code, _, end, tender in get_global("territory_currencies").get(territory, ()) if tender and not end
    ]
    own = [code for code in tenders if code.startswith(territory)]
    official = [
        (share["population_percent"], language.split("_")[0])
        for language, share in get_global("territory_languages").get(territory, {}).items()
        if share["official_status"] in ("official", "de_facto_official")
    ]
    if not own or not official:
        return None
    return {"continent": continent, "currency": own[0], "language": max(official)[1]}


def _is_named_everywhere(territory: str, facts: dict[FactKind, str]) -> bool:
    tables = [("territories", territory), *((_CLDR_TABLE[kind], code) for kind, code in facts.items())]
    return all(
        getattr(get_locale(language), table).get(code, code) != code
        for language in MINIATURE_LANGUAGES
        for table, code in tables
    )


@cache
def list_codes(kind: FactKind) -> tuple[str, ...]:
    """Every code that a fact of this kind takes in the world, sorted."""
    if kind == "month":
        return tuple(str(month) for month in range(1, 13))
    if kind == "weekday":
        return tuple(str(day) for day in range(7))
    return tuple(sorted({facts[kind] for facts in get_place_facts().values()}))


def draw_other_code(kind: FactKind, code: str, rng: Random) -> str:
    """A code of the same kind that is not `code`, uniformly."""
    return rng.choice([other for other in list_codes(kind) if other != code])


def draw_records(split: RecordSplit, rng: Random) -> Iterator[WorldRecord]:
    """Distinct records of a split in random order; there are tens of thousands in each split."""
    territories = sorted(get_place_facts())
    seen: set[WorldRecord] = set()
    while True:
        record = WorldRecord(rng.choice(territories), FIRST_DAY + timedelta(days=rng.randrange(DAY_COUNT)))
        if record.split == split and record not in seen:
            seen.add(record)
            yield record
