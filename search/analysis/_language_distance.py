"""Distances of languages from the source language."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from trainables.languages import LANGUAGES, XTREME_R_LANGUAGES, LanguageRules

_CODES = """
af afr, ar arb, az azj, bg bul, bn ben, de deu, el ell, en eng, es spa, et ekk, eu eus, fa pes, fi fin, fr fra, gu guj, he heb, hi hin,
ht hat, hu hun, id ind, it ita, ja jpn, jv jav, ka kat, kk kaz, ko kor, lt lit, ml mal, mr mar, ms zsm, my mya, nl nld, pa pan, pl pol,
pt por, qu quy, ro ron, ru rus, sw swh, ta tam, te tel, th tha, tl tgl, tr tur, uk ukr, ur urd, vi vie, wo wol, yo yor, zh cmn
"""
ISO_639_3 = dict(pair.split() for pair in _CODES.split(","))
"""Codes of URIEL+; where ours is a macrolanguage, that of one individual language."""
DISTANCE_KINDS = ("syntactic", "geographic", "featural")
"""Distances of URIEL+ (Khan et al., COLING 2025) that nearly every language has."""


def load_language_distances(languages: Iterable[str], rules: LanguageRules) -> dict[str, dict[str, float]]:
    """By measure and language, the distance from the source language in 0..1, of several the first: URIEL+ distances with the extra
    ``distances``; always script and family (0 for the source's, 1 for any other).

    Args:
        languages: besides XTREME-R's.
        rules: the source language, and languages that the table lacks.
    """
    codes = [code for code in dict.fromkeys((*XTREME_R_LANGUAGES, *sorted(languages))) if rules.get_language(code)]
    rows = {code: row for code in codes if (row := rules.get_language(code))}
    source = rules.get_language(rules.source[0])
    if source is None:
        return {}
    return _load_uriel(source.code, tuple(rows)) | {
        f"another script than {source.name}": {code: float(row.script != source.script) for code, row in rows.items()},
        f"another family than {source.name}": {code: float(row.family != source.family) for code, row in rows.items()},
    }


def find_iso_639_3(code: str) -> str | None:
    """URIEL+'s code of a language; None for one that the table lacks."""
    if code in ISO_639_3:
        return ISO_639_3[code]
    return LANGUAGES[code].iso_639_3[0] if code in LANGUAGES else None


@cache  # URIEL+ reads all its arrays each time
def _load_uriel(source: str, languages: tuple[str, ...]) -> dict[str, dict[str, float]]:
    level, handlers = logging.root.level, logging.root.handlers[:]
    try:
        from urielplus.urielplus import URIELPlus
    except ImportError:
        return {}
    try:
        logging.root.setLevel(logging.ERROR)  # it tells of every file it opens on the root logger
        uriel = URIELPlus()
        found: dict[str, dict[str, float]] = {}
        for kind in DISTANCE_KINDS:
            measure = getattr(uriel, f"new_{kind}_distance")
            own = found.setdefault(f"URIEL+ {kind}", {})
            for code in languages:
                with suppress(ValueError):  # no feature that both have, or not a language of URIEL+
                    own[code] = float(measure([find_iso_639_3(source), find_iso_639_3(code)]))
        return found
    finally:
        logging.root.setLevel(level)
        logging.root.handlers[:] = handlers  # URIEL+ sets up logging for its whole process when it is imported
