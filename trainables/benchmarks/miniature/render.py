"""Records as text, in each language's own script, word order and list pattern (Unicode CLDR through Babel)."""

from functools import cache

from babel.dates import format_date
from babel.lists import format_list

from trainables.benchmarks.miniature.world import Kind, Record, locale


@cache
def name(kind: Kind | None, code: str, language: str) -> str:
    """The name of a code in a language; ``kind=None`` names a territory.

    Months and weekdays take CLDR's *format* form, the one a date uses: stand-alone tables are aliased between locales.
    """
    where = locale(language)
    match kind:
        case None:
            return str(where.territories[code])
        case "continent":
            return str(where.territories[code])
        case "currency":
            return str(where.currencies[code])
        case "language":
            return str(where.languages[code])
        case "month":
            return str(where.months["format"]["wide"][int(code)])
        case "weekday":
            return str(where.days["format"]["wide"][int(code)])


def place(record: Record, language: str) -> str:
    """The record's territory."""
    return name(None, record.territory, language)


def fact(record: Record, kind: Kind, language: str) -> str:
    """One fact of the record."""
    return name(kind, record.fact(kind), language)


def day(record: Record, language: str) -> str:
    """The record's date in CLDR's full format: weekday, day, month and year in the language's own order."""
    return str(format_date(record.date, "full", locale=locale(language)))


def enumeration(parts: list[str], language: str) -> str:
    """The parts as a list of the language: «a, b and c»."""
    return str(format_list(parts, locale=locale(language)))


def separator(last: bool, language: str) -> list[str]:
    """The words between two parts of an enumeration: before the last part, or earlier."""
    patterns = locale(language).list_patterns["standard"]
    pattern = str(patterns["end" if last else "middle"])
    return pattern.replace("{0}", " ").replace("{1}", " ").split()


def located(parts: list[str], language: str) -> tuple[str, list[int]]:
    """The parts as a list of the language, and where in it each part begins."""
    marks = [chr(_PRIVATE_USE + i) for i in range(len(parts))]
    text = enumeration(marks, language)
    starts = []
    for mark, part in zip(marks, parts, strict=True):
        starts.append(text.index(mark))
        text = text.replace(mark, part)
    return text, starts


_PRIVATE_USE = 0xE000
