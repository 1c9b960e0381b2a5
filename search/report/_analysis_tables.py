"""What the analysis found, for a terminal: three sentences, then a table each of conditions, effects, forgetting, importance, selection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from search.terminal import Paragraph, TextTable

MAX_TABLE_ROWS = 15
"""Rows of a table; the page has them all."""

AnalysisRows = Sequence[Mapping[str, Any]]


def render_answer_sentences(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer."""
    for sentence in analysis["answer"]:
        yield Paragraph(sentence)


def render_analysis_tables(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Everything else that there is."""
    for title, table in (
        (
            f"by kind of curriculum ({analysis['basis']['told']}){_describe_simultaneous_intervals(analysis)}",
            _build_conditions_table(analysis["conditions"]),
        ),
        (
            "effects on transfer, the clearest first; 95 % intervals, uncorrected; p after Holm's correction for all of them",
            _build_effects_table(analysis["effects"]),
        ),
        (
            "what intermediate tasks lose after later stages: their own scores, on rows they were trained on",
            _build_forgetting_table(analysis["forgetting"]),
        ),
        (
            "what decides whether a trial is among the best (PED-ANOVA), where it is above chance",
            _build_importance_table(analysis["importance"]),
        ),
        ("what choosing by a rule costs, by transfer on test", _build_selection_table(analysis["selection"])),
    ):
        if table is not None:
            yield ""
            yield title
            yield table


def _describe_simultaneous_intervals(analysis: Mapping[str, Any]) -> str:
    gains = [row["gain"] for row in analysis["conditions"] if row["gain"] and row["gain"]["low"] is not None]
    return f"; intervals of gains: 95 % for all {len(gains)} together" if len(gains) > 1 else ""


def _build_conditions_table(rows: AnalysisRows) -> TextTable | None:
    return _build_table(
        ["curricula", "how many", "transfer", "gain over no curriculum"],
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
        ["effect", "from", "split", "difference", "p", ""],
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
    return f"{row['pairs']} trials, a model"


def _build_forgetting_table(rows: AnalysisRows) -> TextTable | None:
    return _build_table(
        ["task", "after", "curricula", "lost"],
        [(row["task"], row["after"], str(row["curricula"]), row["lost"]["told"]) for row in rows],
    )


def _build_importance_table(rows: AnalysisRows) -> TextTable | None:
    told = [row for row in rows if row["above_chance"]]
    return _build_table(
        ["part of a curriculum", "importance", "by chance"],
        [(row["parameter"], f"{row['importance']:.3f}", f"{row['chance']:.3f}") for row in told],
    )


def _build_selection_table(told: Mapping[str, Any] | None) -> TextTable | None:
    return _build_table(
        ["rule", "costs", "rank correlation"],
        [
            (row["rule"], row["cost"]["told"], "" if row["correlation"] is None else f"{row['correlation']:.2f}")
            for row in (told["rules"] if told else ())
        ],
    )


def _build_table(titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> TextTable | None:
    if not rows:
        return None
    table = TextTable(titles, words=titles[:1], left=titles[1:2])
    for row in rows[:MAX_TABLE_ROWS]:
        table.add(*row)
    if len(rows) > MAX_TABLE_ROWS:
        table.add(f"and {len(rows) - MAX_TABLE_ROWS} more: --out FILE.html", *[""] * (len(titles) - 1))
    return table
