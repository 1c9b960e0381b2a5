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

from trainables.benchmarks.miniature._cards import MINIATURE_LANGUAGES, MINIATURE_TASKS
from trainables.benchmarks.miniature.world._records import (
    DATE_KINDS,
    PLACE_KINDS,
    FactKind,
    RecordSplit,
    WorldRecord,
    draw_other_code,
    draw_records,
)
from trainables.benchmarks.miniature.world._rendering import (
    get_separator_words,
    render_date,
    render_fact,
    render_list,
    render_list_with_offsets,
    render_name,
    render_place,
)
from trainables.cards import ITEM_COLUMN, LazyRows, TaskData
from trainables.languages import SOURCE_LANGUAGE

Row = dict[str, Any]
RenderExample = Callable[[str], Row]


@dataclass(frozen=True, slots=True)
class Example:
    """One example before it has a language: the records it tells of and how to say it."""

    records: tuple[WorldRecord, ...]
    render: RenderExample


MakeExample = Callable[[Iterator[WorldRecord], Random], Example]


def make_inference_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """Three-way inference: the premise is a place or a day; the hypothesis, two facts, holds, fails, or is of the other."""
    record, label = next(told), rng.randrange(3)
    about_place = rng.random() < 0.6
    kinds = rng.sample(PLACE_KINDS if about_place else DATE_KINDS, 2)
    stated = [draw_other_code(kind, record.fact(kind), rng) if label == 2 else record.fact(kind) for kind in kinds]
    shows_place = about_place != (label == 1)

    def say(language: str) -> Row:
        facts = [render_name(kind, code, language) for kind, code in zip(kinds, stated, strict=True)]
        return {
            "text": (render_place if shows_place else render_date)(record, language),
            "text_pair": render_list(facts, language),
            "label": label,
        }

    return Example((record,), say)


def make_choice_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """Which of two facts of one kind holds for the place or the day."""
    record = next(told)
    kind: FactKind = rng.choice(PLACE_KINDS + DATE_KINDS)
    right = record.fact(kind)
    label = rng.randrange(2)
    choices = [right, draw_other_code(kind, right, rng)]

    def say(language: str) -> Row:
        return {
            "context": (render_place if kind in PLACE_KINDS else render_date)(record, language),
            "choices": [render_name(kind, code, language) for code in (choices if label == 0 else choices[::-1])],
            "label": label,
        }

    return Example((record,), say)


ENTITY_KINDS: tuple[FactKind | None, ...] = (None, *PLACE_KINDS, *DATE_KINDS)


def make_tagging_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """Names of several kinds in one enumeration, each word tagged with its kind."""
    chosen = tuple(islice(told, rng.randint(3, 5)))
    kinds = [rng.choice(ENTITY_KINDS) for _ in chosen]

    def say(language: str) -> Row:
        named = [
            (kind, render_place(record, language) if kind is None else render_fact(record, kind, language))
            for record, kind in zip(chosen, kinds, strict=True)
        ]
        words: list[str] = []
        tags: list[int] = []
        for i, (kind, name) in enumerate(named):
            if i:
                between = get_separator_words(i == len(named) - 1, language)
                words += between
                tags += [0] * len(between)
            pieces = name.split()
            begin = 1 + 2 * ENTITY_KINDS.index(kind)
            words += pieces
            tags += [begin] + [begin + 1] * (len(pieces) - 1)
        return {"words": words, "tags": tags}

    return Example(chosen, say)


def make_answer_example(told: Iterator[WorldRecord], rng: Random) -> Example:
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
        names = [render_place(record, language) for record in chosen]
        context, starts = render_list_with_offsets(names, language)
        return {
            "id": "",
            "context": context,
            "question": render_name(kind, asked, language),
            "answers": {"text": [names[gold]], "answer_start": [starts[gold]]},
        }

    return Example(chosen, say)


def make_retrieval_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """A place, its currency, a month and a weekday, without digits: find its English rendering."""
    record = next(told)

    def text(language: str) -> str:
        facts = [render_fact(record, kind, language) for kind in ("currency", "month", "weekday")]
        return render_list([render_place(record, language), *facts], language)

    return Example(
        (record,), lambda language: {"source_sentence": text(language), "target_sentence": text(SOURCE_LANGUAGE)}
    )


def make_fact_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """True or false: does the place have this continent, currency or language?"""
    return _make_checking_example(next(told), rng, PLACE_KINDS, render_place)


def make_date_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """True or false: is the day in this month, or on this weekday?"""
    return _make_checking_example(next(told), rng, DATE_KINDS, render_date)


def _make_checking_example(
    record: WorldRecord, rng: Random, kinds: Sequence[FactKind], subject: Callable[[WorldRecord, str], str]
) -> Example:
    kind, label = rng.choice(kinds), rng.randrange(2)
    code = record.fact(kind) if label else draw_other_code(kind, record.fact(kind), rng)
    return Example(
        (record,),
        lambda language: {
            "text": subject(record, language),
            "text_pair": render_name(kind, code, language),
            "label": label,
        },
    )


NAMES_LANGUAGES = (
    *("ar", "he", "vi", "id", "tl", "eu", "ta", "te", "ru", "hi", "el", "fa", "ja", "ka", "ko", "th", "sw", "zh", "my"),
    *("tr", "kk", "fi", "hu"),
)
"""Languages of every family that the encoder has seen."""


def make_multilingual_tagging_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """As `make_tagging_example`, each sentence in one of 23 languages, English not among them."""
    example, language = make_tagging_example(told, rng), rng.choice(NAMES_LANGUAGES)
    return Example(example.records, lambda _: example.render(language))


def make_initials_example(told: Iterator[WorldRecord], rng: Random) -> Example:
    """Does the place's English name begin with A to M? A surface question, of no use to any target."""
    record = next(told)
    first = render_place(record, SOURCE_LANGUAGE)[0]
    return Example(
        (record,),
        lambda language: {"text": render_place(record, language), "text_pair": None, "label": int(first > "M")},
    )


EXAMPLE_MAKERS: dict[str, MakeExample] = {
    "inference": make_inference_example,
    "choice": make_choice_example,
    "tagging": make_tagging_example,
    "answer": make_answer_example,
    "retrieval": make_retrieval_example,
    "facts": make_fact_example,
    "dates": make_date_example,
    "initials": make_initials_example,
    "facts_sw": make_fact_example,
    "names": make_multilingual_tagging_example,
}
"""How the examples of each task of the catalogue are made."""


@cache
def draw_examples(name: str, split: RecordSplit) -> tuple[Example, ...]:
    """The split's examples, the same on every machine for a version of Babel.

    A row may show a part of its record only, so that two records can read alike: no row is drawn twice for dev or test, and
    none of theirs for train.
    """
    rng = Random(f"{name}/{split}")
    told = draw_records(split, rng)
    card = MINIATURE_TASKS[name]
    size = {"train": card.train, "dev": card.dev, "test": card.test}[split]
    taken = {_describe_input(example) for other in _EARLIER_SPLITS[split] for example in draw_examples(name, other)}
    drawn: list[Example] = []
    while len(drawn) < size:
        example = EXAMPLE_MAKERS[name](told, rng)
        if (row := _describe_input(example)) in taken:
            continue
        drawn.append(example)
        if split != "train":
            taken.add(row)
    return tuple(drawn)


_EARLIER_SPLITS: dict[RecordSplit, tuple[RecordSplit, ...]] = {"dev": (), "test": ("dev",), "train": ("dev", "test")}


def _describe_input(example: Example) -> str:
    """The row in English without its label: what a model sees of it."""
    row = example.render(SOURCE_LANGUAGE)
    return repr(sorted((key, value) for key, value in row.items() if key not in ("label", "tags", "answers")))


def load_miniature_task(name: str) -> TaskData:
    """The data of a task of the miniature: dev and test hold the same examples in every language.

    Raises:
        KeyError: for a name that is not in `EXAMPLE_MAKERS`.
    """
    card = MINIATURE_TASKS[name]
    return TaskData(
        card.kind,
        card.labels,
        _make_rows(name, "train", card.language) if card.train else None,
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
    )


def _make_rows(name: str, split: RecordSplit, language: str) -> LazyRows:
    def read() -> Iterator[Row]:
        for number, example in enumerate(draw_examples(name, split)):
            yield example.render(language) | ({} if split == "train" else {ITEM_COLUMN: number})

    return LazyRows(read, f"miniature/{_digest_code()}/{name}/{split}/{language}")


@cache
def _digest_code() -> str:
    """What decides the examples: the code of this package, and the version of Babel."""
    digest = hashlib.sha256(version("babel").encode())
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
