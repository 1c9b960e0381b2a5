"""Pictures whose rows are estimates: what is forgotten, what selecting by a rule costs, gain by distance."""

from collections.abc import Sequence
from typing import Any

from search.report.page._picture import MAX_SHOWN, Picture
from search.report.page._row_panels import LOWER_IS_BETTER, EstimateRow, build_interval_panel, compute_common_range
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    NOT_SIGNIFICANT,
    Table,
    excludes_zero,
    get_estimate_text,
    has_mean,
    is_significant,
    make_count_cell,
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)

RULE_TITLES = {
    "source_dev": "dev of the source language",
    "transfer_dev": "dev of the target languages",
    "worst_family_dev": "dev, the worst family",
    "test itself": "test itself, on other seeds",
    "test on other seeds": "test itself, on other seeds",
    "at random": "no rule: at random",
}
INTERVAL_CONTAINS_ZERO = "interval holds zero (not tested)"


def _to_row(name: str, found: dict[str, Any], strong: bool | None = None) -> EstimateRow:
    told = excludes_zero(found) if strong is None else strong
    return EstimateRow(name, found["mean"], found.get("low"), found.get("high"), get_estimate_text(found), told)


def draw_forgetting(analysis: dict[str, Any]) -> Picture | None:
    """What each intermediate task loses after later stages; None where it was not measured."""
    every = [row for row in analysis.get("forgetting") or [] if has_mean(row["lost"])]
    shown = every[:MAX_SHOWN]
    if not shown:
        return None
    grouped = {
        task: [row for row in shown if row["task"] == task] for task in dict.fromkeys(row["task"] for row in shown)
    }
    rows = {
        task: [_to_row(f"after {row['after']}", row["lost"]) for row in members] for task, members in grouped.items()
    }
    scale = compute_common_range([row for members in rows.values() for row in members])
    table = Table(
        ["task", "after", "curricula", *ESTIMATE_COLUMNS],
        [
            [
                make_text_cell(row["task"]),
                make_text_cell(row["after"]),
                make_count_cell(row.get("curricula")),
                *make_estimate_cells(row["lost"]),
            ]
            for row in shown
        ],
    )
    return Picture(
        name="forgetting",
        title="What an intermediate task loses after later stages",
        caption="A dot is the task's score right after its own stage minus its score after the later one, by its own head on training rows, "
        "with the 95 % interval, not corrected: right of zero means forgotten.",
        has_uneven_panels=True,
        panels=[
            build_interval_panel(task, members, scale, "score lost", INTERVAL_CONTAINS_ZERO, LOWER_IS_BETTER)
            for task, members in rows.items()
        ],
        tables=[table],
        colour_key=[("loss", "lost"), ("gain", "won"), ("grey", INTERVAL_CONTAINS_ZERO)],
        note=f"The first {MAX_SHOWN} of {len(every)} rows are shown." if len(every) > MAX_SHOWN else "",
    )


def draw_selection_costs(analysis: dict[str, Any]) -> Picture | None:
    """What choosing by each rule would have cost in test score; None where it cannot be told."""
    selection = analysis.get("selection") or {}
    rules = [rule for rule in selection.get("rules") or [] if has_mean(rule["cost"])]
    if not rules:
        return None
    rows = [_to_row(RULE_TITLES.get(rule["rule"], rule["rule"]), rule["cost"]) for rule in rules]
    table = Table(
        ["chosen by", *ESTIMATE_COLUMNS, "rank correlation with test"],
        [
            [
                make_text_cell(RULE_TITLES.get(rule["rule"], rule["rule"])),
                *make_estimate_cells(rule["cost"]),
                make_number_cell(rule.get("correlation"), 2),
            ]
            for rule in rules
        ],
    )
    return Picture(
        name="selection",
        title="What choosing by each rule would have cost",
        caption="A dot is how much lower the chosen curriculum scores on test than the best one, with the 95 % interval, not corrected: "
        "nearer to zero is a better rule.",
        panels=[
            build_interval_panel(
                "Chosen by",
                rows,
                compute_common_range(rows),
                "test score lost",
                INTERVAL_CONTAINS_ZERO,
                LOWER_IS_BETTER,
            )
        ],
        tables=[table],
        colour_key=[("loss", "costs"), ("grey", INTERVAL_CONTAINS_ZERO)],
    )


def draw_gain_slopes(analysis: dict[str, Any]) -> Picture | None:
    """How the gain of each noise method changes with the distance from the source language; None without measures."""
    every = [row for row in (analysis.get("noise") or {}).get("distance") or [] if has_mean(row["slope"])]
    shown = every[:MAX_SHOWN]
    if not shown:
        return None
    measures = dict.fromkeys(row["measure"] for row in shown)
    rows = {
        measure: [
            _to_row(row["method"], row["slope"], is_significant(row["slope"]))
            for row in shown
            if row["measure"] == measure
        ]
        for measure in measures
    }
    return Picture(
        name="distance",
        title="Gain against distance from the source language",
        caption="A dot is how much more a noise method gains in languages that are farther by one unit (or are of the named kind), with the "
        "95 % interval, not corrected; in grey what is not significant after Holm's correction for all of them.",
        has_uneven_panels=True,
        panels=[
            build_interval_panel(measure, members, compute_common_range(members), "change of the gain", NOT_SIGNIFICANT)
            for measure, members in rows.items()
        ],
        tables=[_build_slopes_table(shown)],
        colour_key=[("gain", "helps far languages more"), ("loss", "helps them less"), ("grey", NOT_SIGNIFICANT)],
        note=f"The first {MAX_SHOWN} of {len(every)} rows are shown." if len(every) > MAX_SHOWN else "",
    )


def _build_slopes_table(shown: Sequence[dict[str, Any]]) -> Table:
    rows = [
        [make_text_cell(row["method"]), make_text_cell(row["measure"]), *make_estimate_cells(row["slope"])]
        for row in shown
    ]
    return Table(["method", "measure", *ESTIMATE_COLUMNS], rows)
