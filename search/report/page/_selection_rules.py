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
    "source_dev": "dev of the source language",
    "transfer_dev": "dev of the target languages",
    "worst_family_dev": "dev, the worst family",
    "test itself": "test itself, on other seeds",
    "test on other seeds": "test itself, on other seeds",
    "at random": "no rule: at random",
}


def draw_selection_costs(analysis: dict[str, Any]) -> Picture | None:
    """What choosing by each rule would have cost in test score; None where it cannot be told."""
    selection = analysis.get("selection") or {}
    rules = [rule for rule in selection.get("rules") or [] if has_mean(rule["cost"])]
    if not rules:
        return None
    rows = [make_estimate_row(RULE_TITLES.get(rule["rule"], rule["rule"]), rule["cost"]) for rule in rules]
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
