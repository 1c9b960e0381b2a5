"""Panels of rows, each with its name and number above a line of its own: dots with whiskers, and bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.page.canvas import Canvas, Scale, breadth, fitted, padded
from search.page.picture import WIDTH, Panel

_ROW, _HEAD, _FOOT, _EDGE = 34, 26, 40, 18


GOOD_UP, BAD_UP = ("gain", "loss"), ("loss", "gain")


@dataclass(frozen=True, slots=True)
class Row:
    """A name and an estimate; without both ends of the interval it has no whisker."""

    name: str
    mean: float
    low: float | None
    high: float | None
    told: str
    strong: bool

    @property
    def height(self) -> int:
        """In pixels: a long name takes another line."""
        return _ROW + 14 * (len(self.lines) - 1)

    @property
    def lines(self) -> list[str]:
        """The name in as many lines as it needs, three at most; the number stands beside the last one."""
        found = [""]
        for word in self.name.split(" "):
            longer = f"{found[-1]} {word}".strip()
            found = [*found[:-1], longer] if breadth(longer) <= WIDTH else [*found, word]
        fits = breadth(found[-1]) <= self.room
        return [fitted(line, WIDTH) for line in (found if fits else [*found, ""])][:3]

    @property
    def room(self) -> float:
        """For the name, beside the number."""
        return WIDTH - breadth(self.told) - 8

    @property
    def extent(self) -> list[float]:
        return [value for value in (self.mean, self.low, self.high) if value is not None]


def common_scale(rows: Sequence[Row]) -> tuple[float, float]:
    """A range that holds zero and every row, for panels that are to be compared."""
    low, high = padded([0.0, *(value for row in rows for value in row.extent)], 0.04)
    return low, high


def whiskers(
    title: str, rows: Sequence[Row], scale: tuple[float, float], unit: str, weak: str, signs: tuple[str, str] = GOOD_UP
) -> Panel:
    """Rows with what is separated from zero first, the rest in grey under the word `weak`.

    Args:
        scale: lowest and highest value of the axis.
        unit: what the axis counts.
        signs: colours of what is above zero and of what is below.
    """
    strong, others = [row for row in rows if row.strong], [row for row in rows if not row.strong]
    height = _HEAD + sum(row.height for row in rows) + (20 if others else 0) + _FOOT

    def draw(canvas: Canvas) -> None:
        x = Scale(*scale, _EDGE, WIDTH - _EDGE)
        canvas.text(0, 9, fitted(title, WIDTH, 12), size=12, bold=True)
        y = float(_HEAD)
        for row in [*strong, *others]:
            if others and row is others[0]:
                canvas.text(0, y + 7, weak, "muted", bold=True)
                y += 20
            _whisker(canvas, row, x, y, signs)
            y += row.height
        for value, words in x.ticks(5):
            canvas.text(x(value), y + 8, words, "muted", align="center")
        canvas.text(WIDTH / 2, y + 23, unit, "muted", align="center")

    told = "; ".join(f"{row.name}: {row.told}" for row in rows[:6])
    return Panel(WIDTH, height, draw, f"{title}, {unit}: {told}{' and more' if len(rows) > 6 else ''}")


def _whisker(canvas: Canvas, row: Row, x: Scale, y: float, signs: tuple[str, str]) -> None:
    """Words above; below, the whisker over its own piece of the grid, which so runs through no word."""
    colour = signs[row.mean < 0] if row.strong else "grey"
    for at, line in enumerate(row.lines):
        if line:
            canvas.text(0, y + 7 + 14 * at, line, "ink" if row.strong else "muted")
    y += row.height - _ROW
    canvas.text(WIDTH, y + 7, row.told, "ink" if row.strong else "muted", align="right")
    for value, _ in x.ticks(5):
        canvas.line([(x(value), y + 16), (x(value), y + 31)], "faint")
    canvas.line([(x(0.0), y + 16), (x(0.0), y + 31)], "muted")
    if row.low is not None and row.high is not None:
        canvas.line([(x(row.low), y + 23), (x(row.high), y + 23)], colour, width=2.0)
    canvas.dot(x(row.mean), y + 23, 4.2, colour, "paper")


def bars(title: str, rows: Sequence[tuple[str, float, str]], colour: Callable[[int], str], label: str) -> Panel:
    """Rows of name, value from zero on, and the value in words, as bars; the longest one fills the panel."""
    height = _HEAD + _ROW * len(rows) + 2
    most = max((value for _, value, _ in rows), default=0.0) or 1.0

    def draw(canvas: Canvas) -> None:
        canvas.text(0, 9, title, size=12, bold=True)
        for at, (name, value, told) in enumerate(rows):
            y = _HEAD + at * _ROW
            canvas.text(0, y + 7, fitted(name, WIDTH - breadth(told) - 8))
            canvas.text(WIDTH, y + 7, told, align="right")
            canvas.box(0, y + 17, WIDTH, 9, "raised")
            canvas.box(0, y + 17, WIDTH * max(0.0, value) / most, 9, colour(at))

    return Panel(WIDTH, height, draw, label)


def ramp(prefix: str, low: str, high: str, title: str) -> Panel:
    """A legend: the colours of a ramp from low to high, with what its ends mean."""
    height, top, steps = 40, 18, 21

    def draw(canvas: Canvas) -> None:
        canvas.text(0, 8, title, "muted")
        wide = 180 / steps
        canvas.text(0, top + 8, low, "muted")
        start = breadth(low) + 6
        canvas.cells(
            [(start + at * wide, top) for at in range(steps)], wide + 0.3, 14, [f"{prefix}{at}" for at in range(steps)]
        )
        canvas.text(start + 186, top + 8, high, "muted")

    return Panel(WIDTH, height, draw, f"{title}: from {low} to {high}")
