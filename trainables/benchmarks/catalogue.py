"""What each benchmark offers, as plain data: read by whoever validates or plans, without torch or any data."""

from collections.abc import Iterable

from trainables.benchmarks.cards import Card, Tasks
from trainables.benchmarks.intermediate import INTERMEDIATE
from trainables.benchmarks.miniature.cards import MINIATURE, MINIATURE_LANGUAGES
from trainables.benchmarks.xglue import XGLUE
from trainables.benchmarks.xtreme import ROBUST_XLT, XTREME, XTREME_R

TWO_TEXTS = frozenset({"classification", "multiple_choice", "question_answering", "question_answering_mlqa"})
"""The kinds whose examples may have two texts."""

_OF_THE_HUB = {"xtreme_r": XTREME_R, "xtreme": XTREME, "xglue": XGLUE, "robust_xlt": ROBUST_XLT}

BENCHMARKS: dict[str, Tasks] = {
    "miniature": Tasks(MINIATURE),
    **{name: Tasks(INTERMEDIATE | targets) for name, targets in _OF_THE_HUB.items()},
}
"""By name, the tasks of each benchmark; those of the hub share their intermediate tasks."""


def _languages(targets: dict[str, Card]) -> tuple[str, ...]:
    return tuple(sorted({code for card in targets.values() for code in card.languages}))


LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    "miniature": MINIATURE_LANGUAGES,
    **{name: _languages(targets) for name, targets in _OF_THE_HUB.items()},
}
"""By name, the languages that each benchmark scores in."""

PUBLISHED: dict[str, tuple[str, ...]] = {name: tuple(_OF_THE_HUB[name]) for name in ("xtreme_r", "xtreme", "xglue")}
"""By name, the targets that a benchmark's own average is over; see `trainables.transfer.Transfer.published`."""


def published_metrics(benchmark: str) -> dict[str, tuple[str, ...]]:
    """By target, the metrics whose mean a benchmark publishes, where it is not the kind's main one."""
    return {task: card.published for task, card in BENCHMARKS[benchmark].items() if card.published}


def unlike_published(benchmark: str, targets: Iterable[str]) -> dict[str, str]:
    """By target, for those whose numbers are another thing than the published ones, what makes them so."""
    cards = BENCHMARKS[benchmark]
    return {task: cards[task].unlike for task in targets if cards[task].unlike}


def catalogue(benchmark: str) -> Tasks:
    """The tasks of a benchmark.

    Raises:
        KeyError: for a benchmark that is not in `BENCHMARKS`.
    """
    return BENCHMARKS[benchmark]
