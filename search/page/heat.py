"""The heat map: every curriculum in every language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.page.canvas import Canvas, breadth, fitted
from search.page.order import Groups, baseline, groups, language, short, split_of
from search.page.picture import MOST, Panel, Picture
from search.page.rows import ramp
from search.page.tables import Table, figure, told, words
from search.page.theme import gain_level, score_level

_NAMES, _ROW, _BETWEEN, _STRIP = 172, 18, 6, 56


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything lies, for the panel of names and the panel of cells alike."""

    groups: Groups
    shown: list[dict[str, Any]]
    plain: dict[str, Any] | None
    wide: float
    """Of a column."""

    @property
    def head(self) -> float:
        """Room for the families' names above the columns: those that are wider than their columns stand upright."""
        upright = [name for name, codes in self.groups.columns if breadth(name) > self.wide * len(codes)]
        return 12 + max((breadth(name) for name in upright), default=10.0)

    @property
    def strip(self) -> float:
        return _STRIP if self.plain else 0

    @property
    def top(self) -> float:
        return self.head + self.strip + 6

    @property
    def bottom(self) -> float:
        return self.top + _ROW * len(self.shown)

    @property
    def height(self) -> int:
        return round(self.bottom + 22)

    @property
    def columns(self) -> dict[str, float]:
        """The left edge of every language's column."""
        places: dict[str, float] = {}
        x = 2.0
        for _, codes in self.groups.columns:
            for code in codes:
                places[code] = x
                x += self.wide
            x += _BETWEEN
        return places

    @property
    def width(self) -> int:
        return round(max(self.columns.values()) + self.wide + 8)


def picture(analysis: dict[str, Any]) -> Picture | None:
    """Gains over the baseline by language, or scores where there is no baseline; None without scores."""
    every = [row for row in analysis.get("curricula") or [] if row["languages"]]
    plain = baseline(analysis.get("curricula") or [])
    plain = plain if plain and plain["languages"] else None
    rows = [row for row in every if row is not plain]
    shown, every = (rows[:MOST], rows) if rows else (every[:MOST], every)
    if not shown:
        return None
    plain = plain if rows else None
    found = groups(analysis)
    languages = sum(len(codes) for _, codes in found.columns)
    plan = _Plan(found, shown, plain, max(17.0, min(34.0, 800 / languages)))
    values = {row["trial"]: _values(row, plain) for row in shown}
    flat = [value for row in values.values() for value in row.values()] or [0.0]
    what = "gain over no intermediate stage" if plain else "score"
    if plain:
        widest = max(abs(value) for value in flat)
        levels = _levels(values, lambda value: gain_level(value, widest))
        legend = ramp("d", told(-widest, signed=True), told(widest, signed=True), what)
    else:
        low, high = min(flat), max(flat)
        levels = _levels(values, lambda value: score_level(value, low, high))
        legend = ramp("v", told(low), told(high), what)
    label = f"Heat map, {len(shown)} curricula by {languages} languages in {len(found.families)} families: {what}"
    return Picture(
        name="languages",
        title="Curricula by language",
        caption=f"Each cell is a curriculum's {what} in one language{split_of(analysis)}, mean over targets; families with most languages first"
        + (", the source language and languages unseen in pre-training apart" if found.source or found.unseen else "")
        + ("; bars above are the scores without an intermediate stage." if plain else "."),
        legend=legend,
        panels=[
            Panel(_NAMES, plan.height, lambda canvas: _draw_names(canvas, plan), "Names of the heat map's rows"),
            Panel(plan.width, plan.height, lambda canvas: _draw_cells(canvas, plan, levels), label),
        ],
        tables=[_table(plan, values)],
        note=f"The best {MOST} of {len(every)} curricula are shown." if len(every) > MOST else "",
        fixed=True,
    )


def _levels(values: Mapping[int, Mapping[str, float]], level: Any) -> dict[int, dict[str, str]]:
    return {trial: {code: level(value) for code, value in row.items()} for trial, row in values.items()}


def _values(row: dict[str, Any], plain: dict[str, Any] | None) -> dict[str, float]:
    scores = {code: score for code, score in row["languages"].items() if score is not None}
    if plain is None:
        return scores
    base = plain["languages"]
    return {code: score - base[code] for code, score in scores.items() if base.get(code) is not None}


def _draw_names(canvas: Canvas, plan: _Plan) -> None:
    if plan.plain:
        canvas.text(0, plan.top - 26, "no intermediate", "muted")
        canvas.text(0, plan.top - 13, "stage, score", "muted")
        scale = max(score for score in plan.plain["languages"].values() if score is not None)
        canvas.text(_NAMES - 6, plan.top - 50, told(scale, 2), "muted", align="right")
        canvas.text(_NAMES - 6, plan.top - 12, "0", "muted", align="right")
    for at, row in enumerate(plan.shown):
        y = plan.top + (at + 0.5) * _ROW
        number = str(row["trial"])
        canvas.text(24, y, number, "muted", align="right")
        canvas.text(30, y, _abridged(short(row["words"]).split(" > "), _NAMES - 34))


def _abridged(tasks: list[str], width: float) -> str:
    """Tasks in their order within so many pixels: the longest names give way first, so that no task goes missing."""
    limit = min(max(map(len, tasks)), int(width))  # a pixel is less than a letter
    while limit > 3 and breadth(" > ".join(tasks)) > width:
        limit -= 1
        tasks = [task if len(task) <= limit else task.rstrip("…")[: limit - 1] + "…" for task in tasks]
    return fitted(" > ".join(tasks), width)


def _draw_cells(canvas: Canvas, plan: _Plan, levels: dict[int, dict[str, str]]) -> None:
    columns = plan.columns
    _draw_groups(canvas, plan, columns)
    corners, colours = [], []
    for at, row in enumerate(plan.shown):
        for code, colour in levels[row["trial"]].items():
            if code in columns:
                corners.append((columns[code], plan.top + at * _ROW))
                colours.append(colour)
    if corners:
        canvas.cells(corners, plan.wide - 1, _ROW - 1, colours)
    for code, x in columns.items():
        canvas.text(x + plan.wide / 2, plan.bottom + 9, fitted(code, plan.wide), "muted", align="center")


def _draw_groups(canvas: Canvas, plan: _Plan, columns: dict[str, float]) -> None:
    """Families' names over their columns, and what the baseline scores there."""
    for name, codes in plan.groups.columns:
        start, end = columns[codes[0]], columns[codes[-1]] + plan.wide - 1
        canvas.line([(start, plan.head - 4), (end, plan.head - 4)], "grey")
        middle = (start + end) / 2
        if breadth(name) > plan.wide * len(codes):
            canvas.text(middle + 4, plan.head - 9, name, align="left", rotation=90)
        else:
            canvas.text(middle, plan.head - 13, name, align="center")
    if plan.plain:
        scores = {
            code: score for code, score in plan.plain["languages"].items() if score is not None and code in columns
        }
        most = max(scores.values(), default=0.0) or 1.0
        for code, score in scores.items():
            tall = max(0.0, score / most) * (plan.strip - 12)
            canvas.box(columns[code], plan.top - 6 - tall, plan.wide - 1, tall, "grey")


def _table(plan: _Plan, values: dict[int, dict[str, float]]) -> Table:
    """Languages x curricula: on paper there is room for more columns of numbers than of names."""
    head = [
        "language",
        "family",
        *(["score without"] if plan.plain else []),
        *(f"trial {row['trial']}" for row in plan.shown),
    ]
    base = plan.plain["languages"] if plan.plain else {}
    signed = plan.plain is not None
    rows = [
        [
            words(f"{code} {language(code)}" if language(code) != code else code),
            words(group),
            *([figure(base.get(code), 3)] if plan.plain else []),
            *(figure(values[row["trial"]].get(code), 3, signed=signed) for row in plan.shown),
        ]
        for group, codes in plan.groups.columns
        for code in codes
    ]
    return Table(head, rows)
