"""The sections of the page, in the order of a reader's questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from search.report.page._cost import draw_training_cost
from search.report.page._curricula_tables import (
    build_conditions_table,
    build_curricula_tables,
    find_common_settings,
    list_families,
)
from search.report.page._effects import build_family_effects_table, draw_effects
from search.report.page._few_shot import build_few_shot_table, explain_few_shot
from search.report.page._forgetting import draw_forgetting
from search.report.page._heat_map import draw_heat_map
from search.report.page._importance import draw_importance
from search.report.page._language_distance import draw_gain_by_language, draw_gain_slopes
from search.report.page._learning_curves import draw_learning_curves
from search.report.page._method_notes import LIMITS, METHODS
from search.report.page._noise_curves import draw_noise_curves
from search.report.page._own_tasks import build_own_tasks_table
from search.report.page._pareto_front import draw_pareto_front
from search.report.page._picture import Picture
from search.report.page._selection_rules import draw_selection_costs
from search.report.page._stage_tree import draw_stage_tree
from search.report.page._tables import Table, make_text_cell

Block = Picture | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page: a title, sentences, pictures and tables, lists."""

    name: str
    """Its anchor."""
    title: str
    blocks: list[Block]
    sentences: list[str] = field(default_factory=list)
    """Sentences before the blocks."""
    lists: list[tuple[str, list[str]]] = field(default_factory=list)
    """Titles with their sentences, after the blocks."""

    @property
    def is_landscape(self) -> bool:
        """Whether it is printed in landscape."""
        return any(isinstance(block, Picture) and block.has_fixed_names for block in self.blocks)


def build_sections(analysis: dict[str, Any]) -> list[Section]:
    """Every section that has content, or a sentence that says why it has none."""
    begun = bool(analysis.get("curricula"))
    every = [
        _make_section(
            "order",
            "Order and families",
            build_curricula_tables(analysis),
            _explain_curricula_table(analysis),
            "No trial is complete yet.",
        ),
        _make_section(
            "effects",
            "Effects",
            [draw_effects(analysis), build_family_effects_table(analysis, list_families(analysis))],
            [],
            begun
            * "No effect of order can be estimated yet: that needs complete trials whose curricula differ in their order.",
        ),
        _make_section("languages", "Languages", [draw_heat_map(analysis)], [], ""),
        _make_section(
            "few-shot", "Few-shot transfer", [build_few_shot_table(analysis)], explain_few_shot(analysis), ""
        ),
        _make_section("tasks", "Own tasks", [build_own_tasks_table(analysis)], [], ""),
        _make_section("conditions", "Kinds of curricula", [build_conditions_table(analysis)], _CONDITIONS_NOTE, ""),
        _make_section("tree", "The stage tree", [draw_stage_tree(analysis)], [], ""),
        _make_section(
            "noise",
            "Noise",
            [draw_noise_curves(analysis), draw_gain_slopes(analysis), draw_gain_by_language(analysis)],
            [],
            "",
        ),
        _make_section(
            "forgetting",
            "Forgetting",
            [draw_forgetting(analysis)],
            [],
            begun * "Forgetting was not measured: that needs curricula of two stages or more.",
        ),
        _make_section(
            "importance",
            "Importance",
            [draw_importance(analysis)],
            [],
            begun * "There are too few trials to estimate importance.",
        ),
        _make_section("learning", "Learning curves", [draw_learning_curves(analysis)], [], ""),
        _make_section("front", "Pareto front", [draw_pareto_front(analysis)], [], ""),
        _make_section(
            "selection", "Selection rules", [draw_selection_costs(analysis)], _explain_selection(analysis), ""
        ),
        _make_section("spent", "Cost", [draw_training_cost(analysis)], _summarise_trials(analysis), ""),
        _make_section("failed", "Failures", [_build_failures_table(analysis)], _FAILURES_NOTE, ""),
        _build_methods_section(analysis),
    ]
    return [section for section in every if section is not None]


_READING_GUIDE = (
    "Each cell shows a score (mean over targets) and below it the gain over no curriculum. Blue is a gain, orange a loss; bold is significant after max-t "
    'correction for all families of all curricula. The column "all families" is the mean over families, without the source language and without '
    "languages unseen in pre-training."
)
_CONDITIONS_NOTE = ["Means over the curricula of each kind. Intervals of gains are simultaneous 95 % intervals."]


def _make_section(
    name: str, title: str, found: Sequence[Block | None], sentences: list[str], empty: str
) -> Section | None:
    """A section with its blocks; without blocks, one with the sentence `empty`; without both, None."""
    blocks = [block for block in found if block is not None]
    if blocks:
        return Section(name, title, blocks, sentences)
    return Section(name, title, [], [empty]) if empty else None


def _explain_curricula_table(analysis: dict[str, Any]) -> list[str]:
    """How to read the table of curricula."""
    recipe = find_common_settings(analysis)
    basis = (analysis.get("basis") or {}).get("told")
    sentences = [to_sentence(f"The table is of {basis}")] if basis else []
    return [
        _READING_GUIDE
        + (f" Every intermediate stage has the same learning rate and noise ({recipe})." if recipe else ""),
        *sentences,
    ]


def to_sentence(words: str) -> str:
    """The words with a capital letter and a full stop."""
    whole = words[:1].upper() + words[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


_FAILURES_NOTE = ["Failed runs with their errors. Paths of tracebacks are relative to the home of searches."]


def _build_failures_table(analysis: dict[str, Any]) -> Table | None:
    """Trials and repeats that failed; None where there is none."""
    rows = [
        [
            make_text_cell(failure["run"]),
            make_text_cell(failure["error"]),
            make_text_cell(failure["failure"] and f"searches/{analysis['name']}/{failure['failure']}"),
        ]
        for failure in analysis.get("failed") or []
    ]
    return Table(["failed run", "error", "traceback"], rows, title="Failures", kind="shown") if rows else None


def _explain_selection(analysis: dict[str, Any]) -> list[str]:
    explanation = (analysis.get("selection") or {}).get("told")
    return [to_sentence(explanation)] if explanation else []


def _summarise_trials(analysis: dict[str, Any]) -> list[str]:
    spent = analysis.get("spent") or {}
    trials = "trial" if spent.get("trials") == 1 else "trials"
    parts = [
        (spent.get("trials"), f"{trials} complete"),
        (spent.get("pruned"), "ended early"),
        (spent.get("failed"), "failed"),
    ]
    words = ", ".join(f"{number:g} {what}" for number, what in parts if number)
    mixed = analysis.get("mixture")
    return [f"{words}."] * bool(words) + ([to_sentence(mixed)] if mixed else [])


def _build_methods_section(analysis: dict[str, Any]) -> Section:
    """How the numbers were computed, what intervals assume, and limits."""
    assumed = list(analysis.get("assumptions") or [])
    lists = [("Methods", METHODS), ("Assumptions of intervals and tests", assumed), ("Limits", LIMITS)]
    return Section("methods", "Methods and limits", [], [], [(title, members) for title, members in lists if members])
