"""Panels of rows, each with a name and a number above its mark: dots with intervals, or bars."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.report.page._canvas import Canvas, Scale, estimate_text_width, pad_range, truncate_text
from search.report.page._picture import PANEL_WIDTH, Panel
from search.report.page._tables import excludes_zero, get_estimate_text

_ROW_HEIGHT, _HEADER_HEIGHT, _FOOTER_HEIGHT, _MARGIN = 34, 26, 40, 18


HIGHER_IS_BETTER, LOWER_IS_BETTER = ("gain", "loss"), ("loss", "gain")


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """A name and an estimate; without an interval it has no whisker."""

    name: str
    mean: float
    low: float | None
    high: float | None
    text: str
    is_significant: bool

    @property
    def height(self) -> int:
        """In pixels; a long name takes more lines."""
        return _ROW_HEIGHT + 14 * (len(self.lines) - 1)

    @property
    def lines(self) -> list[str]:
        """The name in as many lines as it needs, three at most; the number stands beside the last one."""
        found = [""]
        for word in self.name.split(" "):
            longer = f"{found[-1]} {word}".strip()
            found = [*found[:-1], longer] if estimate_text_width(longer) <= PANEL_WIDTH else [*found, word]
        fits = estimate_text_width(found[-1]) <= self.name_width
        return [truncate_text(line, PANEL_WIDTH) for line in (found if fits else [*found, ""])][:3]

    @property
    def name_width(self) -> float:
        """Pixels for the name beside the number."""
        return PANEL_WIDTH - estimate_text_width(self.text) - 8

    @property
    def extent(self) -> list[float]:
        return [value for value in (self.mean, self.low, self.high) if value is not None]


def compute_common_range(rows: Sequence[EstimateRow]) -> tuple[float, float]:
    """A range that contains zero and every row, for panels on one scale."""
    low, high = pad_range([0.0, *(value for row in rows for value in row.extent)], 0.04)
    return low, high


def build_interval_panel(
    title: str,
    rows: Sequence[EstimateRow],
    scale: tuple[float, float],
    unit: str,
    weak: str,
    signs: tuple[str, str] = HIGHER_IS_BETTER,
) -> Panel:
    """Significant rows first, the rest in grey under the heading `weak`.

    Args:
        scale: lowest and highest value of the axis.
        unit: title of the axis.
        weak: heading of the rest.
        signs: colours of estimates above and below zero.
    """
    strong, others = [row for row in rows if row.is_significant], [row for row in rows if not row.is_significant]
    height = _HEADER_HEIGHT + sum(row.height for row in rows) + (20 if others else 0) + _FOOTER_HEIGHT

    def draw(canvas: Canvas) -> None:
        x = Scale(*scale, _MARGIN, PANEL_WIDTH - _MARGIN)
        canvas.text(0, 9, truncate_text(title, PANEL_WIDTH, 12), size=12, bold=True)
        y = float(_HEADER_HEIGHT)
        for row in [*strong, *others]:
            if others and row is others[0]:
                canvas.text(0, y + 7, weak, "muted", bold=True)
                y += 20
            _draw_interval(canvas, row, x, y, signs)
            y += row.height
        for value, words in x.ticks(5):
            canvas.text(x(value), y + 8, words, "muted", align="center")
        canvas.text(PANEL_WIDTH / 2, y + 23, unit, "muted", align="center")

    summary = "; ".join(f"{row.name}: {row.text}" for row in rows[:6])
    return Panel(PANEL_WIDTH, height, draw, f"{title}, {unit}: {summary}{' and more' if len(rows) > 6 else ''}")


def _draw_interval(canvas: Canvas, row: EstimateRow, x: Scale, y: float, signs: tuple[str, str]) -> None:
    """Name and number above, the interval below over its own piece of grid, so that no grid line crosses text."""
    colour = signs[row.mean < 0] if row.is_significant else "grey"
    for at, line in enumerate(row.lines):
        if line:
            canvas.text(0, y + 7 + 14 * at, line, "ink" if row.is_significant else "muted")
    y += row.height - _ROW_HEIGHT
    canvas.text(PANEL_WIDTH, y + 7, row.text, "ink" if row.is_significant else "muted", align="right")
    for value, _ in x.ticks(5):
        canvas.line([(x(value), y + 16), (x(value), y + 31)], "faint")
    canvas.line([(x(0.0), y + 16), (x(0.0), y + 31)], "muted")
    if row.low is not None and row.high is not None:
        canvas.line([(x(row.low), y + 23), (x(row.high), y + 23)], colour, width=2.0)
    canvas.dot(x(row.mean), y + 23, 4.2, colour, "paper")


def build_bar_panel(
    title: str, rows: Sequence[tuple[str, float, str]], colour: Callable[[int], str], label: str
) -> Panel:
    """Bars from zero: rows are a name, a value and its formatted value; the largest fills the panel."""
    height = _HEADER_HEIGHT + _ROW_HEIGHT * len(rows) + 2
    most = max((value for _, value, _ in rows), default=0.0) or 1.0

    def draw(canvas: Canvas) -> None:
        canvas.text(0, 9, title, size=12, bold=True)
        for at, (name, value, text) in enumerate(rows):
            y = _HEADER_HEIGHT + at * _ROW_HEIGHT
            canvas.text(0, y + 7, truncate_text(name, PANEL_WIDTH - estimate_text_width(text) - 8))
            canvas.text(PANEL_WIDTH, y + 7, text, align="right")
            canvas.box(0, y + 17, PANEL_WIDTH, 9, "raised")
            canvas.box(0, y + 17, PANEL_WIDTH * max(0.0, value) / most, 9, colour(at))

    return Panel(PANEL_WIDTH, height, draw, label)


def build_colour_legend(prefix: str, low: str, high: str, title: str) -> Panel:
    """A legend: the colours of a ramp with the labels of its ends."""
    height, top, steps = 40, 18, 21

    def draw(canvas: Canvas) -> None:
        canvas.text(0, 8, title, "muted")
        wide = 180 / steps
        canvas.text(0, top + 8, low, "muted")
        start = estimate_text_width(low) + 6
        canvas.cells(
            [(start + at * wide, top) for at in range(steps)], wide + 0.3, 14, [f"{prefix}{at}" for at in range(steps)]
        )
        canvas.text(start + 186, top + 8, high, "muted")

    return Panel(PANEL_WIDTH, height, draw, f"{title}: from {low} to {high}")


def make_estimate_row(name: str, estimate: Mapping[str, Any], significant: bool | None = None) -> EstimateRow:
    """A row of an estimate of the analysis; without a test it counts as significant if its interval excludes zero."""
    marked = excludes_zero(estimate) if significant is None else significant
    low, high = estimate.get("low"), estimate.get("high")
    return EstimateRow(name, estimate["mean"], low, high, get_estimate_text(estimate), marked)
