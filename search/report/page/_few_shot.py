"""The page's table of few-shot transfer."""

from typing import Any

from search.report.page._tables import Cell, Table, excludes_zero, make_count_cell, make_text_cell

FEW_SHOT_NOTE = (
    "Each target went on training on this many labelled rows of each language, after its source languages. Gains are over the zero-shot model of the "
    "same trial and seeds, in the same languages; these scores are in no zero-shot mean. Intervals are 95 % each, over seeds (Student's t), without "
    "correction; they do not cover another choice of rows. Bold: the interval excludes zero."
)


def build_few_shot_table(analysis: dict[str, Any]) -> Table | None:
    """Targets, numbers of rows and families; None without few-shot transfer."""
    found = analysis.get("few_shot") or []
    rows = [
        [
            make_text_cell(row["target"]),
            make_count_cell(row["shots"]),
            make_text_cell(row["family"], bold=row["family"] == "all families"),
            make_count_cell(len(row["languages"])),
            Cell(row["zero_shot"]["told"], is_number=True),
            Cell(row["few_shot"]["told"], is_number=True),
            Cell(row["gain"]["told"], is_number=True, is_bold=excludes_zero(row["gain"])),
        ]
        for row in found
    ]
    head = ["target", "rows a language", "family", "languages", "zero-shot", "few-shot", "gain"]
    return (
        Table(head, rows, title="Scores and gains by target, number of rows and family", kind="shown") if rows else None
    )


def explain_few_shot(analysis: dict[str, Any]) -> list[str]:
    """How to read the table."""
    found = analysis.get("few_shot") or []
    if not found:
        return []
    seeds = found[0]["seeds"]
    return [f"Trial {found[0]['trial']}, {found[0]['split']}, {seeds} seed{'s' * (seeds > 1)}. {FEW_SHOT_NOTE}"]
