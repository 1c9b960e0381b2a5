"""The tasks of the miniature."""

from trainables.benchmarks.cards import SEVERAL_LANGUAGES, Card
from trainables.languages import LANGUAGES

MINIATURE_LANGUAGES: tuple[str, ...] = tuple(code for code in LANGUAGES if code != "ht")
"""XTREME-R's languages but Haitian Creole, for which CLDR has no locale: 49."""

TAGS = (
    "O",
    *(
        f"{prefix}-{name}"
        for name in ("TERRITORY", "CONTINENT", "CURRENCY", "LANGUAGE", "MONTH", "WEEKDAY")
        for prefix in "BI"
    ),
)
_TRUTH = ("false", "true")

MINIATURE: dict[str, Card] = {
    "inference": Card(
        kind="classification",
        about="a place or a day; are these two facts entailed, neutral or contradicted?",
        labels=("entailment", "neutral", "contradiction"),
        train=4000,
        dev=50,
        test=70,
    ),
    "choice": Card(kind="multiple_choice", about="which of two facts holds?", train=4000, dev=50, test=70),
    "tagging": Card(kind="tagging", about="the kind of every name in a list", labels=TAGS, train=4000, dev=50, test=70),
    "answer": Card(
        kind="question_answering", about="which place in the text has this fact?", train=4000, dev=50, test=70
    ),
    "retrieval": Card(kind="retrieval", about="find the English rendering of a list", train=0, dev=80, test=120),
    "facts": Card(kind="classification", about="true facts about places from false ones", labels=_TRUTH, train=4000),
    "dates": Card(kind="classification", about="is the day in this month, on this weekday?", labels=_TRUTH, train=4000),
    "initials": Card(
        kind="classification", about="does the English name begin with A to M?", labels=("A-M", "N-Z"), train=4000
    ),
    "facts_sw": Card(
        kind="classification",
        about="true facts from false ones, in Swahili",
        labels=_TRUTH,
        train=300,
        language="sw",
        resource="low",
    ),
    "names": Card(
        kind="tagging",
        about="the kind of every name in a list, in 23 languages other than English",
        labels=TAGS,
        train=600,
        language=SEVERAL_LANGUAGES,
        resource="low",
    ),
}
