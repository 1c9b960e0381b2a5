"""What a search says about languages: the source languages, those that the encoder has seen, and rows added to the table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainables.languages._encoders import UNKNOWN, is_in_list
from trainables.languages._language import Language
from trainables.languages._table import DEFAULT_SOURCE, LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRules:
    """Which languages enter means over families, and under which family. The default is that of earlier versions: trained in English,
    and seen as XLM-R has seen."""

    source: tuple[str, ...] = DEFAULT_SOURCE
    """The languages that targets are trained in; they are excluded from means over families."""
    pretraining: str | tuple[str, ...] = "xlm-r"
    """The encoder's pre-training languages: a name of `PRETRAINING_LANGUAGES`, the codes themselves, or ``unknown``. If they are unknown,
    all languages but the source count."""
    added: tuple[Language, ...] = ()
    """Rows that the table lacks."""

    def get_language(self, code: str) -> Language | None:
        """The row of a language; None where there is none."""
        return next((row for row in self.added if row.code == code), None) or LANGUAGES.get(code)

    def get_name(self, code: str) -> str:
        """The name of a language; its code where there is no row."""
        row = self.get_language(code)
        return row.name if row else code

    def get_family(self, code: str) -> str:
        """The family of a language.

        Raises:
            KeyError: for a language without a row.
        """
        row = self.get_language(code)
        if row is None:
            raise KeyError(code)
        return row.family

    def is_seen(self, code: str) -> bool | None:
        """Whether the encoder was pre-trained on a language; None where that is unknown."""
        if isinstance(self.pretraining, tuple):
            return code in self.pretraining
        return is_in_list(self.pretraining, code)

    def name_source(self) -> str:
        """The source languages by name: ``English``, ``English and Arabic``."""
        names = [self.get_name(code) for code in self.source]
        return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]

    @property
    def knows_pretraining(self) -> bool:
        """Whether it is known what the encoder was pre-trained on."""
        return self.pretraining != UNKNOWN

    def counts(self, code: str) -> bool:
        """Whether a language enters means over families: it is not a source language and not known to be unseen."""
        return code not in self.source and self.is_seen(code) is not False

    def __bool__(self) -> bool:
        """Whether anything differs from the default."""
        return self != LanguageRules()

    def to_json(self) -> dict[str, Any]:
        """What differs from the default, as JSON types."""
        document = {
            "source": list(self.source),
            "pretraining": list(self.pretraining) if isinstance(self.pretraining, tuple) else self.pretraining,
            "added": [_describe_row(row) for row in self.added],
        }
        default = {"source": [*DEFAULT_SOURCE], "pretraining": "xlm-r", "added": []}
        return {name: value for name, value in document.items() if value != default[name]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> "LanguageRules":
        """The inverse of `to_json`; the default for None."""
        document = document or {}
        own = document.get("pretraining", "xlm-r")
        return cls(
            source=tuple(document.get("source", DEFAULT_SOURCE)),
            pretraining=own if isinstance(own, str) else tuple(own),
            added=tuple(Language(**row) for row in document.get("added", ())),
        )


def _describe_row(row: Language) -> dict[str, str]:
    return {
        name: value for name, value in asdict(row).items() if name in ("code", "name", "family", "branch", "script")
    }
