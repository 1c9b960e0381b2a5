"""The config of a task of one's own: files, columns, splits."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from search.config._stage_space import ConfigSection
from trainables.benchmarks import get_benchmark_languages, get_task_catalogue
from trainables.cards import TaskCatalogue
from trainables.languages import SOURCE_LANGUAGE, resolve_language
from trainables.own_tasks import OWN_KINDS, PLACE_COLUMNS, SPLIT_NAMES, OwnTask
from trainables.ranges import Seed
from trainables.validation import DataError


class CutSplit(ConfigSection):
    """How a missing dev set is cut from the training rows of each language."""

    dev: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    """Share of the training rows."""
    seed: Seed = 0
    """Rows are drawn by a hash of their item and this seed."""


class OwnTaskSettings(ConfigSection):
    """A task of one's own: rows of files, as a target or an intermediate task."""

    kind: str
    """What a row is: ``classification`` of a text or a pair, ``tagging``, ``multiple_choice`` or ``question_answering``."""
    files: str | tuple[str, ...]
    """A path, a list of paths or a pattern with ``*``, relative to the config; ``{language}`` and ``{split}`` in it say which rows a file holds.
    By the ending ``.csv``, ``.tsv``, ``.jsonl``, ``.parquet`` or ``.conll``."""
    columns: dict[str, str] = Field(default_factory=dict)
    """The files' names of the columns ``text``, ``text_pair``, ``label``, ``words``, ``tags``, ``context``, ``choices``, ``question``, ``answers``,
    ``language``, ``split`` and ``item`` (which identifies parallel rows of several languages). Default: the same names, for what the kind
    needs."""
    labels: tuple[str, ...] = ()
    """The labels in the order of their numbers. Default: those of the training rows, in alphabetical order."""
    language: str = ""
    """The language of rows of which neither a column nor the path says it. Default: the first source language."""
    splits: dict[str, str] = Field(default_factory=dict)
    """What the files call ``train``, ``dev`` and ``test``, if it is not that, or ``validation`` or ``valid`` for dev."""
    split: CutSplit = CutSplit()
    licence: str = ""
    """Of the data, for the card and the report."""
    citation: str = ""
    """How to cite them."""
    about: str = ""
    """What the task asks, in a few words."""
    target: bool = False
    """Whether it is a target. Set by the program."""
    source: tuple[str, ...] = (SOURCE_LANGUAGE,)
    """The source languages of the config. Set by the program."""
    added: tuple[str, ...] = ()
    """The codes of the config's ``language_table``. Set by the program."""
    rows: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Rows by split and language. Found by the program."""

    @field_validator("kind")
    @classmethod
    def _check_kind(cls, kind: str) -> str:
        if kind not in OWN_KINDS:
            raise ValueError(f"unknown kind {kind!r}; allowed: {', '.join(OWN_KINDS)}")
        return kind

    @field_validator("splits")
    @classmethod
    def _check_splits(cls, splits: dict[str, str]) -> dict[str, str]:
        if unknown := [name for name in splits if name not in SPLIT_NAMES]:
            raise ValueError(f"unknown split {', '.join(map(repr, unknown))}; allowed: {', '.join(SPLIT_NAMES)}")
        return splits

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        kind = OWN_KINDS[self.kind]
        allowed = (*kind.required, *kind.optional, *PLACE_COLUMNS)
        if unknown := [name for name in self.columns if name not in allowed]:
            raise ValueError(
                f"columns: unknown column {', '.join(map(repr, unknown))} of kind {self.kind}; allowed: {', '.join(allowed)}"
            )
        return self

    def to_own_task(self, name: str) -> OwnTask:
        """The task as trainables know it."""
        columns = {column: column for column in OWN_KINDS[self.kind].required} | self.columns
        return OwnTask(
            name=name,
            kind=self.kind,
            files=tuple(
                str(Path(file).absolute()) for file in ([self.files] if isinstance(self.files, str) else self.files)
            ),
            columns=tuple(columns.items()),
            labels=self.labels,
            rows=tuple((split, code, count) for split, counts in self.rows.items() for code, count in counts.items()),
            language=self.language,
            splits=tuple(self.splits.items()),
            dev_share=self.split.dev,
            split_seed=self.split.seed,
            is_target=self.target,
            licence=self.licence,
            citation=self.citation,
            about=self.about,
            source=tuple(resolve_language(code, self.added) for code in self.source),
            added=self.added,
        )


def mark_targets(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A config's document in which each task of one's own says whether it is a target, which decides what is cut from its rows, and what the
    config says about languages."""
    tasks, targets = document.get("tasks"), document.get("targets")
    if not isinstance(tasks, dict):
        return document
    named = set(map(str, targets)) if isinstance(targets, list) else set()
    source, table = document.get("source"), document.get("language_table")
    said: dict[str, Any] = {"source": list(source)} if isinstance(source, list | tuple) and source else {}
    if isinstance(table, dict) and table:
        said["added"] = list(table)
    marked = {
        name: task | {"target": name in named} | said if isinstance(task, dict) else task
        for name, task in tasks.items()
    }
    return {**document, "tasks": marked}


def list_own_tasks(tasks: Mapping[str, OwnTaskSettings]) -> tuple[OwnTask, ...]:
    """The tasks of a config as trainables know them."""
    return tuple(settings.to_own_task(name) for name, settings in tasks.items())


def resolve_own_tasks(tasks: Mapping[str, OwnTaskSettings]) -> dict[str, OwnTaskSettings]:
    """The tasks with the labels and numbers of rows that their files have.

    Raises:
        ValueError: when files cannot be used, with the first problem of each task.
    """
    resolved, problems = {}, []
    for name, settings in tasks.items():
        try:
            resolved[name] = _resolve(name, settings)
        except DataError as error:
            problems.append(f"{name}: {str(error).removeprefix(f'{name}: ')}")
    if problems:
        raise ValueError("; ".join(problems))
    return resolved


def _resolve(name: str, settings: OwnTaskSettings) -> OwnTaskSettings:
    from trainables.benchmarks.own import resolve_own_task

    own, _ = resolve_own_task(replace(settings.to_own_task(name), rows=()))
    rows: dict[str, dict[str, int]] = {}
    for split, language, count in own.rows:
        rows.setdefault(split, {})[language] = count
    return settings.model_copy(update={"labels": own.labels, "rows": rows})


def find_catalogue(fields: Mapping[str, Any]) -> TaskCatalogue:
    """The tasks of a config's valid fields; empty where `benchmark` or `tasks` is missing or invalid."""
    if "benchmark" not in fields or "tasks" not in fields:
        return TaskCatalogue()
    source = tuple(fields.get("source") or (SOURCE_LANGUAGE,))
    return get_task_catalogue(fields["benchmark"], list_own_tasks(fields["tasks"]), source)


def find_languages(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages of a config's valid fields: those that it names, or all that its benchmark and tasks have."""
    if languages := fields.get("languages"):
        return tuple(languages)
    if "benchmark" not in fields or "tasks" not in fields:
        return ()
    return get_benchmark_languages(fields["benchmark"], list_own_tasks(fields["tasks"]))
