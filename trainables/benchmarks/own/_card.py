"""The card of a user's own task, made of its files."""

from dataclasses import replace

from trainables.benchmarks.own._table import PLACE_COLUMN, OwnTable
from trainables.cards import (
    MULTIPLE_LANGUAGES,
    QUESTION_FORMAT,
    SCORED_QUESTION_FORMAT,
    DatasetPart,
    DatasetSource,
    RowFormat,
    TaskCard,
    TaskParts,
    explain_unknown_metric,
    make_choice_format,
    make_choice_list_format,
    make_tagging_format,
)
from trainables.languages import SOURCE_LANGUAGE
from trainables.own_tasks import CHOICE_COLUMN, PLACE_COLUMNS, OwnTask
from trainables.validation import DataError


def resolve_own_task(own: OwnTask, table: OwnTable) -> tuple[OwnTask, tuple[str, ...]]:
    """The task with its labels and numbers of rows, and notes about them.

    Raises:
        DataError: when its main metric is none of its kind, or a target has no training rows in the source language, or no test set.
    """
    if wrong := explain_unknown_metric(own.kind, own.metric, table.labels):
        raise DataError(f"{own.name}: metric: {wrong}")
    rows = tuple((split, language, len(numbers)) for (split, language), numbers in sorted(table.parts.items()))
    resolved = replace(own, labels=table.labels, rows=rows, digest=table.digest)
    trained = resolved.languages("train")
    missing = [code for code in own.source if code not in trained] if own.is_target and trained else []
    if missing:
        raise DataError(
            f"{own.name}: its training rows are in {', '.join(trained)}, and none is in {', '.join(missing)}, in which targets are trained: "
            f"set source to languages that it has"
        )
    if own.is_target and not resolved.languages("test"):
        counts = ", ".join(f"{count:,} of {split} in {language}" for split, language, count in rows)
        raise DataError(
            f"{own.name}: it has no test set, and too few rows to cut one from ({counts}): add rows, or a larger share under tasks.{own.name}.split.dev"
        )
    return resolved, table.notes


def make_own_card(own: OwnTask) -> TaskCard:
    """The card of a resolved task; nothing is read."""
    trained, others = own.languages("train"), tuple[str, ...]()
    if own.is_target and trained:
        trained, others = own.source, tuple(code for code in trained if code not in own.source)
    return TaskCard(
        kind=own.kind,
        description=own.about or f"rows of {own.place}",
        train=sum(own.count_rows("train", language) for language in trained),
        language=trained[0] if len(trained) == 1 else MULTIPLE_LANGUAGES if trained else SOURCE_LANGUAGE,
        labels=own.labels,
        metric=own.metric,
        languages=own.languages("test"),
        parts=TaskParts(
            train=_make_parts(own, "train", trained),
            dev=_make_parts(own, "dev", own.languages("dev")),
            test=_make_parts(own, "test", own.languages("test")),
            shots=_make_parts(own, "train", others),
        ),
    )


def _make_parts(own: OwnTask, split: str, languages: tuple[str, ...]) -> tuple[DatasetPart, ...]:
    if not languages:
        return ()
    return (
        DatasetPart(
            source=DatasetSource(repository=own.name, licence=own.licence or "not stated", own=own),
            row_format=make_own_format(own, split),
            split=split,
            languages=languages,
            rows={language: own.count_rows(split, language) for language in languages},
            item_column=own.find_column("item") or PLACE_COLUMN,
        ),
    )


def make_own_format(own: OwnTask, split: str) -> RowFormat:
    """How the rows of a task's files become rows of its kind."""
    columns = {ours: theirs for ours, theirs in own.columns if ours not in PLACE_COLUMNS}
    match own.kind:
        case "tagging":
            return make_tagging_format(columns["words"], columns["tags"], ())
        case "multiple_choice" if "choices" not in columns:
            options = [theirs for ours, theirs in own.columns if ours.startswith(CHOICE_COLUMN)]
            return make_choice_format([columns["context"]], options, columns["label"])
        case "multiple_choice":
            return make_choice_list_format(columns)
        case "question_answering":
            return replace(QUESTION_FORMAT if split == "train" else SCORED_QUESTION_FORMAT, columns=columns)
        case "regression":
            return RowFormat(columns=columns, column_types={"label": float})
        case "ranking":
            return RowFormat(columns=columns, group_by="text")
        case _:
            return RowFormat(columns=columns)
