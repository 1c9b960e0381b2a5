"""The importance of the parts of a curriculum: bars."""

from typing import Any

from search.report.page._canvas import format_number
from search.report.page._picture import MAX_SHOWN, Picture
from search.report.page._row_panels import build_bar_panel
from search.report.page._tables import Table, make_number_cell, make_text_cell


def draw_importance(analysis: dict[str, Any]) -> Picture | None:
    """The importance of each parameter for being among the best trials; None with too few trials."""
    rows = [row for row in analysis.get("importance") or [] if row["importance"] is not None]
    shown = rows[:MAX_SHOWN]
    if not shown:
        return None
    return Picture(
        name="importance",
        title="Importance",
        caption="A longer bar means that a parameter separates the best trials from the rest more clearly (PED-ANOVA; Watanabe et al., 2023). This is association "
        "within the trials of this search, not cause. Grey bars do not exceed the level of shuffled values.",
        panels=[
            build_bar_panel(
                "Importance",
                [(row["parameter"], row["importance"], format_number(row["importance"])) for row in shown],
                lambda at: "gain" if shown[at].get("above_chance", True) else "grey",
                "Importance: "
                + ", ".join(f"{row['parameter']} {format_number(row['importance'])}" for row in shown[:6]),
            )
        ],
        tables=[
            Table(
                ["parameter", "importance", "chance level"],
                [
                    [
                        make_text_cell(row["parameter"]),
                        make_number_cell(row["importance"]),
                        make_number_cell(row.get("chance")),
                    ]
                    for row in shown
                ],
            )
        ],
        note=f"The first {MAX_SHOWN} of {len(rows)} parameters are shown." if len(rows) > MAX_SHOWN else "",
    )
