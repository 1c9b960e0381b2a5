"""Forgetting: what each intermediate task loses after later stages."""

from typing import Any

from search.report.page._picture import MAX_SHOWN, Picture
from search.report.page._row_panels import (
    LOWER_IS_BETTER,
    build_interval_panel,
    compute_common_range,
    make_estimate_row,
)
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    INTERVAL_CONTAINS_ZERO,
    Table,
    has_mean,
    make_count_cell,
    make_estimate_cells,
    make_text_cell,
)


def draw_forgetting(analysis: dict[str, Any]) -> Picture | None:
    """The score that each intermediate task loses after later stages; None where it was not measured."""
    every = [row for row in analysis.get("forgetting") or [] if has_mean(row["lost"])]
    shown = every[:MAX_SHOWN]
    if not shown:
        return None
    grouped = {
        task: [row for row in shown if row["task"] == task] for task in dict.fromkeys(row["task"] for row in shown)
    }
    rows = {
        task: [make_estimate_row(f"after {row['after']}", row["lost"]) for row in members]
        for task, members in grouped.items()
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
        title="Score that intermediate tasks lose after later stages",
        caption="A dot is the score of a task right after its own stage minus its score after the later stage, by its own head on training rows; a line is the "
        "95 % interval without correction. Right of zero is forgotten.",
        has_uneven_panels=True,
        panels=[
            build_interval_panel(task, members, scale, "score lost", INTERVAL_CONTAINS_ZERO, LOWER_IS_BETTER)
            for task, members in rows.items()
        ],
        tables=[table],
        colour_key=[("loss", "lost"), ("gain", "gained"), ("grey", INTERVAL_CONTAINS_ZERO)],
        note=f"The first {MAX_SHOWN} of {len(every)} rows are shown." if len(every) > MAX_SHOWN else "",
    )
