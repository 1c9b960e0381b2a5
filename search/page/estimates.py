"""Pictures whose rows are estimates: what is forgotten, what selecting by a rule costs, gain by distance."""

from collections.abc import Sequence
from typing import Any

from search.page.picture import MOST, Picture
from search.page.rows import BAD_UP, Row, common_scale, whiskers
from search.page.tables import (
    ESTIMATE,
    NOT_SIGNIFICANT,
    Table,
    count,
    estimate,
    excludes_zero,
    figure,
    is_found,
    means,
    spelled,
    words,
)

RULES = {
    "source_dev": "dev of the source language",
    "transfer_dev": "dev of the target languages",
    "worst_family_dev": "dev, the worst family",
    "test itself": "test itself, on other seeds",
    "test on other seeds": "test itself, on other seeds",
    "at random": "no rule: at random",
}
HOLDS_ZERO = "interval holds zero (not tested)"


def _row(name: str, found: dict[str, Any], strong: bool | None = None) -> Row:
    told = excludes_zero(found) if strong is None else strong
    return Row(name, found["mean"], found.get("low"), found.get("high"), spelled(found), told)


def forgotten(analysis: dict[str, Any]) -> Picture | None:
    """What each intermediate task loses after later stages; None where it was not measured."""
    every = [row for row in analysis.get("forgetting") or [] if means(row["lost"])]
    shown = every[:MOST]
    if not shown:
        return None
    grouped = {
        task: [row for row in shown if row["task"] == task] for task in dict.fromkeys(row["task"] for row in shown)
    }
    rows = {task: [_row(f"after {row['after']}", row["lost"]) for row in members] for task, members in grouped.items()}
    scale = common_scale([row for members in rows.values() for row in members])
    table = Table(
        ["task", "after", "curricula", *ESTIMATE],
        [
            [words(row["task"]), words(row["after"]), count(row.get("curricula")), *estimate(row["lost"])]
            for row in shown
        ],
    )
    return Picture(
        name="forgetting",
        title="What an intermediate task loses after later stages",
        caption="A dot is the task's score right after its own stage minus its score after the later one, by its own head on training rows, "
        "with the 95 % interval, not corrected: right of zero means forgotten.",
        uneven=True,
        panels=[whiskers(task, members, scale, "score lost", HOLDS_ZERO, BAD_UP) for task, members in rows.items()],
        tables=[table],
        key=[("loss", "lost"), ("gain", "won"), ("grey", HOLDS_ZERO)],
        note=f"The first {MOST} of {len(every)} rows are shown." if len(every) > MOST else "",
    )


def selected(analysis: dict[str, Any]) -> Picture | None:
    """What choosing by each rule would have cost in test score; None where it cannot be told."""
    selection = analysis.get("selection") or {}
    rules = [rule for rule in selection.get("rules") or [] if means(rule["cost"])]
    if not rules:
        return None
    rows = [_row(RULES.get(rule["rule"], rule["rule"]), rule["cost"]) for rule in rules]
    table = Table(
        ["chosen by", *ESTIMATE, "rank correlation with test"],
        [
            [words(RULES.get(rule["rule"], rule["rule"])), *estimate(rule["cost"]), figure(rule.get("correlation"), 2)]
            for rule in rules
        ],
    )
    return Picture(
        name="selection",
        title="What choosing by each rule would have cost",
        caption="A dot is how much lower the chosen curriculum scores on test than the best one, with the 95 % interval, not corrected: "
        "nearer to zero is a better rule.",
        panels=[whiskers("Chosen by", rows, common_scale(rows), "test score lost", HOLDS_ZERO, BAD_UP)],
        tables=[table],
        key=[("loss", "costs"), ("grey", HOLDS_ZERO)],
    )


def by_distance(analysis: dict[str, Any]) -> Picture | None:
    """How the gain of each noise method changes with the distance from the source language; None without measures."""
    every = [row for row in (analysis.get("noise") or {}).get("distance") or [] if means(row["slope"])]
    shown = every[:MOST]
    if not shown:
        return None
    measures = dict.fromkeys(row["measure"] for row in shown)
    rows = {
        measure: [
            _row(row["method"], row["slope"], is_found(row["slope"])) for row in shown if row["measure"] == measure
        ]
        for measure in measures
    }
    return Picture(
        name="distance",
        title="Gain against distance from the source language",
        caption="A dot is how much more a noise method gains in languages that are farther by one unit (or are of the named kind), with the "
        "95 % interval, not corrected; in grey what is not significant after Holm's correction for all of them.",
        uneven=True,
        panels=[
            whiskers(measure, members, common_scale(members), "change of the gain", NOT_SIGNIFICANT)
            for measure, members in rows.items()
        ],
        tables=[_slopes(shown)],
        key=[("gain", "helps far languages more"), ("loss", "helps them less"), ("grey", NOT_SIGNIFICANT)],
        note=f"The first {MOST} of {len(every)} rows are shown." if len(every) > MOST else "",
    )


def _slopes(shown: Sequence[dict[str, Any]]) -> Table:
    rows = [[words(row["method"]), words(row["measure"]), *estimate(row["slope"])] for row in shown]
    return Table(["method", "measure", *ESTIMATE], rows)
