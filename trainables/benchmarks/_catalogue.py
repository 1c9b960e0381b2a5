"""The tasks and languages of each benchmark, as plain data: validation and planning need neither torch nor any data set."""

from collections.abc import Iterable
from dataclasses import replace

from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks._xglue import XGLUE
from trainables.benchmarks.miniature import MINIATURE_LANGUAGES, MINIATURE_TASKS
from trainables.benchmarks.xtreme import ROBUST_XLT, XTREME, XTREME_R
from trainables.cards import TaskCard, TaskCatalogue
from trainables.languages import SOURCE_LANGUAGE
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

DEFAULT_SOURCE = (SOURCE_LANGUAGE,)


def _offer_every_language(card: TaskCard) -> TaskCard:
    """A generated task whose examples can be rendered in every language, unless its own languages are its point."""
    rendered = MINIATURE_LANGUAGES if card.language == SOURCE_LANGUAGE and card.train else ()
    return replace(card, train_sets=dict.fromkeys(rendered, card.train))


_HUB_BENCHMARKS = {"xtreme_r": XTREME_R, "xtreme": XTREME, "xglue": XGLUE, "robust_xlt": ROBUST_XLT}

BENCHMARKS: dict[str, TaskCatalogue] = {
    "miniature": TaskCatalogue({name: _offer_every_language(card) for name, card in MINIATURE_TASKS.items()}),
    **{name: TaskCatalogue(INTERMEDIATE_TASKS | targets) for name, targets in _HUB_BENCHMARKS.items()},
}
"""The tasks of each benchmark; the benchmarks of the hub share their intermediate tasks."""


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
        benchmark: a key of `BENCHMARKS`; empty: the intermediate tasks of the hub alone.
        own_tasks: the user's, resolved.
        source: the languages that a task is trained in where its training set exists in all of them.

    Raises:
        KeyError: for a benchmark that is not in `BENCHMARKS`.
    """
    if source != DEFAULT_SOURCE:
        cards = get_task_catalogue(benchmark, own_tasks).cards
        return TaskCatalogue({name: card.in_source(source) for name, card in cards.items()})
    if not own_tasks:
        return BENCHMARKS[benchmark] if benchmark else _WITHOUT_BENCHMARK
    from trainables.benchmarks.own import make_own_card

    own = {task.name: make_own_card(task) for task in own_tasks}
    return TaskCatalogue(get_task_catalogue(benchmark).cards | own)


def get_benchmark_languages(benchmark: str, own_tasks: tuple[OwnTask, ...] = ()) -> tuple[str, ...]:
    """The languages in which the targets of a benchmark, and a user's own, can be scored, in alphabetical order."""
    languages = set(BENCHMARK_LANGUAGES.get(benchmark, ()))
    if own_tasks:
        cards = get_task_catalogue(benchmark, own_tasks)
        languages |= {code for task in own_tasks for code in cards[task.name].languages}
    return tuple(sorted(languages))
