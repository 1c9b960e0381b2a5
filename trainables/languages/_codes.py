"""Codes of languages in any usual form, resolved to the table's."""

import re
from collections.abc import Collection, Iterator, Mapping

from trainables.languages._language import Language
from trainables.languages._table import LANGUAGES

CODE_PATTERN = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|\d{3}))?", re.I
)
"""A language of ISO 639, then perhaps a script of ISO 15924, then perhaps a region."""

AMBIGUOUS_CODES: Mapping[str, tuple[str, ...]] = {
    "ber": ("kab", "taq", "tzm"),
    "bh": ("bho", "mag", "mai"),
    "bih": ("bho", "mag", "mai"),
    "no": ("nb", "nn"),
    "nor": ("nb", "nn"),
    "sh": ("bs", "hr", "sr"),
    "hbs": ("bs", "hr", "sr"),
}
"""Codes of groups of languages that have several rows in the table. Other macrolanguages mean their usual member: ``ku`` is Northern
Kurdish, as in CLDR and in XLM-R's data."""

_OTHER_CODES = {"fil": "tl", "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}
"""Former codes of ISO 639, and Filipino, which is standardised Tagalog."""
_CODES_OF_COUNTRIES = {
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "jp": "ja",
    "kr": "ko",
    "rs": "sr",
    "ua": "uk",
    "us": "en",
    "vn": "vi",
}
"""Codes of countries that are often written for the code of their language."""
_TRADITIONAL_REGIONS = {"TW", "HK", "MO"}
"""Regions whose Chinese is written in traditional characters, by CLDR's likely subtags."""
_SAME_SCRIPTS = {"Hang": "Kore"}
"""FLORES-200 files Korean under Hangul alone."""


class LanguageCodeError(ValueError):
    """A code that is no language of the table, or several."""


def resolve_language(code: str, added: Collection[str] = ()) -> str:
    """The table's code for a code in any usual form: ``sw``, ``swa``, ``swh``, ``swh_Latn`` and ``sw-KE`` are ``sw``; ``zho_Hans`` and
    ``zh-CN`` are ``zh``; ``zh-TW`` is ``zh_Hant``. A region of any other language is left out.

    Args:
        code: what a user wrote; upper and lower case are the same.
        added: codes that a config adds to the table; they are taken as they are.

    Raises:
        LanguageCodeError: for a code that means several languages, with the choices, or none.
    """
    if code in added or code in LANGUAGES:
        return code
    parts = CODE_PATTERN.fullmatch(code.strip())
    if parts is None:
        raise LanguageCodeError(_explain_no_code(code))
    language, script = parts["language"].lower(), (parts["script"] or "").title()
    if language in AMBIGUOUS_CODES:
        raise LanguageCodeError(
            f"{code!r} means several languages; write one of: {describe(AMBIGUOUS_CODES[language])}"
        )
    if (
        not script
        and language in ("zh", "zho", "cmn", "chi")
        and (parts["region"] or "").upper() in _TRADITIONAL_REGIONS
    ):
        script = "Hant"
    rows = _ROWS_BY_CODE.get(_OTHER_CODES.get(language, language), ())
    if not rows:
        meant = _CODES_OF_COUNTRIES.get(language)
        right = f"write {describe((meant,))} if that is meant" if meant else "correct it"
        raise LanguageCodeError(
            f"unknown language {code!r}: {right}, or add it to language_table, with name, family, branch and script"
        )
    script = _SAME_SCRIPTS.get(script, script)
    found = [row for row in rows if row.script == script] if script else rows[:1]
    if not found:
        raise LanguageCodeError(
            f"the table has {rows[0].name} in other scripts than {script}: {describe(row.code for row in rows)}; "
            "add it to language_table under another code"
        )
    return found[0].code


def _explain_no_code(code: str) -> str:
    named = tuple(row.code for row in LANGUAGES.values() if row.name.casefold() == code.strip().casefold())
    if named:
        return f"{code!r} is the name of a language; write its code: {describe(named)}"
    return f"{code!r} is not a language code; write one of ISO 639, if needed with a script: sw, swh, swh_Latn, zh-Hans"


def describe(codes: "Iterator[str] | tuple[str, ...]") -> str:
    """Codes with their names: ``nb (Norwegian Bokmål)``."""
    return ", ".join(f"{code} ({LANGUAGES[code].name}, {LANGUAGES[code].script})" for code in codes)


def _index_rows() -> dict[str, tuple[Language, ...]]:
    """Rows by every code of ISO 639; of a language in several scripts, the row in its usual script first."""
    found: dict[str, list[Language]] = {}
    for row in sorted(LANGUAGES.values(), key=lambda row: "_" in row.code):
        for code in {row.code.partition("_")[0], *row.iso_639_3}:
            found.setdefault(code, []).append(row)
    return {code: tuple(rows) for code, rows in found.items()}


_ROWS_BY_CODE = _index_rows()
