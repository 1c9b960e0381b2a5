"""The analysis for a terminal: the answer in sentences, then tables of conditions, effects, forgetting, importance and selection rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from search.terminal import Paragraph, TextTable

MAX_TABLE_ROWS = 15
"""Most rows that a table shows on a terminal; the page shows all."""

AnalysisRows = Sequence[Mapping[str, Any]]


def render_answer_sentences(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The sentences of the answer, a paragraph each."""
    for sentence in analysis["answer"]:
        yield Paragraph(sentence)


def render_analysis_tables(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Each table that has rows, under its title."""
    for title, table in (
        (
            f"transfer by kind of curriculum ({analysis['basis']['told']}){_describe_simultaneous_intervals(analysis)}",
            _build_conditions_table(analysis["conditions"]),
        ),
        (
            "effects on transfer, smallest p first; 95 % intervals without correction; p-values Holm-corrected over all effects",
            _build_effects_table(analysis["effects"]),
        ),
        (
            "forgetting: how much intermediate tasks lose after later stages, scored by their own head on training rows; 95 % intervals",
            _build_forgetting_table(analysis["forgetting"]),
        ),
        (
            "importance for being among the best trials (PED-ANOVA); only what is above chance",
            _build_importance_table(analysis["importance"]),
        ),
        (
            "cost of choosing the trial by each rule: test transfer lost against the best trial, 95 % intervals",
            _build_selection_table(analysis["selection"]),
        ),
    ):
        if table is not None:
            yield ""
            yield title
            yield table


def _describe_simultaneous_intervals(analysis: Mapping[str, Any]) -> str:
    gains = [row["gain"] for row in analysis["conditions"] if row["gain"] and row["gain"]["low"] is not None]
    return f"; simultaneous 95 % intervals for {len(gains)} gains" if len(gains) > 1 else ""


def _build_conditions_table(rows: AnalysisRows) -> TextTable | None:
    return _build_table(
        ["kind of curriculum", "curricula", "transfer", "gain over no curriculum"],
        [
            (
                row["condition"],
                str(row["curricula"]),
                row["overall"]["told"],
                row["gain"]["told"] if row["gain"] else "",
            )
            for row in rows
        ],
    )


def _build_effects_table(rows: AnalysisRows) -> TextTable | None:
    clearest = sorted(rows, key=lambda row: (row["overall"]["p"] is None, row["overall"]["p"]))
    return _build_table(
        ["effect", "estimated from", "split", "difference", "p (Holm)", "result"],
        [
            (
                row["name"],
                _describe_method(row),
                row["split"],
                row["overall"]["told"],
                "" if row["overall"]["p_holm"] is None else f"{row['overall']['p_holm']:.2g}",
                _describe_significance(row),
            )
            for row in clearest
        ],
    )


def _describe_significance(row: Mapping[str, Any]) -> str:
    if row["overall"]["p_holm"] is None:
        return "not tested"
    return "significant" if row["found"] else "not significant"


def _describe_method(row: Mapping[str, Any]) -> str:
    if row["method"] == "paired":
        return f"{row['pairs']} pair{'s' * (row['pairs'] > 1)}"
    return f"{row['pairs']} trials by regression"


def _build_forgetting_table(rows: AnalysisRows) -> TextTable | None:
    return _build_table(
        ["task", "after", "curricula", "score lost"],
        [(row["task"], row["after"], str(row["curricula"]), row["lost"]["told"]) for row in rows],
    )


def _build_importance_table(rows: AnalysisRows) -> TextTable | None:
    above_chance = [row for row in rows if row["above_chance"]]
    return _build_table(
        ["part of a curriculum", "importance", "chance level"],
        [(row["parameter"], f"{row['importance']:.3f}", f"{row['chance']:.3f}") for row in above_chance],
    )


def _build_selection_table(selection: Mapping[str, Any] | None) -> TextTable | None:
    return _build_table(
        ["rule", "test transfer lost", "rank correlation with test"],
        [
            (row["rule"], row["cost"]["told"], "" if row["correlation"] is None else f"{row['correlation']:.2f}")
            for row in (selection["rules"] if selection else ())
        ],
    )


def _build_table(titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> TextTable | None:
    if not rows:
        return None
    table = TextTable(titles, wrapped_columns=titles[:1], left_aligned_columns=titles[1:2])
    for row in rows[:MAX_TABLE_ROWS]:
        table.add_row(*row)
    if len(rows) > MAX_TABLE_ROWS:
        table.add_row(
            f"{len(rows) - MAX_TABLE_ROWS} more rows: xlt report NAME --out FILE.html", *[""] * (len(titles) - 1)
        )
    return table
