"""The terminal's table of few-shot transfer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from search.terminal import TextTable


def render_few_shot(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """The table under its title; nothing without rows."""
    if not rows:
        return
    seeds = rows[0]["seeds"]
    yield ""
    yield (
        f"few-shot transfer of trial {rows[0]['trial']} ({rows[0]['split']}, {seeds} seed{'s' * (seeds > 1)}): gain over zero-shot transfer in the "
        "same languages; 95 % intervals over seeds, without correction"
    )
    yield TextTable.from_rows(
        ["target", "rows", "family", "languages", "zero-shot", "few-shot", "gain"],
        [
            (
                row["target"],
                f"{row['shots']:,}",
                row["family"],
                str(len(row["languages"])),
                f"{row['zero_shot']['mean']:.3f}",
                f"{row['few_shot']['mean']:.3f}",
                row["gain"]["told"],
            )
            for row in rows
        ],
    )
