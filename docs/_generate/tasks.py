"""The list of tasks, from the benchmarks' cards: kinds, languages, sizes, sets and their licences; and the table of kinds."""

from collections.abc import Iterable, Sequence
from typing import Any

from docs._generate.kinds import kinds_section
from trainables.benchmarks import BENCHMARK_LANGUAGES, BENCHMARKS

Card = Any
"""A task's entry in `BENCHMARKS`."""

HEAD = """\
# Tasks and licences

<!-- Generated from the benchmarks' cards by `python -m docs._generate`: do not edit. -->

Every task that a config may name, with the set it is read from. A licence is the one that the set's card or paper states;
*unclear* means that they state none. You are responsible for the licences of the sets that you train on.
[Benchmarks](benchmarks.md) says how they are read and scored.
"""

RESOURCES = {"high": "high-resource", "low": "low-resource"}


def page() -> str:
    """The list in Markdown."""
    hub = [name for name in BENCHMARKS if name != "miniature"]
    parts = [HEAD, *_miniature()]
    for name in hub:
        targets = {task: card for task, card in BENCHMARKS[name].items() if card.is_scored}
        parts += [
            f"\n## `{name}`: targets\n",
            f"\n{_list_codes(BENCHMARK_LANGUAGES[name])}\n\n",
            *_targets(targets.items()),
        ]
    tasks = {task: card for task, card in BENCHMARKS[hub[0]].items() if not card.is_scored}
    assert all({task for task, card in BENCHMARKS[name].items() if not card.is_scored} == tasks.keys() for name in hub)
    parts += [
        "\n## Intermediate tasks\n",
        "\nEvery benchmark of the hub has these tasks. `task@n` is a sample of `n` training examples of a task, and\n"
        "low-resource; `task@n.seed` is another sample.\n\n",
        *_intermediate(tasks.items()),
        kinds_section(),
    ]
    return "".join(parts)


def _miniature() -> Iterable[str]:
    cards = BENCHMARKS["miniature"]
    codes = BENCHMARK_LANGUAGES["miniature"]
    yield f"\n## `miniature`\n\n{_list_codes(codes)} The text is generated from Unicode CLDR through Babel.\n\n"
    yield "| task | role | kind | training examples | what it asks |\n| --- | --- | --- | --- | --- |\n"
    for task, card in cards.items():
        role = "target" if card.is_scored else f"intermediate, {RESOURCES[card.resource]}"
        yield f"| `{task}` | {role} | {_kind(card)} | {_examples(card)} | {card.description} |\n"


def _targets(tasks: Iterable[tuple[str, Card]]) -> Iterable[str]:
    yield "| task | kind | languages | training examples | sets and licences | what it asks | differs from the published task |\n"
    yield "| --- | --- | --- | --- | --- | --- | --- |\n"
    for task, card in tasks:
        yield (
            f"| `{task}` | {_kind(card)} | {len(card.languages)} | {_examples(card)} | {_sets(card)} | {card.description} "
            f"| {card.published_difference or ''} |\n"
        )


def _intermediate(tasks: Iterable[tuple[str, Card]]) -> Iterable[str]:
    yield "| task | resource | kind | training examples | set and licence | what it asks |\n| --- | --- | --- | --- | --- | --- |\n"
    for task, card in tasks:
        yield f"| `{task}` | {card.resource} | {_kind(card)} | {_examples(card)} | {_sets(card)} | {card.description} |\n"


def _list_codes(codes: Sequence[str]) -> str:
    return f"{len(codes)} languages: {', '.join(codes)}."


def _kind(card: Card) -> str:
    return str(card.kind).replace("_", " ")


def _examples(card: Card) -> str:
    if not card.train:
        return "none: scored without training"
    parts = card.parts.train if card.parts and card.is_scored else ()
    counts = [part.expected_rows(code) for part in parts for code in part.languages]
    if len(counts) < 2:
        return f"{card.train:,}"
    low, high = min(counts), max(counts)
    return (
        f"{low:,} in each of {len(counts)} languages"
        if low == high
        else f"{low:,} to {high:,} in {len(counts)} languages"
    )


def _sets(card: Card) -> str:
    assert card.parts is not None
    parts = [*card.parts.train, *card.parts.dev, *card.parts.test]
    return "; ".join(dict.fromkeys(f"{part.source.repository} ({part.source.licence})" for part in parts))
