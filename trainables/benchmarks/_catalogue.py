"""The tasks and languages of each benchmark, as plain data: validation and planning need neither torch nor any data set."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from trainables.benchmarks._african import AFRISENTI, MASAKHANEWS, MASAKHAPOS
from trainables.benchmarks._flores import BELEBELE, SIB_200
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks._massive import MASSIVE
from trainables.benchmarks._nusax import NUSAX
from trainables.benchmarks._xglue import XGLUE
from trainables.benchmarks._xnli_relatives import AFRIXNLI, XNLI_AMERICAS, XNLI_INDIC
from trainables.benchmarks.miniature import MINIATURE_LANGUAGES, MINIATURE_TASKS
from trainables.benchmarks.xtreme import ROBUST_XLT, XTREME, XTREME_R
from trainables.cards import TaskCard, TaskCatalogue
from trainables.languages import DEFAULT_SOURCE, SOURCE_LANGUAGE
from trainables.own_tasks import OwnTask

TWO_TEXT_KINDS = frozenset(
    {
        "classification",
        "multi_label",
        "regression",
        "multiple_choice",
        "question_answering",
        "question_answering_mlqa",
    }
)
"""The kinds whose examples may have two texts."""


def _offer_every_language(card: TaskCard) -> TaskCard:
    """A generated task whose examples can be rendered in every language, unless its own languages are its point."""
    rendered = MINIATURE_LANGUAGES if card.language == SOURCE_LANGUAGE and card.train else ()
    return replace(card, train_sets=dict.fromkeys(rendered, card.train))


_HUB_BENCHMARKS: dict[str, dict[str, TaskCard]] = {
    "xtreme_r": XTREME_R,
    "xtreme": XTREME,
    "xglue": XGLUE,
    "robust_xlt": ROBUST_XLT,
    "sib200": {"sib200": SIB_200},
    "belebele": {"belebele": BELEBELE},
    "massive": MASSIVE,
    "masakhanews": {"masakhanews": MASAKHANEWS},
    "afrisenti": {"afrisenti": AFRISENTI},
    "afrixnli": {"afrixnli": AFRIXNLI},
    "nusax": {"nusax": NUSAX},
    "masakhapos": {"masakhapos": MASAKHAPOS},
    "americasnli": {"xnli_americas": XNLI_AMERICAS},
    "indicxnli": {"xnli_indic": XNLI_INDIC},
}

BENCHMARKS: dict[str, TaskCatalogue] = {
    "miniature": TaskCatalogue({name: _offer_every_language(card) for name, card in MINIATURE_TASKS.items()}),
    **{name: TaskCatalogue(INTERMEDIATE_TASKS | targets) for name, targets in _HUB_BENCHMARKS.items()},
}
"""The tasks of each benchmark; the benchmarks of the hub share their intermediate tasks."""

BENCHMARK_SEPARATOR = "+"
"""Joins the names of benchmarks that one search takes its tasks from: ``sib200+afrixnli``."""


def _collect_languages(targets: dict[str, TaskCard]) -> tuple[str, ...]:
    return tuple(sorted({code for card in targets.values() for code in card.languages}))


BENCHMARK_LANGUAGES: dict[str, tuple[str, ...]] = {
    "miniature": MINIATURE_LANGUAGES,
    **{name: _collect_languages(targets) for name, targets in _HUB_BENCHMARKS.items()},
}
"""The languages in which each benchmark scores."""

PUBLISHED_TARGETS: dict[str, tuple[str, ...]] = {
    name: tuple(_HUB_BENCHMARKS[name]) for name in ("xtreme_r", "xtreme", "xglue")
}
"""The targets over which a benchmark's own average is taken; see `trainables.transfer.Transfer.published_means`."""


_WITHOUT_BENCHMARK = TaskCatalogue(INTERMEDIATE_TASKS)


def get_published_metrics(benchmark: str) -> dict[str, tuple[str, ...]]:
    """By target, the metrics whose mean a benchmark publishes, for targets where that is not the main metric."""
    cards = get_task_catalogue(benchmark)
    return {task: card.published_metrics for task, card in cards.items() if card.published_metrics}


def explain_published_differences(
    benchmark: str, targets: Iterable[str], source: tuple[str, ...] = DEFAULT_SOURCE
) -> dict[str, str]:
    """By target, how our scores differ from the published ones, for targets where they do."""
    cards, published = get_task_catalogue(benchmark), PUBLISHED_TARGETS.get(benchmark, ())
    found = {}
    for task in targets:
        if task not in cards:
            continue
        elsewhere = source != DEFAULT_SOURCE and task in published and cards[task].train
        in_words = [f"it is trained in {', '.join(source)}, in the published task in English"] if elsewhere else []
        if reasons := [*filter(None, [cards[task].published_difference]), *in_words]:
            found[task] = "; ".join(reasons)
    return found


def get_task_catalogue(
    benchmark: str, own_tasks: tuple[OwnTask, ...] = (), source: tuple[str, ...] = DEFAULT_SOURCE
) -> TaskCatalogue:
    """The tasks of a benchmark, and a user's own.

    Args:
        benchmark: a key of `BENCHMARKS`, or several, joined by `BENCHMARK_SEPARATOR`; empty: the intermediate tasks of the hub alone.
        own_tasks: the user's, resolved.
        source: the languages that a task is trained in where its training set exists in all of them; see `TaskCard.in_source`.

    Raises:
        KeyError: for a benchmark that is not in `BENCHMARKS`.
    """
    plain = _get_benchmark_tasks(benchmark, source)
    if not own_tasks:
        return plain
    from trainables.benchmarks.own import make_own_card

    own = {task.name: make_own_card(task) for task in own_tasks}
    return TaskCatalogue(plain.cards | own)


@cache
def _get_benchmark_tasks(benchmark: str, source: tuple[str, ...]) -> TaskCatalogue:
    if not benchmark:
        return _WITHOUT_BENCHMARK
    names = benchmark.split(BENCHMARK_SEPARATOR)
    cards = {task: card.in_source(source) for name in names for task, card in BENCHMARKS[name].cards.items()}
    return TaskCatalogue(cards)


def explain_unknown_benchmark(benchmark: str) -> str:
    """Why `benchmark` names no benchmarks that one search can take, as text with those that can be named; empty if it does."""
    names = benchmark.split(BENCHMARK_SEPARATOR)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        return f"unknown benchmark {', '.join(map(repr, unknown))}; allowed: {', '.join(BENCHMARKS)}"
    if len(set(names)) < len(names):
        return f"a benchmark is listed twice: {', '.join(names)}"
    if "miniature" in names and len(names) > 1:
        return "miniature generates its own text and languages: it cannot be combined with another benchmark"
    targets = [(task, name) for name in names for task in _HUB_BENCHMARKS.get(name, ())]
    for task, name in targets:
        if other := next((one for same, one in targets if same == task and one != name), ""):
            return f"{name} and {other} both have a task {task}: name one of the two benchmarks"
    return ""


def get_benchmark_languages(benchmark: str, own_tasks: tuple[OwnTask, ...] = ()) -> tuple[str, ...]:
    """The languages in which the targets of a benchmark, and a user's own, can be scored, in alphabetical order."""
    names = benchmark.split(BENCHMARK_SEPARATOR)
    languages = {code for name in names for code in BENCHMARK_LANGUAGES.get(name, ())}
    if own_tasks:
        cards = get_task_catalogue(benchmark, own_tasks)
        languages |= {code for task in own_tasks for code in cards[task.name].languages}
    return tuple(sorted(languages))
