"""Examples of the miniature's tasks: decided in codes (records, facts, label), then rendered in a language."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from trainables.benchmarks.miniature.world._records import (
    DATE_KINDS,
    PLACE_KINDS,
    FactKind,
    WorldRecord,
    draw_other_code,
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
from trainables.cards import Row
from trainables.languages import SOURCE_LANGUAGE

RenderExample = Callable[[str], Row]


@dataclass(frozen=True, slots=True)
class Example:
    """One example before it is rendered: its records, and a function that renders it in a language."""

    records: tuple[WorldRecord, ...]
    render: RenderExample


MakeExample = Callable[[Iterator[WorldRecord], Random], Example]


def make_inference_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """Three-way inference: the premise is a place or a day; the hypothesis, two facts, holds, fails, or is of the other."""
    record, label = next(records), rng.randrange(3)
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


def make_choice_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """Which of two facts of one kind holds for the place or the day."""
    record = next(records)
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


def make_tagging_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """Names of several kinds in one enumeration, each word tagged with its kind."""
    chosen = tuple(islice(records, rng.randint(3, 5)))
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


def make_answer_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """Extractive QA: three places; which of them has this continent, currency or language?"""
    while True:
        chosen = tuple(islice(records, 3))
        kind = rng.choice(PLACE_KINDS)
        gold = rng.randrange(3)
        fact = chosen[gold].fact(kind)
        unique = sum(record.fact(kind) == fact for record in chosen) == 1
        if unique and len({record.territory for record in chosen}) == 3:
            break

    def say(language: str) -> Row:
        names = [render_place(record, language) for record in chosen]
        context, starts = render_list_with_offsets(names, language)
        return {
            "id": "",
            "context": context,
            "question": render_name(kind, fact, language),
            "answers": {"text": [names[gold]], "answer_start": [starts[gold]]},
        }

    return Example(chosen, say)


def make_retrieval_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """A place, its currency, a month and a weekday, without digits: find its English rendering."""
    record = next(records)

    def text(language: str) -> str:
        facts = [render_fact(record, kind, language) for kind in ("currency", "month", "weekday")]
        return render_list([render_place(record, language), *facts], language)

    return Example(
        (record,), lambda language: {"source_sentence": text(language), "target_sentence": text(SOURCE_LANGUAGE)}
    )


def make_fact_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """True or false: does the place have this continent, currency or language?"""
    return _make_checking_example(next(records), rng, PLACE_KINDS, render_place)


def make_date_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """True or false: is the day in this month, or on this weekday?"""
    return _make_checking_example(next(records), rng, DATE_KINDS, render_date)


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


def make_multilingual_tagging_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """As `make_tagging_example`, each sentence in one of 23 languages, English not among them."""
    example, language = make_tagging_example(records, rng), rng.choice(NAMES_LANGUAGES)
    return Example(example.records, lambda _: example.render(language))


def make_initials_example(records: Iterator[WorldRecord], rng: Random) -> Example:
    """Does the place's English name begin with A to M? A surface question, of no use to any target."""
    record = next(records)
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
"""The function that makes the examples of each task."""
