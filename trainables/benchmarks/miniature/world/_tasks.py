"""The tasks of the miniature: five targets, one of each kind XTREME-R has, and the intermediate tasks.

An example is first decided in codes (records, facts, label), then rendered in a language: dev and test hold the same
examples in all 49 languages. Everything is drawn from the task's own name and split: nothing depends on what was made
before.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from random import Random

from trainables.benchmarks.miniature._cards import MINIATURE_LANGUAGES, MINIATURE_TASKS
from trainables.benchmarks.miniature.world._examples import EXAMPLE_MAKERS, Example
from trainables.benchmarks.miniature.world._records import (
    RecordSplit,
    draw_records,
)
from trainables.cards import ITEM_COLUMN, LazyRows, Row, TaskData
from trainables.few_shot import MINIATURE_POOL_ROWS
from trainables.languages import SOURCE_LANGUAGE


@cache
def draw_examples(name: str, split: RecordSplit) -> tuple[Example, ...]:
    """The split's examples, the same on every machine for a given version of Babel.

    A row may show only a part of its record, so that two records can have equal rows: no row occurs twice in dev and test, and none of
    theirs in train.
    """
    rng = Random(f"{name}/{split}")
    records = draw_records(split, rng)
    card = MINIATURE_TASKS[name]
    size = {"train": card.train, "dev": card.dev, "test": card.test}[split]
    taken = {_describe_input(example) for other in _EARLIER_SPLITS[split] for example in draw_examples(name, other)}
    drawn: list[Example] = []
    while len(drawn) < size:
        example = EXAMPLE_MAKERS[name](records, rng)
        if (row := _describe_input(example)) in taken:
            continue
        drawn.append(example)
        if split != "train":
            taken.add(row)
    return tuple(drawn)


_EARLIER_SPLITS: dict[RecordSplit, tuple[RecordSplit, ...]] = {"dev": (), "test": ("dev",), "train": ("dev", "test")}


def _describe_input(example: Example) -> str:
    """The row in English without its label: the model's input."""
    row = example.render(SOURCE_LANGUAGE)
    return repr(sorted((key, value) for key, value in row.items() if key not in ("label", "tags", "answers")))


def load_miniature_task(name: str, train_languages: Sequence[str] = ()) -> TaskData:
    """The data of a task of the miniature: dev and test hold the same examples in every language. Few-shot rows are the first training
    examples in other languages than those of the training set.

    Args:
        name: of the task.
        train_languages: in which the training examples are rendered, one language after another; empty: the card's.

    Raises:
        KeyError: for a name that is not in `EXAMPLE_MAKERS`.
    """
    card = MINIATURE_TASKS[name]
    trained = train_languages or (card.language,)
    return TaskData(
        card.kind,
        card.labels,
        _make_train_rows(name, trained) if card.train else None,
        {
            split: {
                language: _make_rows(name, split, language)
                for language in MINIATURE_LANGUAGES
                if not (card.kind == "retrieval" and language == SOURCE_LANGUAGE)
            }
            for split in ("dev", "test")
            if card.is_scored
        },
        language=card.language,
        shots={
            language: _make_rows(name, "train", language, MINIATURE_POOL_ROWS)
            for language in MINIATURE_LANGUAGES
            if card.train and card.is_scored and language not in trained
        },
    )


def _make_train_rows(name: str, languages: Sequence[str]) -> LazyRows:
    if len(languages) == 1:
        return _make_rows(name, "train", languages[0])
    parts = {language: _make_rows(name, "train", language) for language in languages}

    def read() -> Iterator[Row]:
        for language, rows in parts.items():
            yield from ({"language": language} | row for row in rows)

    return LazyRows(read, "+".join(rows.source for rows in parts.values()))


def _make_rows(name: str, split: RecordSplit, language: str, most: int | None = None) -> LazyRows:
    def read() -> Iterator[Row]:
        for number, example in enumerate(draw_examples(name, split)[:most]):
            yield example.render(language) | ({} if split == "train" else {ITEM_COLUMN: number})

    first = "" if most is None else f"/{most}"
    return LazyRows(read, f"miniature/{_digest_code()}/{name}/{split}/{language}{first}")


@cache
def _digest_code() -> str:
    """A digest of what decides the examples: the code of this package, and the version of Babel."""
    digest = hashlib.sha256(version("babel").encode())
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
