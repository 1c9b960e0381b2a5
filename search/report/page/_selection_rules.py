"""The cost of choosing a curriculum by each rule."""

from typing import Any

from search.report.page._picture import Picture
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
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)

RULE_TITLES = {
    "source_dev": "dev, source language",
    "transfer_dev": "dev, mean over families",
    "worst_family_dev": "dev, worst family",
    "test itself": "test itself",
    "test on other seeds": "test itself",
    "at random": "random choice",
}


def draw_selection_costs(analysis: dict[str, Any]) -> Picture | None:
    """The test score that each selection rule loses; None where it was not estimated."""
    selection = analysis.get("selection") or {}
    rules = [rule for rule in selection.get("rules") or [] if has_mean(rule["cost"])]
    if not rules:
        return None
    rows = [make_estimate_row(RULE_TITLES.get(rule["rule"], rule["rule"]), rule["cost"]) for rule in rules]
    table = Table(
        ["selection rule", *ESTIMATE_COLUMNS, "rank correlation with test"],
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
        title="Test score lost by each selection rule",
        caption="A dot is how much lower the chosen curriculum scores on test than the best one; a line is the 95 % interval without correction. "
        "A better rule is nearer to zero.",
        panels=[
            build_interval_panel(
                "Selection rule",
                rows,
                compute_common_range(rows),
                "test score lost",
                INTERVAL_CONTAINS_ZERO,
                LOWER_IS_BETTER,
            )
        ],
        tables=[table],
        colour_key=[("loss", "interval excludes zero"), ("grey", INTERVAL_CONTAINS_ZERO)],
    )
