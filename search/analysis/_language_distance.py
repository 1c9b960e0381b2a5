"""Distances of languages from English."""

import logging
from contextlib import suppress
from functools import cache

from trainables.languages import LANGUAGES, SOURCE_LANGUAGE

_CODES = """
af afr, ar arb, az azj, bg bul, bn ben, de deu, el ell, en eng, es spa, et ekk, eu eus, fa pes, fi fin, fr fra, gu guj, he heb, hi hin,
ht hat, hu hun, id ind, it ita, ja jpn, jv jav, ka kat, kk kaz, ko kor, lt lit, ml mal, mr mar, ms zsm, my mya, nl nld, pa pan, pl pol,
pt por, qu quy, ro ron, ru rus, sw swh, ta tam, te tel, th tha, tl tgl, tr tur, uk ukr, ur urd, vi vie, wo wol, yo yor, zh cmn
"""
ISO_639_3 = dict(pair.split() for pair in _CODES.split(","))
"""Codes of URIEL+; where ours is a macrolanguage, that of one individual language."""
DISTANCE_KINDS = ("syntactic", "geographic", "featural")
"""Distances of URIEL+ (Khan et al., COLING 2025) that nearly every language has."""


def load_language_distances() -> dict[str, dict[str, float]]:
    """By measure and language, the distance from English in 0..1: URIEL+ distances with the extra ``distances``; always script and family (0
    for English's, 1 for any other)."""
    source = LANGUAGES[SOURCE_LANGUAGE]
    return _load_uriel() | {
        "another script than English": {code: float(each.script != source.script) for code, each in LANGUAGES.items()},
        "another family than English": {code: float(each.family != source.family) for code, each in LANGUAGES.items()},
    }


@cache  # URIEL+ reads all its arrays each time
def _load_uriel() -> dict[str, dict[str, float]]:
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
            for code, iso in ISO_639_3.items():
                with suppress(ValueError):  # no feature that both have
                    own[code] = float(measure([ISO_639_3[SOURCE_LANGUAGE], iso]))
        return found
    finally:
        logging.root.setLevel(level)
        logging.root.handlers[:] = handlers  # URIEL+ sets up logging for its whole process when it is imported
