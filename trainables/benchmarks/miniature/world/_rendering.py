"""Records as text, in each language's own script, word order and list pattern (Unicode CLDR through Babel)."""

from functools import cache

from babel.dates import format_date
from babel.lists import format_list

from trainables.benchmarks.miniature.world._records import FactKind, WorldRecord, get_locale


@cache
def render_name(kind: FactKind | None, code: str, language: str) -> str:
    """The name of a code in a language; ``kind=None`` names a territory.

    Months and weekdays take CLDR's *format* form, the one a date uses: stand-alone tables are aliased between locales.
    """
    locale = get_locale(language)
    match kind:
        case None:
            return str(locale.territories[code])
        case "continent":
            return str(locale.territories[code])
        case "currency":
            return str(locale.currencies[code])
        case "language":
            return str(locale.languages[code])
        case "month":
            return str(locale.months["format"]["wide"][int(code)])
        case "weekday":
            return str(locale.days["format"]["wide"][int(code)])


def render_place(record: WorldRecord, language: str) -> str:
    """The record's territory."""
    return render_name(None, record.territory, language)


def render_fact(record: WorldRecord, kind: FactKind, language: str) -> str:
    """One fact of the record."""
    return render_name(kind, record.fact(kind), language)


def render_date(record: WorldRecord, language: str) -> str:
    """The record's date in CLDR's full format: weekday, day, month and year in the language's own order."""
    return str(format_date(record.date, "full", locale=get_locale(language)))


def render_list(parts: list[str], language: str) -> str:
    """The parts as a list of the language: «a, b and c»."""
    return str(format_list(parts, locale=get_locale(language)))


def get_separator_words(last: bool, language: str) -> list[str]:
    """The words between two parts of an enumeration: before the last part, or earlier."""
    patterns = get_locale(language).list_patterns["standard"]
    pattern = str(patterns["end" if last else "middle"])
    return pattern.replace("{0}", " ").replace("{1}", " ").split()


def render_list_with_offsets(parts: list[str], language: str) -> tuple[str, list[int]]:
    """The parts as a list of the language, and where in it each part begins."""
    marks = [chr(_PRIVATE_USE + i) for i in range(len(parts))]
    text = render_list(marks, language)
    starts = []
    for mark, part in zip(marks, parts, strict=True):
        starts.append(text.index(mark))
        text = text.replace(mark, part)
    return text, starts


_PRIVATE_USE = 0xE000
