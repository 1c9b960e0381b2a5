"""The page's table of a user's own tasks."""

from typing import Any

from search.report.page._tables import Table, make_count_cell, make_text_cell


def build_own_tasks_table(analysis: dict[str, Any]) -> Table | None:
    """What each task asks, its metric, rows over all languages, licence and citation; None without such tasks."""
    rows = [
        [
            make_text_cell(row["task"]),
            make_text_cell(row["kind"].replace("_", " ")),
            make_text_cell(row["metric"]),
            *(make_count_cell(row["rows"][split]) for split in ("train", "dev", "test")),
            make_text_cell(row["about"]),
            make_text_cell(row["licence"] or "not stated"),
            make_text_cell(row["citation"]),
        ]
        for row in analysis.get("own_tasks") or []
    ]
    head = ["task", "kind", "metric", "train", "dev", "test", "what it asks", "licence", "citation"]
    return Table(head, rows, title="Tasks of one's own, with rows over all languages", kind="shown") if rows else None
