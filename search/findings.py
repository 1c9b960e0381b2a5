"""What the analysis found, for a terminal: three sentences, then a table each of conditions, effects, forgetting, importance, selection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from search.table import Prose, Rows

MOST = 15
"""Rows of a table; the page has them all."""

Found = Sequence[Mapping[str, Any]]


def sentences(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer."""
    for sentence in analysis["answer"]:
        yield Prose(sentence)


def tables(analysis: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Everything else that there is."""
    for title, table in (
        (
            f"by kind of curriculum ({analysis['basis']['told']}){_together(analysis)}",
            _conditions(analysis["conditions"]),
        ),
        (
            "effects on transfer, the clearest first; 95 % intervals, uncorrected; p after Holm's correction for all of them",
            _effects(analysis["effects"]),
        ),
        (
            "what intermediate tasks lose after later stages: their own scores, on rows they were trained on",
            _forgetting(analysis["forgetting"]),
        ),
        (
            "what decides whether a trial is among the best (PED-ANOVA), where it is above chance",
            _importance(analysis["importance"]),
        ),
        ("what choosing by a rule costs, by transfer on test", _selection(analysis["selection"])),
    ):
        if table is not None:
            yield ""
            yield title
            yield table


def _together(analysis: Mapping[str, Any]) -> str:
    gains = [row["gain"] for row in analysis["conditions"] if row["gain"] and row["gain"]["low"] is not None]
    return f"; intervals of gains: 95 % for all {len(gains)} together" if len(gains) > 1 else ""


def _conditions(rows: Found) -> Rows | None:
    return _table(
        ["curricula", "how many", "transfer", "gain over no curriculum"],
        [
            (
                row["condition"],
                str(row["curricula"]),
                row["overall"]["told"],
                row["gain"]["told"] if row["gain"] else "",
            )
            for row in rows
        ],
    )


def _effects(rows: Found) -> Rows | None:
    clearest = sorted(rows, key=lambda row: (row["overall"]["p"] is None, row["overall"]["p"]))
    return _table(
        ["effect", "from", "split", "difference", "p", ""],
        [
            (
                row["name"],
                _from(row),
                row["split"],
                row["overall"]["told"],
                "" if row["overall"]["p_holm"] is None else f"{row['overall']['p_holm']:.2g}",
                _significance(row),
            )
            for row in clearest
        ],
    )


def _significance(row: Mapping[str, Any]) -> str:
    if row["overall"]["p_holm"] is None:
        return "not tested"
    return "significant" if row["found"] else "not significant"


def _from(row: Mapping[str, Any]) -> str:
    if row["method"] == "paired":
        return f"{row['pairs']} pair{'s' * (row['pairs'] > 1)}"
    return f"{row['pairs']} trials, a model"


def _forgetting(rows: Found) -> Rows | None:
    return _table(
        ["task", "after", "curricula", "lost"],
        [(row["task"], row["after"], str(row["curricula"]), row["lost"]["told"]) for row in rows],
    )


def _importance(rows: Found) -> Rows | None:
    told = [row for row in rows if row["above_chance"]]
    return _table(
        ["part of a curriculum", "importance", "by chance"],
        [(row["parameter"], f"{row['importance']:.3f}", f"{row['chance']:.3f}") for row in told],
    )


def _selection(told: Mapping[str, Any] | None) -> Rows | None:
    return _table(
        ["rule", "costs", "rank correlation"],
        [
            (row["rule"], row["cost"]["told"], "" if row["correlation"] is None else f"{row['correlation']:.2f}")
            for row in (told["rules"] if told else ())
        ],
    )


def _table(titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Rows | None:
    if not rows:
        return None
    table = Rows(titles, words=titles[:1], left=titles[1:2])
    for row in rows[:MOST]:
        table.add(*row)
    if len(rows) > MOST:
        table.add(f"and {len(rows) - MOST} more: --out FILE.html", *[""] * (len(titles) - 1))
    return table
