"""The analysis as it may be shown: text without what would tear a page or a drawing, numbers that are numbers."""

import math
import unicodedata
from typing import Any

MAX_TEXT_LENGTH = 2000
"""Letters of a text: the middle of a longer one is left out, which would be measured letter by letter for every place it might be cut."""
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Letters that turn the direction of what follows them: a name could rewrite the sentence around it."""


def clean_document(value: Any) -> Any:
    """A JSON document with control characters, lone surrogates and turns of direction taken out of every text and key, and null in
    the place of numbers that are not finite."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT_LENGTH:
            value = f"{value[: MAX_TEXT_LENGTH // 2]} [...] {value[-MAX_TEXT_LENGTH // 2 :]}"
        return "".join(map(_clean_letter, value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_document(key): clean_document(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [clean_document(member) for member in value]
    return value


def _clean_letter(letter: str) -> str:
    if letter in _BIDI_CONTROLS:
        return ""
    kind = unicodedata.category(letter)
    if kind == "Cs" or letter in "\ufffe\uffff":
        return "\ufffd"
    return " " if kind in ("Cc", "Zl", "Zp") else letter
