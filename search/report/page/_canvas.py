"""A drawing surface in pixels over matplotlib, with the marks that pictures are made of."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import MaxNLocator

Point = tuple[float, float]
TEXT_SIZE = 11.0
"""Text size in pixels: the smallest that is easy to read on a phone."""


class Canvas:
    """Draws on `axes` in pixels from the upper left corner; colours are names of `search.report.page._theme`."""

    def __init__(self, axes: Axes, colours: Mapping[str, str], width: float, height: float) -> None:
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        self.axes, self.colours, self.width, self.height = axes, colours, width, height

    def text(
        self,
        x: float,
        y: float,
        words: str,
        colour: str = "ink",
        *,
        size: float = TEXT_SIZE,
        align: str = "left",
        bold: bool = False,
        rotation: float = 0.0,
    ) -> None:
        """Text centred vertically at `y`, without mathematical markup."""
        self.axes.text(
            x,
            y + (0.36 * size if not rotation else 0.0),
            words,
            color=self.colours[colour],
            fontsize=size,
            fontweight="bold" if bold else "normal",
            horizontalalignment=align,
            verticalalignment="baseline",
            rotation=rotation,
            rotation_mode="anchor",
            parse_math=False,
        )

    def line(
        self, points: Sequence[Point], colour: str, *, width: float = 1.0, dashed: bool = False, alpha: float = 1.0
    ) -> None:
        """A line through the points."""
        xs, ys = zip(*points, strict=True)
        self.axes.add_line(
            Line2D(
                xs,
                ys,
                color=self.colours[colour],
                linewidth=width,
                linestyle=(0, (4, 3)) if dashed else "-",
                alpha=None if alpha == 1.0 else alpha,
                clip_on=False,
            )
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str | None, edge: str | None = None) -> None:
        """A filled rectangle, its upper left corner at x and y."""
        self.axes.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor=self.colours[colour] if colour else "none",
                edgecolor=self.colours[edge] if edge else "none",
                linewidth=1.0 if edge else 0.0,
                clip_on=False,
            )
        )

    def dot(self, x: float, y: float, radius: float, colour: str, edge: str | None = None) -> None:
        """A disc."""
        self.axes.add_patch(
            Circle(
                (x, y),
                radius,
                facecolor=self.colours[colour],
                edgecolor=self.colours[edge] if edge else "none",
                linewidth=1.0 if edge else 0.0,
                clip_on=False,
                zorder=3,
            )
        )

    def cells(self, corners: Sequence[Point], width: float, height: float, colours: Sequence[str]) -> None:
        """Many rectangles of one size."""
        shapes = [[(x, y), (x + width, y), (x + width, y + height), (x, y + height)] for x, y in corners]
        faces = [self.colours[colour] for colour in colours]
        self.axes.add_collection(
            PolyCollection(shapes, facecolors=faces, edgecolors="none", clip_on=False), autolim=False
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers onto pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 4) -> list[tuple[float, str]]:
        """Round numbers within the scale with their labels; at most `most` intervals."""
        if not self.high > self.low:
            return [(self.low, format_number(self.low))]
        found = [float(tick) for tick in MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)]
        slack = (self.high - self.low) * 1e-9
        inside = [tick for tick in found if self.low - slack <= tick <= self.high + slack]
        step = found[1] - found[0]
        decimals = next((count for count in range(5) if abs(round(step, count) - step) < 1e-9), 5)
        return [(tick, f"{tick:.{decimals}f}") for tick in inside]


def draw_axes(canvas: Canvas, x: Scale, y: Scale, titles: tuple[str, str], xticks: list[tuple[float, str]]) -> None:
    """Grid, ticks and titles of a plot; the title of y stands above, that of x below."""
    for value, words in y.ticks():
        canvas.line([(x.start, y(value)), (x.end, y(value))], "faint")
        canvas.text(x.start - 6, y(value), words, "muted", align="right")
    for value, words in xticks:
        canvas.line([(x(value), y.start), (x(value), y.start + 4)], "grey")
        canvas.text(x(value), y.start + 13, words, "muted", align="center")
    canvas.line([(x.start, y.start), (x.end, y.start)], "grey")
    canvas.text((x.start + x.end) / 2, y.start + 29, titles[0], "muted", align="center")
    canvas.text(0, y.end - 14, titles[1], "muted")


def pad_range(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """The range of values with a margin of `share` of it at both ends; never empty."""
    low, high = min(values), max(values)
    air = (high - low) * share or abs(high) * share or 0.01
    return low - air, high + air


def format_number(value: float) -> str:
    """Three significant digits; an exponent only where it is needed."""
    return f"{value:.3g}"


def truncate_text(words: str, width: float, size: float = TEXT_SIZE) -> str:
    """The text, cut with an ellipsis if it is wider than `width` pixels."""
    wide = [size * _estimate_letter_width(letter) for letter in words]
    if sum(wide) <= width:
        return words
    room, kept = width - 0.9 * size, 0
    while kept < len(words) and room >= wide[kept]:
        room -= wide[kept]
        kept += 1
    return words[:kept].rstrip() + "…"


def estimate_text_width(words: str, size: float = TEXT_SIZE) -> float:
    """Approximate width of a text in pixels, in a wide font."""
    return sum(size * _estimate_letter_width(letter) for letter in words)


@lru_cache(4096)
def _estimate_letter_width(letter: str) -> float:
    """The width of a letter as a share of the text size, in DejaVu Sans; most fonts are narrower."""
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in "ijl.,:;'|!()[] ":
        return 0.36
    return 0.86 if letter in "mwMW%@" else 0.62
