"""The config of a task of one's own: files, columns, splits."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from search.config._stage_space import ConfigSection
from trainables.benchmarks import get_benchmark_languages, get_task_catalogue
from trainables.cards import OWN_KINDS, TaskCatalogue, explain_unknown_metric
from trainables.languages import DEFAULT_SOURCE, resolve_language
from trainables.own_tasks import CHOICE_COLUMN, PLACE_COLUMNS, SPLIT_NAMES, OwnTask
from trainables.ranges import Seed
from trainables.validation import DataError

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
"""Never a path out of the folder of mirrors."""


class CutSplit(ConfigSection):
    """How a missing dev set is cut from the training rows of each language."""

    dev: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    """Share of the training rows."""
    seed: Seed = 0
    """Rows are drawn by a hash of their item and this seed."""


class OwnTaskSettings(ConfigSection):
    """A task of one's own: rows of files or of a set of the hub, as a target or an intermediate task."""

    kind: str
    """What a row is: ``classification``, ``multi_label`` or ``regression`` of a text or a pair, ``tagging``, ``multiple_choice``,
    ``question_answering``, ``ranking`` of texts for a query, ``retrieval`` of translations, or ``masked_language_modelling``."""
    files: str | tuple[str, ...] = ()
    """A path, a list of paths or a pattern with ``*``, relative to the config; ``{language}`` and ``{split}`` in it say which rows a file holds.
    By the ending ``.csv``, ``.tsv``, ``.jsonl``, ``.parquet`` or ``.conll``."""
    hub: str = ""
    """In place of files: a data set of the Hugging Face hub, ``namespace/name``, or its copy in the folder of mirrors."""
    configuration: str = ""
    """The set's configuration. Where each language has one, ``{language}``, ``{flores}``, ``{iso639_3}`` or ``{bcp47}`` stands for the code:
    any usual form is understood. Default: the only one, or ``default``."""
    revision: str = ""
    """Branch, tag or commit of the set. Default: the main branch as it is."""
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """The files' names of the columns ``text``, ``text_pair``, ``label``, ``labels``, ``words``, ``tags``, ``context``, ``choices``, ``question``,
    ``answers``, ``source_sentence``, ``target_sentence``, ``language``, ``split`` and ``item`` (which identifies parallel rows of several
    languages). ``choices`` may be a list: a column each. Default: the same names, for what the kind needs."""
    separator: str = Field(default=";", min_length=1)
    """Stands between the labels, or the choices, of a row in one cell of a CSV or TSV file. A cell that begins with a bracket is a list in
    JSON."""
    metric: str = ""
    """The main metric, of those of the kind: the mean over languages is of it. Default: the first of its kind."""
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
    source: tuple[str, ...] = DEFAULT_SOURCE
    """The source languages of the config. Set by the program."""
    added: tuple[str, ...] = ()
    """The codes of the config's ``language_table``. Set by the program."""
    rows: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Rows by split and language. Found by the program."""
    digest: str = ""
    """Of the rows. Found by the program."""
    languages: tuple[str, ...] = ()
    """The languages of the set of the hub that are read. Default: for a target, those of the config; else all that it has."""

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
        allowed = (*kind.columns, *kind.optional_columns, *PLACE_COLUMNS)
        if unknown := [name for name in self.columns if name not in allowed]:
            raise ValueError(
                f"columns: unknown column {', '.join(map(repr, unknown))} of kind {self.kind}; allowed: {', '.join(allowed)}"
            )
        if several := [
            name for name, their in self.columns.items() if not isinstance(their, str) and name != "choices"
        ]:
            raise ValueError(f"columns: {', '.join(several)} is one column; only choices may be a list of columns")
        if not isinstance(choices := self.columns.get("choices", ""), str) and len(choices) < 2:
            raise ValueError("columns: choices as columns of their own are at least two")
        return self

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if bool(self.files) == bool(self.hub):
            raise ValueError("files or hub says where the rows are; give one of them")
        if self.hub and not _HUB_ID.fullmatch(self.hub):
            raise ValueError(f"hub: {self.hub!r} is no data set of the hub; write namespace/name")
        if alone := [
            name for name in ("configuration", "revision", "languages") if getattr(self, name) and not self.hub
        ]:
            raise ValueError(f"{', '.join(alone)} is of a set of the hub, and this task has files")
        if wrong := explain_unknown_metric(self.kind, self.metric, self.labels):
            raise ValueError(f"metric: {wrong}")
        return self

    def to_own_task(self, name: str) -> OwnTask:
        """The task as trainables know it."""
        files = [self.files] if isinstance(self.files, str) else self.files
        return OwnTask(
            name=name,
            kind=self.kind,
            files=tuple(str(Path(file).absolute()) for file in files),
            hub=self.hub,
            configuration=self.configuration,
            revision=self.revision,
            languages_read=self._find_languages_read(),
            columns=tuple(self._list_columns()),
            separator=self.separator,
            metric=self.metric,
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
            digest=self.digest,
        )

    def _find_languages_read(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(resolve_language(code, self.added) for code in self.languages))

    def _list_columns(self) -> Iterator[tuple[str, str]]:
        """Pairs of our name and theirs."""
        for ours, theirs in ({column: column for column in OWN_KINDS[self.kind].columns} | self.columns).items():
            if isinstance(theirs, str):
                yield ours, theirs
            else:
                yield from ((f"{CHOICE_COLUMN}{number}", each) for number, each in enumerate(theirs, start=1))


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
        name: task | {"target": name in named} | said | _find_languages(document, task, name in named)
        if isinstance(task, dict)
        else task
        for name, task in tasks.items()
    }
    return {**document, "tasks": marked}


def _find_languages(document: Mapping[str, Any], task: Mapping[str, Any], is_target: bool) -> dict[str, Any]:
    """The languages of a set of the hub that a target reads, where the config names some: these and the source languages."""
    languages, source = document.get("languages"), document.get("source") or DEFAULT_SOURCE
    if not (is_target and task.get("hub") and isinstance(languages, list) and isinstance(source, list | tuple)):
        return {}
    return {} if task.get("languages") else {"languages": list(dict.fromkeys([*source, *languages]))}


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
    from trainables.benchmarks.hub import resolve_task

    own, _ = resolve_task(replace(settings.to_own_task(name), rows=()))
    rows: dict[str, dict[str, int]] = {}
    for split, language, count in own.rows:
        rows.setdefault(split, {})[language] = count
    return settings.model_copy(update={"labels": own.labels, "rows": rows, "digest": own.digest})


def find_catalogue(fields: Mapping[str, Any]) -> TaskCatalogue:
    """The tasks of a config's valid fields; empty where `benchmark` or `tasks` is missing or invalid."""
    if "benchmark" not in fields or "tasks" not in fields:
        return TaskCatalogue()
    source = tuple(fields.get("source") or DEFAULT_SOURCE)
    return get_task_catalogue(fields["benchmark"], list_own_tasks(fields["tasks"]), source)


def find_languages(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages of a config's valid fields: those that it names, or all that its benchmark and tasks have."""
    if languages := fields.get("languages"):
        return tuple(languages)
    if "benchmark" not in fields or "tasks" not in fields:
        return ()
    return get_benchmark_languages(fields["benchmark"], list_own_tasks(fields["tasks"]))
