"""The analysis made safe to show: text without control characters, numbers that are finite."""

import math
import unicodedata
from typing import Any

MAX_TEXT_LENGTH = 2000
"""Most letters of a text; the middle of a longer one is left out, as texts are measured letter by letter."""
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Letters that change the direction of the text after them: a name could rewrite the sentence around it."""


def clean_document(value: Any) -> Any:
    """A JSON document without control characters, lone surrogates and changes of direction in texts and keys; numbers that are
    not finite become null."""
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
