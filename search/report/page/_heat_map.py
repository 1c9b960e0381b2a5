"""The heat map: every curriculum in every language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.report.page._canvas import Canvas, estimate_text_width, truncate_text
from search.report.page._curricula_tables import (
    LanguageGroups,
    describe_split,
    find_baseline_row,
    group_languages,
    name_language,
    strip_stage_settings,
)
from search.report.page._picture import MAX_SHOWN, Panel, Picture
from search.report.page._row_panels import build_colour_legend
from search.report.page._tables import Table, format_score, make_number_cell, make_text_cell
from search.report.page._theme import get_gain_level, get_score_level

_NAMES_WIDTH, _ROW_HEIGHT, _GROUP_GAP, _STRIP_HEIGHT = 172, 18, 6, 56


@dataclass(frozen=True, slots=True)
class _HeatMapLayout:
    """Where everything lies, for the panel of names and the panel of cells alike."""

    groups: LanguageGroups
    rows: list[dict[str, Any]]
    baseline: dict[str, Any] | None
    column_width: float
    """Of a column."""

    @property
    def header_height(self) -> float:
        """Room for the families' names above the columns: those that are wider than their columns stand upright."""
        upright = [
            name for name, codes in self.groups.columns if estimate_text_width(name) > self.column_width * len(codes)
        ]
        return 12 + max((estimate_text_width(name) for name in upright), default=10.0)

    @property
    def strip_height(self) -> float:
        return _STRIP_HEIGHT if self.baseline else 0

    @property
    def top(self) -> float:
        return self.header_height + self.strip_height + 6

    @property
    def bottom(self) -> float:
        return self.top + _ROW_HEIGHT * len(self.rows)

    @property
    def code_height(self) -> float:
        """Room for the languages' codes below the columns, which all stand upright if one is wider than its column; else 0."""
        widest = max((estimate_text_width(code) for code in self.columns), default=0.0)
        return widest if widest > self.column_width else 0.0

    @property
    def height(self) -> int:
        return round(self.bottom + max(22.0, self.code_height + 12))

    @property
    def columns(self) -> dict[str, float]:
        """The left edge of every language's column."""
        places: dict[str, float] = {}
        x = 2.0
        for _, codes in self.groups.columns:
            for code in codes:
                places[code] = x
                x += self.column_width
            x += _GROUP_GAP
        return places

    @property
    def width(self) -> int:
        return round(max(self.columns.values()) + self.column_width + 8)


def draw_heat_map(analysis: dict[str, Any]) -> Picture | None:
    """Gains over the baseline by language, or scores where there is no baseline; None without scores."""
    every = [row for row in analysis.get("curricula") or [] if row["languages"]]
    plain = find_baseline_row(analysis.get("curricula") or [])
    plain = plain if plain and plain["languages"] else None
    rows = [row for row in every if row is not plain]
    shown, every = (rows[:MAX_SHOWN], rows) if rows else (every[:MAX_SHOWN], every)
    if not shown:
        return None
    plain = plain if rows else None
    found = group_languages(analysis)
    languages = sum(len(codes) for _, codes in found.columns)
    plan = _HeatMapLayout(found, shown, plain, max(17.0, min(34.0, 800 / languages)))
    values = {row["trial"]: _compute_values(row, plain) for row in shown}
    flat = [value for row in values.values() for value in row.values()] or [0.0]
    what = "gain over no curriculum" if plain else "score"
    if plain:
        widest = max(abs(value) for value in flat)
        levels = _assign_levels(values, lambda value: get_gain_level(value, widest))
        legend = build_colour_legend("d", format_score(-widest, signed=True), format_score(widest, signed=True), what)
    else:
        low, high = min(flat), max(flat)
        levels = _assign_levels(values, lambda value: get_score_level(value, low, high))
        legend = build_colour_legend("v", format_score(low), format_score(high), what)
    label = f"Heat map, {len(shown)} curricula by {languages} languages in {len(found.families)} families: {what}"
    return Picture(
        name="languages",
        title="Curricula by language",
        caption=f"A cell is the {what} of one curriculum in one language{describe_split(analysis)}, mean over targets. Families are ordered by their number of languages"
        + (
            "; the source language and languages unseen in pre-training stand apart."
            if found.source or found.unseen
            else "."
        )
        + (" Bars above are the scores without an intermediate stage." if plain else ""),
        legend=legend,
        panels=[
            Panel(_NAMES_WIDTH, plan.height, lambda canvas: _draw_names(canvas, plan), "Names of the heat map's rows"),
            Panel(plan.width, plan.height, lambda canvas: _draw_cells(canvas, plan, levels), label),
        ],
        tables=[_build_table(plan, values)],
        note=f"The best {MAX_SHOWN} of {len(every)} curricula are shown." if len(every) > MAX_SHOWN else "",
        has_fixed_names=True,
    )


def _assign_levels(values: Mapping[int, Mapping[str, float]], level: Any) -> dict[int, dict[str, str]]:
    return {trial: {code: level(value) for code, value in row.items()} for trial, row in values.items()}


def _compute_values(row: dict[str, Any], plain: dict[str, Any] | None) -> dict[str, float]:
    scores = {code: score for code, score in row["languages"].items() if score is not None}
    if plain is None:
        return scores
    base = plain["languages"]
    return {code: score - base[code] for code, score in scores.items() if base.get(code) is not None}


def _draw_names(canvas: Canvas, plan: _HeatMapLayout) -> None:
    if plan.baseline:
        canvas.text(0, plan.top - 26, "no intermediate", "muted")
        canvas.text(0, plan.top - 13, "stage, score", "muted")
        scale = max(score for score in plan.baseline["languages"].values() if score is not None)
        canvas.text(_NAMES_WIDTH - 6, plan.top - 50, format_score(scale, 2), "muted", align="right")
        canvas.text(_NAMES_WIDTH - 6, plan.top - 12, "0", "muted", align="right")
    for at, row in enumerate(plan.rows):
        y = plan.top + (at + 0.5) * _ROW_HEIGHT
        number = str(row["trial"])
        canvas.text(24, y, number, "muted", align="right")
        canvas.text(30, y, _abbreviate_tasks(strip_stage_settings(row["words"]).split(" > "), _NAMES_WIDTH - 34))


def _abbreviate_tasks(tasks: list[str], width: float) -> str:
    """Tasks in their order within so many pixels: the longest names give way first, so that no task goes missing."""
    limit = min(max(map(len, tasks)), int(width))  # a pixel is less than a letter
    while limit > 3 and estimate_text_width(" > ".join(tasks)) > width:
        limit -= 1
        tasks = [task if len(task) <= limit else task.rstrip("…")[: limit - 1] + "…" for task in tasks]
    return truncate_text(" > ".join(tasks), width)


def _draw_cells(canvas: Canvas, plan: _HeatMapLayout, levels: dict[int, dict[str, str]]) -> None:
    columns = plan.columns
    _draw_groups(canvas, plan, columns)
    corners, colours = [], []
    for at, row in enumerate(plan.rows):
        for code, colour in levels[row["trial"]].items():
            if code in columns:
                corners.append((columns[code], plan.top + at * _ROW_HEIGHT))
                colours.append(colour)
    if corners:
        canvas.cells(corners, plan.column_width - 1, _ROW_HEIGHT - 1, colours)
    for code, x in columns.items():
        middle = x + plan.column_width / 2
        if plan.code_height:
            end = plan.bottom + 6 + estimate_text_width(code)
            canvas.text(middle + 4, end, code, "muted", align="left", rotation=90)
        else:
            canvas.text(middle, plan.bottom + 9, code, "muted", align="center")


def _draw_groups(canvas: Canvas, plan: _HeatMapLayout, columns: dict[str, float]) -> None:
    """Families' names over their columns, and what the baseline scores there."""
    for name, codes in plan.groups.columns:
        start, end = columns[codes[0]], columns[codes[-1]] + plan.column_width - 1
        canvas.line([(start, plan.header_height - 4), (end, plan.header_height - 4)], "grey")
        middle = (start + end) / 2
        if estimate_text_width(name) > plan.column_width * len(codes):
            canvas.text(middle + 4, plan.header_height - 9, name, align="left", rotation=90)
        else:
            canvas.text(middle, plan.header_height - 13, name, align="center")
    if plan.baseline:
        scores = {
            code: score for code, score in plan.baseline["languages"].items() if score is not None and code in columns
        }
        most = max(scores.values(), default=0.0) or 1.0
        for code, score in scores.items():
            tall = max(0.0, score / most) * (plan.strip_height - 12)
            canvas.box(columns[code], plan.top - 6 - tall, plan.column_width - 1, tall, "grey")


def _build_table(plan: _HeatMapLayout, values: dict[int, dict[str, float]]) -> Table:
    """Languages x curricula: on paper there is room for more columns of numbers than of names."""
    head = [
        "language",
        "family",
        *(["score without"] if plan.baseline else []),
        *(f"trial {row['trial']}" for row in plan.rows),
    ]
    base = plan.baseline["languages"] if plan.baseline else {}
    signed = plan.baseline is not None
    rows = [
        [
            make_text_cell(name_language(code, plan.groups.rules)),
            make_text_cell(group),
            *([make_number_cell(base.get(code), 3)] if plan.baseline else []),
            *(make_number_cell(values[row["trial"]].get(code), 3, signed=signed) for row in plan.rows),
        ]
        for group, codes in plan.groups.columns
        for code in codes
    ]
    return Table(head, rows)
