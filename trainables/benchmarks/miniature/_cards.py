"""The tasks of the miniature."""

from trainables.cards import MULTIPLE_LANGUAGES, TaskCard
from trainables.languages import XTREME_R_LANGUAGES

MINIATURE_LANGUAGES: tuple[str, ...] = tuple(code for code in XTREME_R_LANGUAGES if code != "ht")
"""XTREME-R's languages but Haitian Creole, for which CLDR has no locale: 49."""

MINIATURE_TAGS = (
    "O",
    *(
        f"{prefix}-{name}"
        for name in ("TERRITORY", "CONTINENT", "CURRENCY", "LANGUAGE", "MONTH", "WEEKDAY")
        for prefix in "BI"
    ),
)
_TRUTH_LABELS = ("false", "true")

MINIATURE_TASKS: dict[str, TaskCard] = {
    "inference": TaskCard(
        kind="classification",
        description="a place or a day; are these two facts entailed, neutral or contradicted?",
        labels=("entailment", "neutral", "contradiction"),
        train=4000,
        dev=50,
        test=70,
    ),
    "choice": TaskCard(kind="multiple_choice", description="which of two facts holds?", train=4000, dev=50, test=70),
    "tagging": TaskCard(
        kind="tagging",
        description="the kind of every name in a list",
        labels=MINIATURE_TAGS,
        train=4000,
        dev=50,
        test=70,
    ),
    "answer": TaskCard(
        kind="question_answering", description="which place in the text has this fact?", train=4000, dev=50, test=70
    ),
    "retrieval": TaskCard(
        kind="retrieval", description="find the English rendering of a list", train=0, dev=80, test=120
    ),
    "facts": TaskCard(
        kind="classification", description="true facts about places from false ones", labels=_TRUTH_LABELS, train=4000
    ),
    "dates": TaskCard(
        kind="classification",
        description="is the day in this month, on this weekday?",
        labels=_TRUTH_LABELS,
        train=4000,
    ),
    "initials": TaskCard(
        kind="classification", description="does the English name begin with A to M?", labels=("A-M", "N-Z"), train=4000
    ),
    "facts_sw": TaskCard(
        kind="classification",
        description="true facts from false ones, in Swahili",
        labels=_TRUTH_LABELS,
        train=300,
        language="sw",
        resource="low",
    ),
    "names": TaskCard(
        kind="tagging",
        description="the kind of every name in a list, in 23 languages other than English",
        labels=MINIATURE_TAGS,
        train=600,
        language=MULTIPLE_LANGUAGES,
        resource="low",
    ),
}
