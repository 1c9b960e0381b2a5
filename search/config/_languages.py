"""The config of languages: source languages, rows that the table lacks, and what the encoder was pre-trained on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from search.config._checks import check_languages
from search.config._own_task import find_catalogue, find_languages
from search.config._sections import GeneralizedTransfer
from search.config._stage_space import ConfigSection
from trainables.benchmarks import TWO_TEXT_KINDS
from trainables.cards import TaskCard
from trainables.languages import (
    DEFAULT_SOURCE,
    LANGUAGES,
    PRETRAINING_LANGUAGES,
    UNKNOWN,
    Language,
    LanguageRules,
    identify_pretraining,
    resolve_language,
)

_CODE = r"^[a-z]{2,3}(_[A-Z][a-z]{3})?$"
TableCode = Annotated[str, Field(pattern=_CODE)]
"""A code of ISO 639, if needed with a script of ISO 15924: ``xx``, ``xxx``, ``xxx_Latn``."""


class LanguageRow(ConfigSection):
    """A language that the table lacks."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    family: Annotated[str, Field(min_length=1, max_length=100)]
    """Scores are averaged by family: write one of the table's where it is the same."""
    branch: Annotated[str, Field(max_length=100)] = ""
    script: Annotated[str, Field(pattern=r"^[A-Z][a-z]{3}$")] = "Latn"
    """Its code of ISO 15924."""


def check_language_table(table: Mapping[str, LanguageRow]) -> None:
    """Refuse codes that the table has.

    Raises:
        ValueError: with these codes and their names.
    """
    if known := [code for code in table if code in LANGUAGES]:
        names = ", ".join(f"{code} ({LANGUAGES[code].name})" for code in known)
        raise ValueError(f"the table has {names}: leave it out, or write another code")


def resolve_languages(codes: Sequence[str], fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes in any usual form as the table has them.

    Args:
        codes: of a config.
        fields: its valid fields.

    Raises:
        ValueError: for a code that means no language or several, or one that is listed twice.
    """
    found: dict[str, str] = {}
    for code in codes:
        resolved = resolve_language(code, fields.get("language_table", {}))
        if resolved in found:
            raise ValueError(f"a language is listed twice: {found[resolved]}, {code}")
        found[resolved] = code
    return tuple(found)


def check_encoder_languages(value: str | tuple[str, ...], fields: Mapping[str, Any]) -> str | tuple[str, ...]:
    """The name of a list, or codes as the table has them.

    Raises:
        ValueError: for another name.
    """
    if not isinstance(value, str):
        return resolve_languages(value, fields)
    if value not in (*PRETRAINING_LANGUAGES, UNKNOWN):
        raise ValueError(
            f"unknown list {value!r}; allowed: {', '.join(PRETRAINING_LANGUAGES)}, {UNKNOWN}, or a list of codes: [en, sw]"
        )
    return value


def find_rules(fields: Mapping[str, Any]) -> LanguageRules:
    """What a config's valid fields say about languages."""
    table: Mapping[str, LanguageRow] = fields.get("language_table") or {}
    rows = (Language(code, row.name, row.family, row.branch, row.script) for code, row in table.items())
    return LanguageRules(
        source=tuple(fields.get("source") or DEFAULT_SOURCE),
        pretraining=fields.get("encoder_languages") or "xlm-r",
        added=tuple(rows),
    )


def check_source(source: Iterable[str], cards: Mapping[str, TaskCard], targets: Iterable[str]) -> None:
    """Check that every target that is trained has training rows in every source language.

    Raises:
        ValueError: with the languages that it has.
    """
    for target in targets:
        trained = cards[target].train_languages
        if missing := [code for code in source if code not in trained] if trained else []:
            raise ValueError(
                f"{target} has no training rows in {', '.join(missing)}, a source language; it has: {', '.join(trained)}"
            )


class LanguageChecks(ConfigSection):
    """Checks of the fields of languages."""

    @field_validator("language_table", check_fields=False)
    @classmethod
    def _check_language_table(cls, table: dict[str, LanguageRow]) -> dict[str, LanguageRow]:
        check_language_table(table)
        return table

    @field_validator("encoder_languages", check_fields=False)
    @classmethod
    def _find_encoder_languages(
        cls, value: str | tuple[str, ...] | None, info: ValidationInfo
    ) -> str | tuple[str, ...] | None:
        if value is not None:
            return check_encoder_languages(value, info.data)
        if info.context or "encoder" not in info.data:  # a search of an earlier version keeps the rule of its time
            return None
        found = identify_pretraining(info.data["encoder"])
        return None if found == "xlm-r" else found

    @field_validator("source", check_fields=False)
    @classmethod
    def _resolve_source(cls, source: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return resolve_languages(source, info.data)

    @field_validator("languages", check_fields=False)
    @classmethod
    def _check_target_languages(cls, languages: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if languages is not None and (cards := find_catalogue(info.data)):
            languages = resolve_languages(languages, info.data)
            check_languages(
                languages, find_languages(info.data), cards, info.data.get("targets", ()), find_rules(info.data)
            )
        return languages

    @field_validator("generalized", check_fields=False)
    @classmethod
    def _check_generalized(cls, generalized: GeneralizedTransfer, info: ValidationInfo) -> GeneralizedTransfer:
        cards = find_catalogue(info.data)
        kinds = {cards[target].kind for target in info.data.get("targets", ()) if target in cards}
        if generalized.pairs and kinds and not kinds & TWO_TEXT_KINDS:
            raise ValueError(f"pairs of languages need a target of two texts: {', '.join(sorted(TWO_TEXT_KINDS))}")
        languages = find_languages(info.data)
        rules = find_rules(info.data)
        if generalized.pairs and languages and sum(map(rules.counts, languages)) < 2:
            raise ValueError(
                f"pairs of languages need two languages other than {rules.name_source()} that encoders are pre-trained on"
            )
        return generalized
