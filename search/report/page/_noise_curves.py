"""Noise curves: transfer against magnitude, method by method."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from search.report.page._canvas import (
    Canvas,
    Scale,
    draw_axes,
    format_number,
    pad_range,
    truncate_text,
)
from search.report.page._picture import MAX_SHOWN, PANEL_WIDTH, Panel, Picture
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    Table,
    make_count_cell,
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 216, 46, 14, 46, 44
"""Of a panel and its margins, in pixels."""
NoiseRows = Sequence[dict[str, Any]]


def group_by_method(analysis: dict[str, Any]) -> tuple[NoiseRows, dict[str, NoiseRows]]:
    """Plain training, and every other method by magnitude."""
    rows = [row for row in (analysis.get("noise") or {}).get("methods") or [] if row["transfer"] is not None]
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["magnitude"] or 0.0):
        grouped[row["method"]].append(row)
    plain = grouped.pop("none", [])
    return plain, dict(grouped)


def draw_noise_curves(analysis: dict[str, Any]) -> Picture | None:
    """A panel a method, the other methods faint behind it; None where no trial had noise."""
    plain, methods = group_by_method(analysis)
    if not methods:
        return None
    rows = [row for members in methods.values() for row in members]
    magnitudes = sorted({row["magnitude"] for row in rows})
    low, high = pad_range([*(value for row in rows for value in _get_extent(row)), *(row["transfer"] for row in plain)])
    x = Scale(-0.3, len(magnitudes) - 0.7, LEFT, PANEL_WIDTH - RIGHT)
    y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    places = {magnitude: x(float(at)) for at, magnitude in enumerate(magnitudes)}
    ticks = _choose_ticks(magnitudes)

    def panel(method: str) -> Panel:
        def draw(canvas: Canvas) -> None:
            canvas.text(0, 10, truncate_text(method, PANEL_WIDTH, 12), size=12, bold=True)
            draw_axes(canvas, x, y, ("magnitude", "transfer"), ticks)
            for other in methods:
                if other != method:
                    _draw_curve(canvas, methods[other], places, y, faint=True)
            if plain:
                level = y(fmean(row["transfer"] for row in plain))
                canvas.line([(x.start, level), (x.end, level)], "muted", dashed=True)
            _draw_curve(canvas, methods[method], places, y, faint=False)

        summary = ", ".join(f"{row['transfer']:.3f} at {format_number(row['magnitude'])}" for row in methods[method])
        return Panel(PANEL_WIDTH, HEIGHT, draw, f"Transfer with {method} by magnitude: {summary}")

    return Picture(
        name="noise",
        title="Transfer by noise method and magnitude",
        caption="Each panel is one method (dev, the search's own seed). Vertical lines are 95 % intervals of the gain, without "
        "correction (on test where trials are paired). Faint lines are the other "
        "methods" + ("; the dashed line is training without noise." if plain else "."),
        panels=[panel(method) for method in list(methods)[:MAX_SHOWN]],
        tables=[_build_table([*plain, *rows])],
    )


def _choose_ticks(magnitudes: Sequence[float]) -> list[tuple[float, str]]:
    """Magnitudes at their places, as many as have room."""
    every = max(1, -(-len(magnitudes) // 7))
    return [(float(at), format_number(magnitude)) for at, magnitude in enumerate(magnitudes) if at % every == 0]


def _get_extent(row: dict[str, Any]) -> list[float]:
    """The score and both ends of its gain's interval, as scores."""
    gain = row.get("gain") or {}
    ends = [gain.get("low"), gain.get("high")]
    return [row["transfer"], *(row["transfer"] + end - gain["mean"] for end in ends if end is not None)]


def _draw_curve(canvas: Canvas, rows: NoiseRows, places: dict[float, float], y: Scale, *, faint: bool) -> None:
    points = [(places[row["magnitude"]], y(row["transfer"])) for row in rows]
    if len(points) > 1:
        canvas.line(points, "grey" if faint else "gain", width=1.0 if faint else 2.0, alpha=0.45 if faint else 1.0)
    if faint:
        return
    for row, (x, _) in zip(rows, points, strict=True):
        mean, *ends = _get_extent(row)
        if len(ends) == 2:
            canvas.line([(x, y(ends[0])), (x, y(ends[1]))], "gain", width=1.5)
        canvas.dot(x, y(mean), 4, "gain", "paper")


def _build_table(rows: NoiseRows) -> Table:
    head = ["method", "magnitude", "trials", "transfer", *(f"gain {part}" for part in ESTIMATE_COLUMNS)]
    body = [
        [
            make_text_cell(row["method"]),
            make_count_cell(row["magnitude"]),
            make_count_cell(row["trials"]),
            make_number_cell(row["transfer"]),
            *make_estimate_cells(row.get("gain")),
        ]
        for row in rows
    ]
    return Table(head, body)
