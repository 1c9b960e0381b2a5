"""Sets in many languages: SIB-200, Belebele, MASSIVE, and those of Africa, Indonesia, the Americas and India."""

from collections.abc import Sequence
from typing import Any

from datasets import ClassLabel, Features, List, Value

from trainables.benchmarks._african import _HUB_POS, AFRISENTI, MASAKHANEWS, MASAKHAPOS
from trainables.benchmarks._flores import BELEBELE_CONFIGURATIONS, SIB_200_CONFIGURATIONS, TOPICS
from trainables.benchmarks._massive import INTENTS, MASSIVE_CODES, MASSIVE_LOCALES, SCENARIOS, SLOTS
from trainables.benchmarks._nusax import NUSAX
from trainables.benchmarks._xnli_relatives import AFRIXNLI
from trainables.cards import TaskCard

from . import rows
from .configuration import ALL, HELD_OUT, Configuration
from .rows import Row
from .texts import Item

STRING, INTEGER = Value("string"), Value("int64")


def _strings(names: str, **others: object) -> Features:
    return Features(dict.fromkeys(names.split(), STRING) | others)


def _each(
    features: Features | None, splits: Sequence[str], row: Row, configurations: dict[str, str]
) -> dict[str, Configuration]:
    """A configuration for each language, by the set's own name of it."""
    return {theirs: Configuration(features, splits, row, (ours,)) for ours, theirs in configurations.items()}


def _find_configurations(card: TaskCard) -> dict[str, str]:
    return {code: part.configuration_of(code) for part in card.parts.test for code in part.languages}


def topic(item: Item) -> dict[str, Any]:
    return {"index_id": item.number, "category": TOPICS[item.number % len(TOPICS)], "text": item.sentence}


def reading(item: Item) -> dict[str, Any]:
    """Rows in another order in every language, two questions a passage: link and number identify them."""
    turned = Item(item.language, item.split, item.number ^ (len(item.language) % 2))
    options, right = rows.choices(turned, 4)
    link = f"https://en.wikinews.org/wiki/{turned.number // 2}"
    return {
        "link": link,
        "question_number": turned.number % 2 + 1,
        "flores_passage": turned.sentence,
        "question": turned.question,
        **{f"mc_answer{number}": option for number, option in enumerate(options, 1)},
        "correct_answer_num": str(right + 1),
        "dialect": item.language,
        "ds": "2023-04-05",
    }


def race(item: Item) -> dict[str, Any]:
    options, right = rows.choices(item, 4)
    asked = {"article": item.sentence, "answer": "ABCD"[right], "question": item.question, "options": options}
    return {"example_id": f"high{item.number}.txt"} | asked


def request(labels: Sequence[str]) -> Row:
    def row(item: Item) -> dict[str, Any]:
        label = labels[item.number % len(labels)]
        return {
            "id": str(item.number),
            "label": label,
            "label_text": label,
            "text": item.sentence,
            "lang": item.language,
        }

    return row


def annotated(item: Item) -> dict[str, Any]:
    """A place and a date are slots; every fifth request has none, and other slots come in turn."""
    slot = SLOTS[item.number % len(SLOTS)]
    told = f"[{slot} : {item.place(0)}] {item.place(1)} [date : {item.day}]" if item.number % 5 else item.sentence
    return {
        "id": str(item.number),
        "locale": MASSIVE_LOCALES[item.language],
        "partition": item.split,
        "scenario": item.number % len(SCENARIOS),
        "intent": item.number % len(INTENTS),
        "utt": item.sentence,
        "annot_utt": told,
        "worker_id": "1",
        "slot_method": {"slot": [slot, "date"], "method": ["localization", "translation"]},
        "judgments": {name: [] for name in JUDGMENTS},
    }


def article(item: Item) -> dict[str, Any]:
    category = MASAKHANEWS.labels[item.number % len(MASAKHANEWS.labels)]
    return {"category": category, "headline": item.both, "text": item.sentence, "url": "https://example.org"}


def sentiment(item: Item) -> dict[str, Any]:
    return {"text": item.sentence, "label": item.number % 3}


def review(item: Item) -> dict[str, Any]:
    return {"id": str(item.number), "text": item.sentence, "lang": item.language, "label": item.number % 3}


def parts_of_speech(item: Item) -> dict[str, Any]:
    """The tags by the numbers of MasakhaPOS."""
    told = rows.tagging("tokens", "upos")(item)
    return {"id": str(item.number)} | told | {"upos": [POS.index(rows.UPOS[tag]) for tag in told["upos"]]}


JUDGMENTS = ("worker_id", "intent_score", "slots_score", "grammar_score", "spelling_score", "language_identification")
_JUDGED = {name: List(Value("int8" if name.endswith("score") else "string")) for name in JUDGMENTS}
POS = _HUB_POS.split()
MANY_LANGUAGES: dict[str, dict[str, Configuration]] = {
    "Davlan/sib200": _each(
        Features({"index_id": INTEGER, "category": STRING, "text": STRING}), ALL, topic, SIB_200_CONFIGURATIONS
    ),
    "facebook/belebele": _each(None, ("test",), reading, BELEBELE_CONFIGURATIONS),
    "ehovy/race": {
        "all": Configuration(_strings("example_id article answer question", options=List(STRING)), ALL, race)
    },
    "mteb/amazon_massive_intent": _each(None, ALL, request(INTENTS), MASSIVE_CODES),
    "mteb/amazon_massive_scenario": _each(None, ALL, request(SCENARIOS), MASSIVE_CODES),
    "AmazonScience/massive": _each(
        _strings(
            "id locale partition",
            scenario=ClassLabel(names=list(SCENARIOS)),
            intent=ClassLabel(names=list(INTENTS)),
            utt=STRING,
            annot_utt=STRING,
            worker_id=STRING,
            slot_method={"slot": List(STRING), "method": List(STRING)},
            judgments=_JUDGED,
        ),
        ALL,
        annotated,
        MASSIVE_LOCALES,
    ),
    "masakhane/masakhanews": _each(
        _strings("category headline text url"), ALL, article, _find_configurations(MASAKHANEWS)
    ),
    "mteb/AfriSentiClassification": _each(
        _strings("text", label=INTEGER), ALL, sentiment, _find_configurations(AFRISENTI)
    ),
    "masakhane/afrixnli": _each(
        _strings("premise hypothesis", label=INTEGER), HELD_OUT, rows.inference(), _find_configurations(AFRIXNLI)
    ),
    "mteb/NusaX-senti": _each(_strings("id text lang", label=INTEGER), ALL, review, _find_configurations(NUSAX)),
    "masakhane/masakhapos": _each(
        _strings("id", tokens=List(STRING), upos=List(ClassLabel(names=POS))),
        ALL,
        parts_of_speech,
        _find_configurations(MASAKHAPOS),
    ),
}
"""Configurations by name, by repository."""
