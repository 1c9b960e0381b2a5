"""What the order does: effects with intervals, and family by family."""

from typing import Any

from search.page.picture import MOST, Picture
from search.page.rows import Row, common_scale, whiskers
from search.page.tables import (
    ESTIMATE,
    NOT_SIGNIFICANT,
    Cell,
    Table,
    count,
    estimate,
    figure,
    is_found,
    means,
    spelled,
    told,
    words,
)
from search.page.theme import gain_level

KINDS = {
    "resource": "High and low resources",
    "precedence": "Which task comes before which",
    "position": "Where in the curriculum a task stands",
    "length": "How many stages",
    "joint": "Mixed into one stage, or one after the other",
    "single": "One task alone",
    "rate": "Learning rate",
    "noise": "Noise",
}
"""Kinds of effects in the order in which a reader wants them; others come after these under their own name."""


def _ranked(analysis: dict[str, Any]) -> list[dict[str, Any]]:
    """Effects with a mean: what is significant first, then by size."""
    there = [effect for effect in analysis.get("effects") or [] if means(effect["overall"])]
    return sorted(there, key=lambda effect: (not effect["found"], -abs(effect["overall"]["mean"])))


def _by_kind(effects: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    kinds = dict.fromkeys([*KINDS, *(effect["kind"] for effect in effects)])
    grouped = {kind: [effect for effect in effects if effect["kind"] == kind] for kind in kinds}
    return {kind: members for kind, members in grouped.items() if members}


def picture(analysis: dict[str, Any]) -> Picture | None:
    """Dots with whiskers, a panel a kind, all on one scale; None without effects."""
    ranked = _ranked(analysis)
    shown = ranked[:MOST]
    if not shown:
        return None
    rows = {kind: [_row(effect) for effect in members] for kind, members in _by_kind(shown).items()}
    scale = common_scale([row for members in rows.values() for row in members])
    return Picture(
        name="effects",
        title="Order effects with 95 % intervals",
        caption="A dot is the mean difference in score (paired effects on test, those of a model on dev), the line its 95 % interval, not "
        f"corrected; right of zero the first-named does better, and what stands in grey is {NOT_SIGNIFICANT} after Holm's correction for the number of effects.",
        uneven=True,
        panels=[
            whiskers(KINDS.get(kind, kind), members, scale, "difference in score", NOT_SIGNIFICANT)
            for kind, members in rows.items()
        ],
        tables=[_table(shown)],
        key=[("gain", "significant, better"), ("loss", "significant, worse"), ("grey", NOT_SIGNIFICANT)],
        note=f"The {MOST} largest of {len(ranked)} effects are shown." if len(ranked) > MOST else "",
    )


def _row(effect: dict[str, Any]) -> Row:
    found = effect["overall"]
    return Row(
        effect["name"], found["mean"], found.get("low"), found.get("high"), spelled(found), bool(effect["found"])
    )


def _table(effects: list[dict[str, Any]]) -> Table:
    head = ["effect", "kind", "from", "split", "pairs", *ESTIMATE, "p", "p (Holm)", "seeds", "read as"]
    rows = [
        [
            words(effect["name"]),
            words(effect["kind"]),
            words(effect.get("method")),
            words(effect.get("split")),
            count(effect.get("pairs")),
            *estimate(effect["overall"]),
            figure(effect["overall"].get("p")),
            figure(effect["overall"].get("p_holm")),
            count(effect["overall"].get("seeds")),
            words("significant" if effect["found"] else NOT_SIGNIFICANT),
        ]
        for members in _by_kind(effects).values()
        for effect in members
    ]
    return Table(head, rows)


def by_family(analysis: dict[str, Any], families: list[str]) -> Table | None:
    """The same effects for each family; bold where the family's own is significant. None without any."""
    shown = [effect for effect in _ranked(analysis)[:MOST] if effect.get("families")]
    columns = [family for family in families if any(family in effect["families"] for effect in shown)]
    if not shown or not columns:
        return None
    found = [effect["families"].get(family) or {} for effect in shown for family in columns]
    widest = max((abs(one["mean"]) for one in found if means(one)), default=0.0)
    rows = [
        [
            words(effect["name"], strong=bool(effect["found"])),
            _coloured(effect["overall"], widest),
            *(_coloured(effect["families"].get(family) or {}, widest) for family in columns),
        ]
        for members in _by_kind(shown).values()
        for effect in members
    ]
    return Table(
        ["effect", "all", *columns],
        rows,
        "Order effects by family; bold where significant after Holm's correction for every family of every effect",
        "shown",
        len(columns) + 1,
    )


def _coloured(found: dict[str, Any], widest: float) -> Cell:
    if not means(found):
        return Cell("", number=True)
    mean = found["mean"]
    return Cell(told(mean, signed=True), level=gain_level(mean, widest), number=True, strong=is_found(found))
