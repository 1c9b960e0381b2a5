"""What each benchmark offers, as plain data: read by whoever validates or plans, without torch or any data."""

from dataclasses import dataclass
from typing import Literal

from trainables.languages import LANGUAGES, SOURCE_LANGUAGE

Resource = Literal["high", "low"]


class DataError(ValueError):
    """A data set that is not there, or not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a task's data are on the Hugging Face hub, in a configuration for each language."""

    repository: str
    """``namespace/name``."""
    columns: dict[str, str]
    """Its columns by the names that the task kind wants."""
    label_names: tuple[str, ...]
    """What it calls the labels, in the order of the card's."""
    item: str | None = None
    """The column that joins rows of different languages; None: the row's place."""
    splits: dict[str, str]
    """Its splits by ours: train, dev, test."""


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
    languages: tuple[str, ...] = ()
    """The languages that it is scored in, where they are not all of the benchmark's."""
    source: Source | None = None
    """None: made by the package."""

    @property
    def scored(self) -> bool:
        """Whether it can be a target."""
        return self.dev > 0


TWO_TEXTS = frozenset({"classification", "multiple_choice", "question_answering"})
"""The kinds whose examples may have two texts."""

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

_SPLITS = {"train": "train", "dev": "validation", "test": "test"}

ROBUST_XLT: dict[str, Card] = {
    "xnli": Card(
        kind="classification",
        about="does the premise entail the hypothesis, contradict it, or neither? (Conneau et al., EMNLP 2018; trained on MNLI)",
        labels=("entailment", "neutral", "contradiction"),
        train=392_702,
        dev=2490,
        test=5010,
        languages=("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"),
        source=Source(
            repository="facebook/xnli",
            columns={"text": "premise", "text_pair": "hypothesis"},
            label_names=("entailment", "neutral", "contradiction"),
            splits=_SPLITS,
        ),
    ),
    "pawsx": Card(
        kind="classification",
        about="do the two sentences say the same? (Yang et al., EMNLP 2019)",
        labels=("different", "paraphrase"),
        train=49_401,
        dev=2000,
        test=2000,
        languages=("de", "en", "es", "fr", "ja", "ko", "zh"),
        source=Source(
            repository="google-research-datasets/paws-x",
            columns={"text": "sentence1", "text_pair": "sentence2"},
            label_names=("0", "1"),
            item="id",
            splits=_SPLITS,
        ),
    ),
}
"""The two tasks of Huang et al. (EMNLP 2021)."""

BENCHMARKS: dict[str, dict[str, Card]] = {"miniature": MINIATURE, "robust_xlt": ROBUST_XLT}
"""By name, the tasks of each benchmark."""

LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    "miniature": MINIATURE_LANGUAGES,
    "robust_xlt": tuple(sorted({code for card in ROBUST_XLT.values() for code in card.languages})),
}
"""By name, the languages that each benchmark scores in."""


def catalogue(benchmark: str) -> dict[str, Card]:
    """The tasks of a benchmark.

    Raises:
        KeyError: for a benchmark that is not in `BENCHMARKS`.
    """
    return BENCHMARKS[benchmark]
