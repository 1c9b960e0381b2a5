"""The terminal's table of a user's own tasks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from search.terminal import TextTable


def render_own_tasks(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """The table under its title; nothing without rows."""
    if not rows:
        return
    yield ""
    yield "tasks of one's own"
    yield TextTable.from_rows(
        ["task", "kind", "metric", "rows (train, dev, test)", "licence", "what it asks", "citation"],
        [
            (
                row["task"],
                row["kind"].replace("_", " "),
                row["metric"],
                ", ".join(f"{row['rows'][split]:,}" for split in ("train", "dev", "test")),
                row["licence"] or "not stated",
                row["about"],
                row["citation"],
            )
            for row in rows
        ],
        wrapped_columns=["what it asks", "citation"],
    )
