"""What each benchmark offers, as plain data: read by whoever validates or plans, without torch or any data."""

from dataclasses import dataclass
from typing import Literal

from trainables.languages import LANGUAGES, SOURCE_LANGUAGE

Resource = Literal["high", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One task of a benchmark."""

    kind: str
    """A key of `trainables.tasks.KINDS`."""
    about: str
    train: int
    """Training examples; 0 for a task that is scored without training."""
    language: str = SOURCE_LANGUAGE
    """The language of the training examples."""
    dev: int = 0
    """Dev examples in each language; 0 for a task that is only trained on."""
    test: int = 0
    labels: tuple[str, ...] = ()
    resource: Resource = "high"

    @property
    def scored(self) -> bool:
        """Whether it can be a target."""
        return self.dev > 0


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
SEVERAL_LANGUAGES = "mul"
"""ISO 639's code for training examples in several languages."""
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

BENCHMARKS: dict[str, dict[str, Card]] = {"miniature": MINIATURE}
"""By name, the tasks of each benchmark."""

LANGUAGES_OF: dict[str, tuple[str, ...]] = {"miniature": MINIATURE_LANGUAGES}
"""By name, the languages that each benchmark scores in."""


def catalogue(benchmark: str) -> dict[str, Card]:
    """The tasks of a benchmark.

    Raises:
        KeyError: for a benchmark that is not in `BENCHMARKS`.
    """
    return BENCHMARKS[benchmark]
