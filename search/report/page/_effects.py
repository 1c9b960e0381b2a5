"""Effects of order, rates and noise with intervals, and by family."""

from typing import Any

from search.report.page._picture import MAX_SHOWN, Picture
from search.report.page._row_panels import EstimateRow, build_interval_panel, compute_common_range
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    NOT_SIGNIFICANT,
    Cell,
    Table,
    format_score,
    get_estimate_text,
    has_mean,
    is_significant,
    make_count_cell,
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)
from search.report.page._theme import get_gain_level

EFFECT_KIND_TITLES = {
    "resource": "High- and low-resource tasks",
    "precedence": "Order of two tasks",
    "position": "Position of a task",
    "length": "Number of stages",
    "joint": "Joint stage or tasks in sequence",
    "single": "A single task",
    "rate": "Learning rate",
    "noise": "Noise",
}
"""Titles of the kinds of effects, in order; other kinds follow under their own name."""


def _rank_effects(analysis: dict[str, Any]) -> list[dict[str, Any]]:
    """Effects with a mean: what is significant first, then by size."""
    there = [effect for effect in analysis.get("effects") or [] if has_mean(effect["overall"])]
    return sorted(there, key=lambda effect: (not effect["found"], -abs(effect["overall"]["mean"])))


def _group_by_kind(effects: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    kinds = dict.fromkeys([*EFFECT_KIND_TITLES, *(effect["kind"] for effect in effects)])
    grouped = {kind: [effect for effect in effects if effect["kind"] == kind] for kind in kinds}
    return {kind: members for kind, members in grouped.items() if members}


def draw_effects(analysis: dict[str, Any]) -> Picture | None:
    """Dots with whiskers, a panel a kind, all on one scale; None without effects."""
    ranked = _rank_effects(analysis)
    shown = ranked[:MAX_SHOWN]
    if not shown:
        return None
    rows = {kind: [_to_row(effect) for effect in members] for kind, members in _group_by_kind(shown).items()}
    scale = compute_common_range([row for members in rows.values() for row in members])
    return Picture(
        name="effects",
        title="Effects with 95 % intervals",
        caption="A dot is the mean difference in score (paired effects on test, effects by regression on dev), a line its 95 % interval without "
        f"correction. Right of zero, what is named first is better. Grey is {NOT_SIGNIFICANT} after Holm's correction for all effects.",
        has_uneven_panels=True,
        panels=[
            build_interval_panel(
                EFFECT_KIND_TITLES.get(kind, kind), members, scale, "difference in score", NOT_SIGNIFICANT
            )
            for kind, members in rows.items()
        ],
        tables=[_build_table(shown)],
        colour_key=[("gain", "significant, better"), ("loss", "significant, worse"), ("grey", NOT_SIGNIFICANT)],
        note=f"The {MAX_SHOWN} largest of {len(ranked)} effects are shown." if len(ranked) > MAX_SHOWN else "",
    )


def _to_row(effect: dict[str, Any]) -> EstimateRow:
    found = effect["overall"]
    return EstimateRow(
        effect["name"],
        found["mean"],
        found.get("low"),
        found.get("high"),
        get_estimate_text(found),
        bool(effect["found"]),
    )


def _build_table(effects: list[dict[str, Any]]) -> Table:
    head = ["effect", "kind", "estimated from", "split", "pairs", *ESTIMATE_COLUMNS, "p", "p (Holm)", "seeds", "result"]
    rows = [
        [
            make_text_cell(effect["name"]),
            make_text_cell(effect["kind"]),
            make_text_cell(effect.get("method")),
            make_text_cell(effect.get("split")),
            make_count_cell(effect.get("pairs")),
            *make_estimate_cells(effect["overall"]),
            make_number_cell(effect["overall"].get("p")),
            make_number_cell(effect["overall"].get("p_holm")),
            make_count_cell(effect["overall"].get("seeds")),
            make_text_cell("significant" if effect["found"] else NOT_SIGNIFICANT),
        ]
        for members in _group_by_kind(effects).values()
        for effect in members
    ]
    return Table(head, rows)


def build_family_effects_table(analysis: dict[str, Any], families: list[str]) -> Table | None:
    """The same effects for each family; bold where the family's own is significant. None without any."""
    shown = [effect for effect in _rank_effects(analysis)[:MAX_SHOWN] if effect.get("families")]
    columns = [family for family in families if any(family in effect["families"] for effect in shown)]
    if not shown or not columns:
        return None
    found = [effect["families"].get(family) or {} for effect in shown for family in columns]
    widest = max((abs(one["mean"]) for one in found if has_mean(one)), default=0.0)
    rows = [
        [
            make_text_cell(effect["name"], bold=bool(effect["found"])),
            _make_gain_cell(effect["overall"], widest),
            *(_make_gain_cell(effect["families"].get(family) or {}, widest) for family in columns),
        ]
        for members in _group_by_kind(shown).values()
        for effect in members
    ]
    return Table(
        ["effect", "all", *columns],
        rows,
        "Effects by family; bold is significant after Holm's correction for all families of all effects",
        "shown",
        len(columns) + 1,
    )


def _make_gain_cell(found: dict[str, Any], widest: float) -> Cell:
    if not has_mean(found):
        return Cell("", is_number=True)
    mean = found["mean"]
    return Cell(
        format_score(mean, signed=True),
        level=get_gain_level(mean, widest),
        is_number=True,
        is_bold=is_significant(found),
    )
