"""Cards of sets with splits in many languages, which can be trained in any language that has training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trainables.cards import MULTIPLE_LANGUAGES, DatasetPart, DatasetSource, RowFormat, TaskCard, TaskParts
from trainables.languages import resolve_language

Rows = int | Mapping[str, int] | None
"""Rows in each language, or by language; None where no source states them."""


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a set in many languages."""

    name: str
    """As the data set calls it."""
    rows: Rows = None
    """By the data set's names of languages."""


def map_configurations(codes: str) -> dict[str, str]:
    """A data set's configurations by our codes of their languages.

    Args:
        codes: of languages as the data set writes them, with blanks between them: ``eng_Latn swh_Latn`` or ``eng swa``.

    Returns:
        In the order of `codes`.

    Raises:
        LanguageCodeError: for a code that the table of languages lacks.
    """
    return {resolve_language(code): code for code in codes.split()}


def make_parts(
    source: DatasetSource,
    row_format: RowFormat,
    configurations: Mapping[str, str],
    split: Split,
    *,
    item_column: str | tuple[str, ...] | None = None,
) -> tuple[DatasetPart, ...]:
    """The part of one split in all languages.

    Args:
        source: the data set.
        row_format: of its rows.
        configurations: its configurations by our codes of languages, as from `map_configurations`.
        split: its name and its rows.
        item_column: see `DatasetPart.item_column`.
    """
    rows = split.rows
    if isinstance(rows, Mapping):
        rows = {code: rows[theirs] for code, theirs in configurations.items() if theirs in rows}
    part = DatasetPart(
        source=source,
        row_format=row_format,
        configuration=configurations,
        split=split.name,
        languages=tuple(configurations),
        rows=rows,
        item_column=item_column,
    )
    return (part,)


def make_parallel_card(
    card: TaskCard,
    source: DatasetSource,
    row_format: RowFormat,
    configurations: Mapping[str, str],
    splits: Sequence[Split],
    *,
    item_column: str | tuple[str, ...] | None = None,
) -> TaskCard:
    """A card with training, dev and test rows in every language.

    Args:
        card: kind, description and what else is stated; labels, languages, sizes and parts are filled in.
        source: the data set.
        row_format: of its rows.
        configurations: its configurations by our codes of languages.
        splits: training, dev and test; the rows of training are known.
        item_column: see `DatasetPart.item_column`.
    """
    train, dev, test = (
        make_parts(source, row_format, configurations, split, item_column=item_column) for split in splits
    )
    return replace(
        card,
        train=count_rows(train),
        language=MULTIPLE_LANGUAGES,
        labels=row_format.labels,
        languages=tuple(sorted(configurations)),
        parts=TaskParts(train=train, dev=dev, test=test),
    )


def count_rows(parts: Sequence[DatasetPart]) -> int:
    """The stated rows of all parts in all languages."""
    return sum(part.expected_rows(language) or 0 for part in parts for language in part.languages)
