"""Whether it was safe to end trials early, for a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from search.terminal import TextTable

SAFE_CORRELATION = 0.5
"""Rank correlation of early and final values below which racing is called unsafe."""


def render_racing(racing: dict[str, Any]) -> Iterator[RenderableType]:
    """How well values after some targets predict final values, and what that means for the trials that were ended early."""
    yield (
        f"racing ({', '.join(racing['rules'])}): {racing['pruned']} trials ended early; {racing['spared']} more met the rule but were trained to the "
        "end, to check it"
        if racing["rules"]
        else "how well values after some targets predict final values: whether racing (racing.rules) would be safe"
    )
    rows = [
        (
            row["targets"][-1],
            f"{len(row['targets'])}",
            str(row["trials"]),
            "" if row["correlation"] is None else f"{row['correlation']:.2f} [{row['low']:.2f}, {row['high']:.2f}]",
        )
        for row in racing["rungs"]
    ]
    yield TextTable.from_rows(
        ["after target", "targets", "complete trials", "rank correlation with the final value, 95 % interval"], rows
    )
    yield from list_racing_warnings(racing)


def list_racing_warnings(racing: dict[str, Any]) -> Iterator[str]:
    """Warnings about racing, from `search.results.analyse_racing`: it was not safe, or too few trials tell whether it was."""
    if not racing["pruned"]:
        return
    first = racing["first"]
    after = f"after {first['done']:g} of {first['of']} targets"
    if first["correlation"] is None or (first["correlation"] >= SAFE_CORRELATION and first["low"] <= 0):
        yield (
            f"{racing['pruned']} trials ended early, and too few were trained to their end ({first['trials']}) to tell whether values {after} "
            "predict final values"
        )
    elif first["correlation"] < SAFE_CORRELATION:
        yield (
            f"ending trials early was not safe: the rank correlation of values {after} with final values is {first['correlation']:.2f} "
            f"[{first['low']:.2f}, {first['high']:.2f}]; raise racing.grace, or change the order of targets"
        )
