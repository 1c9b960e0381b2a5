"""What an encoder reads of a text, unpadded, and the languages of a row's texts."""

from collections.abc import Mapping
from typing import Any

from trainables.languages import SOURCE_LANGUAGE

Feature = dict[str, Any]
"""``input_ids``, ``attention_mask``; for BERT ``token_type_ids``, for models with language embeddings ``langs``; unpadded. For X-MOD
``lang_ids``, the number of the adapter of a text."""
Span = tuple[int, int]
"""The first character, and the one after the last."""


def get_row_languages(row: Mapping[str, Any], second: str | None = None) -> tuple[str, str]:
    """The languages of a row's first and second text: its ``language`` and ``second_language``.

    Args:
        row: of a task; without ``language`` it is in English.
        second: the second text's language where the row has no ``second_language``; None: the first's.
    """
    first = row.get("language") or SOURCE_LANGUAGE
    return first, row.get("second_language") or second or first
