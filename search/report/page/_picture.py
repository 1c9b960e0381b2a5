"""Pictures: panels, drawn one by one on the page so that they wrap, and side by side in a PNG file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from search.report.page._canvas import Canvas
from search.report.page._tables import Table
from search.report.page._theme import LIGHT_COLOURS, SENTINEL_COLOURS

PANEL_WIDTH = 340
"""Pixels: one panel fits a phone, three fit a desktop screen."""
MAX_SHOWN = 40
"""Most rows, lines or stages that a picture shows; its note says so where there are more."""
_FIGURE_WIDTH, _GAP, _TITLE_HEIGHT = 1100, 20, 34
MATPLOTLIB_SETTINGS: dict[Any, Any] = {
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "path.simplify": False,
}
"""matplotlib's settings for drawing and saving."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing."""

    width: int
    height: int
    draw: Callable[[Canvas], None]
    label: str
    """Text alternative for screen readers."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels with their title, caption and legend, and tables of their numbers."""

    name: str
    """Name of its file and anchor: letters and dashes."""
    title: str
    caption: str
    """How to read it."""
    panels: list[Panel]
    tables: list[Table]
    colour_key: list[tuple[str, str]] = field(default_factory=list)
    """Names of colours with their meanings."""
    note: str = ""
    """What is not shown."""
    legend: Panel | None = None
    """The colour ramp with the values of its ends."""
    has_uneven_panels: bool = False
    """Whether panels differ in height; then they are laid out in columns."""
    has_fixed_names: bool = False
    """Whether the first of two panels has the names of rows and stays in place while the second scrolls."""

    @property
    def layout(self) -> str:
        """How the page lays it out: ``fixed``, ``narrow`` (its text beside it), ``columns`` or ``rows``."""
        if self.has_fixed_names or len(self.panels) == 1:
            return "fixed" if self.has_fixed_names else "narrow"
        return "columns" if self.has_uneven_panels else "rows"

    @property
    def all_panels(self) -> list[Panel]:
        """The legend, if any, then the panels."""
        return [*([self.legend] if self.legend else []), *self.panels]


def draw_panel(panel: Panel) -> Figure:
    """One panel in stand-in colours, for the page."""
    with matplotlib.rc_context(MATPLOTLIB_SETTINGS):
        figure = Figure(figsize=(panel.width / 72, panel.height / 72), dpi=72, facecolor="none")
        _add_panel(figure, panel, 0, 0, SENTINEL_COLOURS)
        return figure


def draw_picture(picture: Picture) -> Figure:
    """All panels on white under their title, for a file; two pixels to each of the page's."""
    places, width, height = _arrange_panels(picture)
    with matplotlib.rc_context(MATPLOTLIB_SETTINGS):
        figure = Figure(figsize=(width / 72, height / 72), dpi=144, facecolor=LIGHT_COLOURS["paper"])
        whole = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        canvas = Canvas(whole, LIGHT_COLOURS, width, height)
        canvas.text(_GAP, 20, picture.title, size=14, bold=True)
        across = float(_GAP)
        for colour, words in picture.colour_key:
            canvas.dot(across + 5, _TITLE_HEIGHT + 8, 4.5, colour)
            canvas.text(across + 15, _TITLE_HEIGHT + 8, words, "muted")
            across += 40 + 6.6 * len(words)
        for panel, (x, y) in zip(picture.all_panels, places, strict=True):
            _add_panel(figure, panel, x, y, LIGHT_COLOURS)
        return figure


def _add_panel(figure: Figure, panel: Panel, x: float, y: float, colours: Mapping[str, str]) -> None:
    width, height = figure.get_size_inches() * 72
    box = (x / width, 1 - (y + panel.height) / height, panel.width / width, panel.height / height)
    panel.draw(Canvas(figure.add_axes(box), colours, panel.width, panel.height))


def _arrange_panels(picture: Picture) -> tuple[list[tuple[float, float]], float, float]:
    """Where each panel lies on a sheet, and the sheet's size: rows from the left, as wide as a page."""
    top = _TITLE_HEIGHT + (24 if picture.colour_key else 4)
    places: list[tuple[float, float]] = []
    x, y, tallest, widest = float(_GAP), float(top), 0.0, 0.0
    drawings = picture.all_panels
    for at, panel in enumerate(drawings):
        joined = picture.has_fixed_names and at == len(drawings) - 1
        lone = picture.has_fixed_names and at == len(drawings) - 2
        after_legend = picture.legend is not None and at == 1
        if not joined and places and (after_legend or x + panel.width > _FIGURE_WIDTH):
            x, y, tallest = float(_GAP), y + tallest + _GAP, 0.0
        places.append((x, y))
        x += panel.width + (0 if lone else _GAP)
        tallest, widest = max(tallest, panel.height), max(widest, x)
    titled = 2 * _GAP + 10.0 * len(picture.title)
    keyed = _GAP + sum(40 + 6.6 * len(words) for _, words in picture.colour_key)
    return places, max(widest, titled, keyed), y + tallest + _GAP
