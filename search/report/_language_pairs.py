"""Transfer between the two languages of an example, for a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from search.terminal import TextTable

MAX_EXTREME_PAIRS = 5
"""Pairs of families that are shown with the highest and with the lowest means."""


LANGUAGE_SETTINGS = ["each text's language alone", "two languages"]
"""The two settings, over the same targets and the same pairs."""


def render_language_pairs(pairs: dict[str, Any]) -> Iterator[RenderableType]:
    """Both settings by finalist and by target of the best trial, then the pairs of families with the highest and lowest means."""
    seeds = f"{pairs['seeds']} fresh seeds" if pairs["seeds"] else "the search's own seed"
    yield f"two languages in one example: the two texts in different languages, without the source language ({pairs['split']}, {seeds}); mean over targets with two texts"
    yield TextTable.from_rows(
        ["trial", *LANGUAGE_SETTINGS, "gain over no curriculum with two languages, 95 % interval", "curriculum"],
        [
            (str(row["trial"]), f"{row['unmixed']:.3f}", f"{row['generalized']:.3f}", row["told"], row["words"])
            for row in pairs["finalists"]
        ],
        wrapped_columns=["curriculum"],
    )
    yield ""
    yield f"trial {pairs['trial']} by target and by pair of families"
    yield TextTable.from_rows(
        ["target", *LANGUAGE_SETTINGS, "difference"],
        [
            (
                target,
                f"{row['unmixed']:.3f}",
                f"{row['generalized']:.3f}",
                f"{row['generalized'] - row['unmixed']:+.3f}",
            )
            for target, row in pairs["targets"].items()
        ],
    )
    yield ""
    ordered = sorted(pairs["families"], key=lambda row: -row["mean"])
    shown = (
        ordered
        if len(ordered) <= 2 * MAX_EXTREME_PAIRS
        else [*ordered[:MAX_EXTREME_PAIRS], None, *ordered[-MAX_EXTREME_PAIRS:]]
    )
    titles = ["first text in", "second text in", "mean over targets, 95 % interval"]
    table = TextTable(titles, wrapped_columns=titles[:2], left_aligned_columns=titles)
    for row in shown:
        table.add_row(row["first"], row["second"], row["told"]) if row else table.add_row("...", "...", "...")
    yield table
