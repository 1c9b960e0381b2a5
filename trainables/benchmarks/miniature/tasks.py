"""The tasks of the miniature: five targets, one of each kind XTREME-R has, and the intermediate tasks.

An example is first decided in codes (records, facts, label), then rendered in a language: dev and test hold the same
examples in all 49 languages. Everything is drawn from the task's own name and split: nothing depends on what was made
before.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from trainables.benchmarks.miniature import render
from trainables.benchmarks.miniature.cards import MINIATURE, MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world import (
    DATE_KINDS,
    PLACE_KINDS,
    Kind,
    Record,
    Split,
    other_code,
    records,
)
from trainables.benchmarks.rows import ITEM, Rows, TaskData
from trainables.languages import SOURCE_LANGUAGE

Row = dict[str, Any]
Render = Callable[[str], Row]


@dataclass(frozen=True, slots=True)
class Example:
    """One example before it has a language: the records it tells of and how to say it."""

    records: tuple[Record, ...]
    render: Render


Make = Callable[[Iterator[Record], Random], Example]


def inference(told: Iterator[Record], rng: Random) -> Example:
    """Three-way inference: the premise is a place or a day; the hypothesis, two facts, holds, fails, or is of the other."""
    record, label = next(told), rng.randrange(3)
    about_place = rng.random() < 0.6
    kinds = rng.sample(PLACE_KINDS if about_place else DATE_KINDS, 2)
    stated = [other_code(kind, record.fact(kind), rng) if label == 2 else record.fact(kind) for kind in kinds]
    shows_place = about_place != (label == 1)

    def say(language: str) -> Row:
        facts = [render.name(kind, code, language) for kind, code in zip(kinds, stated, strict=True)]
        return {
            "text": (render.place if shows_place else render.day)(record, language),
            "text_pair": render.enumeration(facts, language),
            "label": label,
        }

    return Example((record,), say)


def choice(told: Iterator[Record], rng: Random) -> Example:
    """Which of two facts of one kind holds for the place or the day."""
    record = next(told)
    kind: Kind = rng.choice(PLACE_KINDS + DATE_KINDS)
    right = record.fact(kind)
    label = rng.randrange(2)
    choices = [right, other_code(kind, right, rng)]

    def say(language: str) -> Row:
        return {
            "context": (render.place if kind in PLACE_KINDS else render.day)(record, language),
            "choices": [render.name(kind, code, language) for code in (choices if label == 0 else choices[::-1])],
            "label": label,
        }

    return Example((record,), say)


ENTITIES: tuple[Kind | None, ...] = (None, *PLACE_KINDS, *DATE_KINDS)


def tagging(told: Iterator[Record], rng: Random) -> Example:
    """Names of several kinds in one enumeration, each word tagged with its kind."""
    chosen = tuple(islice(told, rng.randint(3, 5)))
    kinds = [rng.choice(ENTITIES) for _ in chosen]

    def say(language: str) -> Row:
        named = [
            (kind, render.place(record, language) if kind is None else render.fact(record, kind, language))
            for record, kind in zip(chosen, kinds, strict=True)
        ]
        words: list[str] = []
        tags: list[int] = []
        for i, (kind, name) in enumerate(named):
            if i:
                between = render.separator(i == len(named) - 1, language)
                words += between
                tags += [0] * len(between)
            pieces = name.split()
            begin = 1 + 2 * ENTITIES.index(kind)
            words += pieces
            tags += [begin] + [begin + 1] * (len(pieces) - 1)
        return {"words": words, "tags": tags}

    return Example(chosen, say)


def answer(told: Iterator[Record], rng: Random) -> Example:
    """Extractive QA: three places; which of them has this continent, currency or language?"""
    while True:
        chosen = tuple(islice(told, 3))
        kind = rng.choice(PLACE_KINDS)
        gold = rng.randrange(3)
        asked = chosen[gold].fact(kind)
        unique = sum(record.fact(kind) == asked for record in chosen) == 1
        if unique and len({record.territory for record in chosen}) == 3:
            break

    def say(language: str) -> Row:
        names = [render.place(record, language) for record in chosen]
        context, starts = render.located(names, language)
        return {
            "id": "",
            "context": context,
            "question": render.name(kind, asked, language),
            "answers": {"text": [names[gold]], "answer_start": [starts[gold]]},
        }

    return Example(chosen, say)


def retrieval(told: Iterator[Record], rng: Random) -> Example:
    """A place, its currency, a month and a weekday, without digits: find its English rendering."""
    record = next(told)

    def text(language: str) -> str:
        facts = [render.fact(record, kind, language) for kind in ("currency", "month", "weekday")]
        return render.enumeration([render.place(record, language), *facts], language)

    return Example(
        (record,), lambda language: {"source_sentence": text(language), "target_sentence": text(SOURCE_LANGUAGE)}
    )


def fact_checking(told: Iterator[Record], rng: Random) -> Example:
    """True or false: does the place have this continent, currency or language?"""
    return _checking(next(told), rng, PLACE_KINDS, render.place)


def date_checking(told: Iterator[Record], rng: Random) -> Example:
    """True or false: is the day in this month, or on this weekday?"""
    return _checking(next(told), rng, DATE_KINDS, render.day)


def _checking(record: Record, rng: Random, kinds: Sequence[Kind], subject: Callable[[Record, str], str]) -> Example:
    kind, label = rng.choice(kinds), rng.randrange(2)
    code = record.fact(kind) if label else other_code(kind, record.fact(kind), rng)
    return Example(
        (record,),
        lambda language: {
            "text": subject(record, language),
            "text_pair": render.name(kind, code, language),
            "label": label,
        },
    )


SEVERAL = (
    *("ar", "he", "vi", "id", "tl", "eu", "ta", "te", "ru", "hi", "el", "fa", "ja", "ka", "ko", "th", "sw", "zh", "my"),
    *("tr", "kk", "fi", "hu"),
)
"""Languages of every family that the encoder has seen."""


def tagging_in_several(told: Iterator[Record], rng: Random) -> Example:
    """As `tagging`, each sentence in one of 23 languages, English not among them."""
    example, language = tagging(told, rng), rng.choice(SEVERAL)
    return Example(example.records, lambda _: example.render(language))


def initials(told: Iterator[Record], rng: Random) -> Example:
    """Does the place's English name begin with A to M? A surface question, of no use to any target."""
    record = next(told)
    first = render.place(record, SOURCE_LANGUAGE)[0]
    return Example(
        (record,),
        lambda language: {"text": render.place(record, language), "text_pair": None, "label": int(first > "M")},
    )


MAKERS: dict[str, Make] = {
    "inference": inference,
    "choice": choice,
    "tagging": tagging,
    "answer": answer,
    "retrieval": retrieval,
    "facts": fact_checking,
    "dates": date_checking,
    "initials": initials,
    "facts_sw": fact_checking,
    "names": tagging_in_several,
}
"""How the examples of each task of the catalogue are made."""


@cache
def examples(name: str, split: Split) -> tuple[Example, ...]:
    """The split's examples, the same on every machine for a version of Babel.

    A row may show a part of its record only, so that two records can read alike: no row is drawn twice for dev or test, and
    none of theirs for train.
    """
    rng = Random(f"{name}/{split}")
    told = records(split, rng)
    card = MINIATURE[name]
    size = {"train": card.train, "dev": card.dev, "test": card.test}[split]
    taken = {_reads(example) for other in _BEFORE[split] for example in examples(name, other)}
    drawn: list[Example] = []
    while len(drawn) < size:
        example = MAKERS[name](told, rng)
        if (row := _reads(example)) in taken:
            continue
        drawn.append(example)
        if split != "train":
            taken.add(row)
    return tuple(drawn)


_BEFORE: dict[Split, tuple[Split, ...]] = {"dev": (), "test": ("dev",), "train": ("dev", "test")}


def _reads(example: Example) -> str:
    """The row in English without its label: what a model sees of it."""
    row = example.render(SOURCE_LANGUAGE)
    return repr(sorted((key, value) for key, value in row.items() if key not in ("label", "tags", "answers")))


def load(name: str) -> TaskData:
    """The data of a task of the miniature: dev and test hold the same examples in every language.

    Raises:
        KeyError: for a name that is not in `MAKERS`.
    """
    card = MINIATURE[name]
    return TaskData(
        card.kind,
        card.labels,
        _rows(name, "train", card.language) if card.train else None,
        {
            split: {
                language: _rows(name, split, language)
                for language in MINIATURE_LANGUAGES
                if not (card.kind == "retrieval" and language == SOURCE_LANGUAGE)
            }
            for split in ("dev", "test")
            if card.scored
        },
        language=card.language,
    )


def _rows(name: str, split: Split, language: str) -> Rows:
    def read() -> Iterator[Row]:
        for number, example in enumerate(examples(name, split)):
            yield example.render(language) | ({} if split == "train" else {ITEM: number})

    return Rows(read, f"miniature/{_made_by()}/{name}/{split}/{language}")


@cache
def _made_by() -> str:
    """What decides the examples: the code of this package, and the version of Babel."""
    digest = hashlib.sha256(version("babel").encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
