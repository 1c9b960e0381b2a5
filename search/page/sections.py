"""The page's sections in the order in which a reader wants them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from search.page import effects, estimates, front, heat, learning, noise, order, spent, tree
from search.page.methods import LIMITS, METHODS
from search.page.picture import Picture
from search.page.tables import Table, words

Block = Picture | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A title, some sentences, pictures and tables."""

    name: str
    """Its anchor."""
    title: str
    blocks: list[Block]
    words: list[str] = field(default_factory=list)
    """Sentences before the blocks."""
    lists: list[tuple[str, list[str]]] = field(default_factory=list)
    """Titles with their sentences, after the blocks."""

    @property
    def wide(self) -> bool:
        """Whether on paper it wants a page on its side."""
        return any(isinstance(block, Picture) and block.fixed for block in self.blocks)


def sections(analysis: dict[str, Any]) -> list[Section]:
    """All that have something to say, be it in one line why there is nothing."""
    begun = bool(analysis.get("curricula"))
    every = [
        _section(
            "order", "Order and families", order.curricula(analysis), _read(analysis), "No trial is complete yet."
        ),
        _section(
            "effects",
            "Order effects",
            [effects.picture(analysis), effects.by_family(analysis, order.families_of(analysis))],
            [],
            begun
            * "No effect of the order can be told yet: it takes finished trials whose curricula differ in their order.",
        ),
        _section("languages", "Language by language", [heat.picture(analysis)], [], ""),
        _section("conditions", "Conditions", [order.conditions(analysis)], _CONDITIONS, ""),
        _section("tree", "The stage tree", [tree.picture(analysis)], [], ""),
        _section(
            "noise",
            "Noise",
            [noise.curves(analysis), estimates.by_distance(analysis), noise.by_language(analysis)],
            [],
            "",
        ),
        _section(
            "forgetting",
            "Forgetting",
            [estimates.forgotten(analysis)],
            [],
            begun * "Forgetting was not measured: it takes curricula of two stages or more.",
        ),
        _section(
            "importance",
            "What mattered",
            [spent.importance(analysis)],
            [],
            begun * "There are too few trials to tell what mattered.",
        ),
        _section("learning", "Learning curves", [learning.picture(analysis)], [], ""),
        _section("front", "Pareto front", [front.picture(analysis)], [], ""),
        _section("selection", "Selecting a curriculum", [estimates.selected(analysis)], _selection(analysis), ""),
        _section("spent", "Spent and saved", [spent.spent(analysis)], _counted(analysis), ""),
        _section("failed", "What failed", [_failed(analysis)], _FAILED, ""),
        _methods(analysis),
    ]
    return [section for section in every if section is not None]


_READ = (
    "Each cell is a score, mean over targets, and under it the gain over no intermediate stage, where that was tried; blue gains, "
    "orange loses, bold is significant after a correction (max-t) for all families of all curricula. All families is the mean over families, without the source language and without "
    "languages unseen in pre-training."
)
_CONDITIONS = ["Curricula that have the same kind of order, taken together."]


def _section(name: str, title: str, found: Sequence[Block | None], sentences: list[str], empty: str) -> Section | None:
    """A section with its blocks; without any, the sentence that says why; without that, none."""
    blocks = [block for block in found if block is not None]
    if blocks:
        return Section(name, title, blocks, sentences)
    return Section(name, title, [], [empty]) if empty else None


def _read(analysis: dict[str, Any]) -> list[str]:
    """How to read the table of curricula."""
    recipe = order.common_recipe(analysis)
    basis = (analysis.get("basis") or {}).get("told")
    told = [sentence(f"The table of curricula: {basis}")] if basis else []
    return [_READ + (f" Every intermediate stage has the same rate and noise ({recipe})." if recipe else ""), *told]


def sentence(words: str) -> str:
    """With a capital and an end, as a page's sentences have."""
    whole = words[:1].upper() + words[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


_FAILED = ["Why runs came to nothing. Tracebacks lie in files of the search, named here from its home on."]


def _failed(analysis: dict[str, Any]) -> Table | None:
    """Trials and repeats that failed; None where there is none."""
    rows = [
        [
            words(told["run"]),
            words(told["error"]),
            words(told["failure"] and f"searches/{analysis['name']}/{told['failure']}"),
        ]
        for told in analysis.get("failed") or []
    ]
    return Table(["failed", "why", "traceback"], rows, title="What failed", kind="shown") if rows else None


def _selection(analysis: dict[str, Any]) -> list[str]:
    told = (analysis.get("selection") or {}).get("told")
    return [sentence(told)] if told else []


def _counted(analysis: dict[str, Any]) -> list[str]:
    told = analysis.get("spent") or {}
    trials = "trial" if told.get("trials") == 1 else "trials"
    parts = [
        (told.get("trials"), f"{trials} complete"),
        (told.get("pruned"), "ended early"),
        (told.get("failed"), "failed"),
    ]
    words = ", ".join(f"{number:g} {what}" for number, what in parts if number)
    mixed = analysis.get("mixture")
    return [f"{words}."] * bool(words) + ([sentence(mixed)] if mixed else [])


def _methods(analysis: dict[str, Any]) -> Section:
    """How the numbers came about and what they do not say."""
    assumed = list(analysis.get("assumptions") or [])
    lists = [("Methods", METHODS), ("What the intervals assume", assumed), ("Limits", LIMITS)]
    return Section("methods", "Methods and limits", [], [], [(title, members) for title, members in lists if members])
