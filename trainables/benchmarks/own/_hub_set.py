"""A set of the hub as a user's own task: its configurations by language, and its splits."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainables.cards import DatasetPart, DatasetSource, Row, RowFormat
from trainables.languages import LanguageCodeError, resolve_language
from trainables.own_tasks import LANGUAGE_PLACEHOLDERS, SPLIT_NAMES, OwnTask
from trainables.validation import DataError

_PLACEHOLDER = re.compile("|".join(map(re.escape, LANGUAGE_PLACEHOLDERS)))
_SHOWN = 8
"""Most configurations that a message names."""


@dataclass(frozen=True, slots=True)
class HubReader:
    """How sets of the hub, or of a folder of mirrors, are read."""

    list_configurations: Callable[[DatasetSource], Sequence[str]]
    list_splits: Callable[[DatasetSource, str], Sequence[str]]
    open_rows: Callable[[DatasetPart, str], Iterable[Row]]
    list_files: Callable[[OwnTask], tuple[Path, ...]]
    """The files of a mirror; none where the hub is read."""


@dataclass(frozen=True, slots=True)
class HubSplit:
    """One split of one configuration."""

    source: DatasetSource
    configuration: str
    their_split: str
    language: str | None
    split: str

    def __str__(self) -> str:
        return f"{self.source.repository}, configuration {self.configuration}, split {self.their_split}"

    def read_rows(self, hub: HubReader) -> Iterable[Row]:
        """Its rows, with the names of labels in place of numbers where the set has names."""
        return hub.open_rows(self.make_part(), "")

    def make_part(self) -> DatasetPart:
        """It as a part of a task, under the language ``""``."""
        return DatasetPart(
            source=self.source,
            row_format=RowFormat(columns={}),
            split=self.their_split,
            configuration={"": self.configuration},
            languages=("",),
        )


def make_hub_source(own: OwnTask) -> DatasetSource:
    """The source of a task's set."""
    converted = own.revision if own.revision.startswith("refs/convert/") else None
    return DatasetSource(
        repository=own.hub,
        licence=own.licence or "not stated",
        revision=converted,
        commit=None if converted else own.revision or None,
    )


def list_hub_splits(own: OwnTask, hub: HubReader) -> tuple[tuple[HubSplit, ...], list[str]]:
    """The splits of a task's set that are read, and notes about configurations that are not.

    Raises:
        DataError: when no configuration fits the pattern, or a configuration has none of the splits.
    """
    source, notes = make_hub_source(own), list[str]()
    configurations = _find_configurations(own, hub.list_configurations(source), notes)
    found: list[HubSplit] = []
    having_splits = {each: tuple(hub.list_splits(source, each)) for each in configurations.values()}
    _check_named_splits(own, having_splits)
    for language, configuration in configurations.items():
        having = having_splits[configuration]
        splits = _find_splits(own, having)
        if not splits:
            raise DataError(
                f"{own.hub}, configuration {configuration}: it has the splits {', '.join(having)}: say which is train, dev and test under tasks.{own.name}.splits"
            )
        found += [HubSplit(source, configuration, theirs, language, ours) for ours, theirs in splits.items()]
    return tuple(found), notes


def _find_configurations(own: OwnTask, having: Sequence[str], notes: list[str]) -> Mapping[str | None, str]:
    """The configurations that are read, by language; None for one with a column of languages, or of one language."""
    if _PLACEHOLDER.search(own.configuration) is None:
        wanted = own.configuration or (having[0] if len(having) == 1 else "default")
        if wanted not in having:
            raise DataError(f"{own.hub} has no configuration {wanted}; {_name_configurations(own, having)}")
        return {None: wanted}
    pattern, found, unknown = _build_pattern(own.configuration), dict[str | None, str](), list[str]()
    for configuration in sorted(having):
        if (match := pattern.fullmatch(configuration)) is None:
            continue
        try:
            language = resolve_language(match["language"], own.added)
        except LanguageCodeError:
            unknown.append(configuration)
            continue
        if found.setdefault(language, configuration) != configuration:
            raise DataError(
                f"{own.hub}: configurations {found[language]} and {configuration} are both {language}: write one into configuration"
            )
    if not found:
        raise DataError(f"{own.hub}: no configuration fits {own.configuration!r}; {_name_configurations(own, having)}")
    if missing := [code for code in own.languages_read if code not in found]:
        raise DataError(
            f"{own.hub}: no configuration in {', '.join(missing)}; it has {', '.join(sorted(map(str, found)))}"
        )
    if unknown and not own.languages_read:
        notes.append(
            f"{own.hub}: left out {len(unknown)} configurations whose code the table of languages lacks: {', '.join(unknown[:_SHOWN])}; add them to language_table"
        )
    return {code: each for code, each in found.items() if not own.languages_read or code in own.languages_read}


def _name_configurations(own: OwnTask, having: Sequence[str]) -> str:
    more = f" and {len(having) - _SHOWN} more" if len(having) > _SHOWN else ""
    return f"it has {', '.join(sorted(having)[:_SHOWN])}{more}: set tasks.{own.name}.configuration, with {LANGUAGE_PLACEHOLDERS[0]} where the language is"


def _build_pattern(configuration: str) -> re.Pattern[str]:
    before, after = _PLACEHOLDER.split(configuration, maxsplit=1)
    return re.compile(f"{re.escape(before)}(?P<language>.+?){re.escape(after)}")


def _find_splits(own: OwnTask, having: Sequence[str]) -> dict[str, str]:
    """Their names of our splits: that which the config names, else one of the usual names."""
    names = {**SPLIT_NAMES, **{ours: (theirs,) for ours, theirs in own.splits}}
    return {ours: theirs for ours, usual in names.items() for theirs in usual[::-1] if theirs in having}


def _check_named_splits(own: OwnTask, having: Mapping[str, Sequence[str]]) -> None:
    """Refuse a split that the config names and no configuration has: a dev set would be cut from the training rows in its place."""
    every = dict.fromkeys(split for splits in having.values() for split in splits)
    if unknown := [theirs for _, theirs in own.splits if theirs not in every]:
        raise DataError(
            f"{own.hub}: no configuration has a split {', '.join(unknown)}; the splits are {', '.join(every)}: "
            f"correct tasks.{own.name}.splits"
        )
