"""The table of languages."""

from collections.abc import Iterator

from trainables.languages._language import Language
from trainables.languages._more_rows import MORE_ROWS
from trainables.languages._pretraining_languages import XLM_R
from trainables.languages._xtreme_r import XTREME_R_ISO_639_3, XTREME_R_ROWS

SOURCE_LANGUAGE = "en"
DEFAULT_SOURCE = (SOURCE_LANGUAGE,)
"""The source languages where none are named."""
"""The source language of a search that names none."""


def _parse_xtreme_r(row: str) -> Language:
    named, family, branch, script, resources = (cell.strip() for cell in row.split("|"))
    code, name = named.split(maxsplit=1)
    return Language(code, name, family, branch, script, code in XLM_R, int(resources), XTREME_R_ISO_639_3[code])


def _parse(row: str) -> Language:
    named, family, branch, script = (cell.strip() for cell in row.split("|"))
    code, iso, name = named.split(maxsplit=2)
    return Language(code, name, family, branch, script, code in XLM_R, None, tuple(iso.split(",")))


def _read_rows() -> Iterator[Language]:
    yield from map(_parse_xtreme_r, XTREME_R_ROWS.strip().splitlines())
    yield from map(_parse, MORE_ROWS.strip().splitlines())


LANGUAGES: dict[str, Language] = {each.code: each for each in sorted(_read_rows(), key=lambda each: each.code)}
"""Every language of the table by its code, in alphabetical order of the codes."""

XTREME_R_LANGUAGES: tuple[str, ...] = tuple(XTREME_R_ISO_639_3)
"""The codes of XTREME-R's fifty languages, in alphabetical order."""
