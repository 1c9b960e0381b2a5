"""CLDR's own alternative names as synonyms: short and abbreviated forms, plurals, symbols."""

from collections import defaultdict
from functools import cache

from babel.numbers import get_currency_name, get_currency_symbol

from trainables.benchmarks.miniature._cards import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world._records import get_locale, list_codes
from trainables.synonyms import Synonyms


@cache
def build_synonyms() -> Synonyms:
    """Every name of a month, a weekday or a currency with the other names that the same language has for it.

    One table for all languages, as a published dictionary is: a word that two languages share has the neighbours of both.
    """
    table: dict[str, list[str]] = defaultdict(list)
    for language in MINIATURE_LANGUAGES:
        for name, *others in _collect_alternatives(language):
            table[name.lower()] += others
    return Synonyms.from_table(table)


def _collect_alternatives(language: str) -> list[list[str]]:
    """For each month, weekday and currency its usual name, then the others."""
    where = get_locale(language)
    months = [[where.months[form][width][n] for form, width in _MONTH_FORMS] for n in range(1, 13)]
    days = [[where.days[form][width][n] for form, width in _DAY_FORMS] for n in range(7)]
    currencies = [
        [
            where.currencies[code],
            get_currency_name(code, count=2, locale=where),
            get_currency_symbol(code, locale=where),
        ]
        for code in list_codes("currency")
    ]
    return [[str(name) for name in names] for names in (*months, *days, *currencies)]


_MONTH_FORMS = (("format", "wide"), ("format", "abbreviated"), ("stand-alone", "wide"))
_DAY_FORMS = (("format", "wide"), ("format", "abbreviated"), ("format", "short"))
