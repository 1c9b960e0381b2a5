"""Noise curves: transfer against magnitude, method by method; and gain by language against distance."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from search.report.page._canvas import (
    TEXT_SIZE,
    Canvas,
    Scale,
    draw_axes,
    estimate_text_width,
    format_number,
    pad_range,
    truncate_text,
)
from search.report.page._curricula_tables import get_language_name
from search.report.page._picture import MAX_SHOWN, PANEL_WIDTH, Panel, Picture
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    Table,
    make_count_cell,
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)

_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 216, 46, 14, 46, 44
NoiseRows = Sequence[dict[str, Any]]


def _group_by_method(analysis: dict[str, Any]) -> tuple[NoiseRows, dict[str, NoiseRows]]:
    """Plain training, and every other method by magnitude."""
    told = [row for row in (analysis.get("noise") or {}).get("methods") or [] if row["transfer"] is not None]
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(told, key=lambda row: row["magnitude"] or 0.0):
        grouped[row["method"]].append(row)
    plain = grouped.pop("none", [])
    return plain, dict(grouped)


def draw_noise_curves(analysis: dict[str, Any]) -> Picture | None:
    """A panel a method, the other methods faint behind it; None where no trial had noise."""
    plain, methods = _group_by_method(analysis)
    if not methods:
        return None
    rows = [row for members in methods.values() for row in members]
    magnitudes = sorted({row["magnitude"] for row in rows})
    low, high = pad_range([*(value for row in rows for value in _get_extent(row)), *(row["transfer"] for row in plain)])
    x = Scale(-0.3, len(magnitudes) - 0.7, _LEFT, PANEL_WIDTH - _RIGHT)
    y = Scale(low, high, _HEIGHT - _BOTTOM, _TOP)
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

        told = ", ".join(f"{row['transfer']:.3f} at {format_number(row['magnitude'])}" for row in methods[method])
        return Panel(PANEL_WIDTH, _HEIGHT, draw, f"Transfer with {method} by magnitude: {told}")

    return Picture(
        name="noise",
        title="Transfer by noise method and magnitude",
        caption="Each panel is one method over its magnitudes in even steps (dev, the search's own seed), with the 95 % interval of its gain, "
        "not corrected (on test where trials are paired); faint lines are the other "
        "methods" + (", the dashed line is plain training." if plain else "."),
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


def draw_gain_by_language(analysis: dict[str, Any]) -> Picture | None:
    """A panel a method: gain in each language, mean over magnitudes, against its distance; None without distances by degrees."""
    measure, distances = _select_distances(analysis)
    gains = {method: _average_by_language(rows, distances) for method, rows in _group_by_method(analysis)[1].items()}
    gains = {method: row for method, row in gains.items() if len(row) > 2}
    if not gains:
        return None
    x = Scale(*pad_range([distances[code] for row in gains.values() for code in row]), _LEFT, PANEL_WIDTH - _RIGHT)
    y = Scale(*pad_range([0.0, *(gain for row in gains.values() for gain in row.values())]), _HEIGHT - _BOTTOM, _TOP)

    def panel(method: str, row: dict[str, float]) -> Panel:
        def draw(canvas: Canvas) -> None:
            canvas.text(0, 10, truncate_text(method, PANEL_WIDTH, 12), size=12, bold=True)
            draw_axes(canvas, x, y, (measure, "gain"), x.ticks(5))
            canvas.line([(x.start, y(0.0)), (x.end, y(0.0))], "grey")
            _draw_scatter(canvas, {code: (x(distances[code]), y(gain)) for code, gain in row.items()})

        return Panel(PANEL_WIDTH, _HEIGHT, draw, f"Gain with {method} in {len(row)} languages against their distance")

    rows = [
        [
            make_text_cell(f"{code} {get_language_name(code)}"),
            make_number_cell(distances[code]),
            *(make_number_cell(row.get(code), signed=True) for row in gains.values()),
        ]
        for code in sorted(distances, key=lambda code: distances[code])
        if any(code in row for row in gains.values())
    ]
    return Picture(
        name="distance-languages",
        title="Gain in each language against its distance",
        caption="A dot is one language: the farther right, the more it differs from the source language; above the line the noise helps there.",
        panels=[panel(method, row) for method, row in gains.items()],
        tables=[Table(["language", "distance", *gains], rows)],
    )


def _select_distances(analysis: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """The first measure of distance that has degrees, not only alike and other, and its values by language."""
    told = (analysis.get("noise") or {}).get("distances") or {}
    measures = told if any(isinstance(value, dict) for value in told.values()) else {"distance from the source": told}
    for measure, values in measures.items():
        known = {code: float(value) for code, value in values.items() if value is not None}
        if len(set(known.values())) > 2:
            return measure, known
    return "", {}


def _average_by_language(rows: NoiseRows, distances: dict[str, float]) -> dict[str, float]:
    """The gain of each language with a distance, mean over a method's magnitudes."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for code, gain in (row.get("languages") or {}).items():
            if gain is not None and code in distances:
                found[code].append(gain)
    return {code: fmean(gains) for code, gains in found.items()}


def _draw_scatter(canvas: Canvas, places: dict[str, tuple[float, float]]) -> None:
    """Dots, and the names of those that leave room for them, outermost first."""
    middle = fmean(y for _, y in places.values())
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places.values()]
    for x, y in places.values():
        canvas.dot(x, y, 3, "gain")
    for code, (x, y) in sorted(places.items(), key=lambda item: -abs(item[1][1] - middle)):
        box = (x + 5, y - TEXT_SIZE / 2, x + 6 + estimate_text_width(code), y + TEXT_SIZE / 2)
        if not any(
            box[0] < right and left < box[2] and box[1] < low and top < box[3] for left, top, right, low in taken
        ):
            taken.append(box)
            canvas.text(x + 5, y, code, "muted")
