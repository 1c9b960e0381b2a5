"""The gain of noise against the distance from the source language: slopes by method, and language by language."""

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
    pad_range,
    truncate_text,
)
from search.report.page._curricula_tables import name_language
from search.report.page._noise_curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, NoiseRows, group_by_method
from search.report.page._picture import MAX_SHOWN, PANEL_WIDTH, Panel, Picture
from search.report.page._row_panels import (
    build_interval_panel,
    compute_common_range,
    make_estimate_row,
)
from search.report.page._tables import (
    ESTIMATE_COLUMNS,
    NOT_SIGNIFICANT,
    Table,
    has_mean,
    is_significant,
    make_estimate_cells,
    make_number_cell,
    make_text_cell,
)
from trainables.languages import LanguageRules


def draw_gain_slopes(analysis: dict[str, Any]) -> Picture | None:
    """How the gain of each noise method changes with the distance from the source language; None without measures."""
    every = [row for row in (analysis.get("noise") or {}).get("distance") or [] if has_mean(row["slope"])]
    shown = every[:MAX_SHOWN]
    if not shown:
        return None
    measures = dict.fromkeys(row["measure"] for row in shown)
    rows = {
        measure: [
            make_estimate_row(row["method"], row["slope"], is_significant(row["slope"]))
            for row in shown
            if row["measure"] == measure
        ]
        for measure in measures
    }
    return Picture(
        name="distance",
        title="Gain against distance from the source language",
        caption="A dot is how much the gain of a noise method changes per unit of distance (or in languages of the named kind); a line is the "
        "95 % interval without correction. Grey is not significant after Holm's correction for all slopes.",
        has_uneven_panels=True,
        panels=[
            build_interval_panel(measure, members, compute_common_range(members), "change of the gain", NOT_SIGNIFICANT)
            for measure, members in rows.items()
        ],
        tables=[_build_slopes_table(shown)],
        colour_key=[
            ("gain", "significant: helps distant languages more"),
            ("loss", "significant: helps them less"),
            ("grey", NOT_SIGNIFICANT),
        ],
        note=f"The first {MAX_SHOWN} of {len(every)} rows are shown." if len(every) > MAX_SHOWN else "",
    )


def _build_slopes_table(shown: Sequence[dict[str, Any]]) -> Table:
    rows = [
        [make_text_cell(row["method"]), make_text_cell(row["measure"]), *make_estimate_cells(row["slope"])]
        for row in shown
    ]
    return Table(["method", "measure", *ESTIMATE_COLUMNS], rows)


def draw_gain_by_language(analysis: dict[str, Any]) -> Picture | None:
    """A panel a method: gain in each language, mean over magnitudes, against its distance; None without distances by degrees."""
    measure, distances = _select_distances(analysis)
    gains = {method: _average_by_language(rows, distances) for method, rows in group_by_method(analysis)[1].items()}
    gains = {method: row for method, row in gains.items() if len(row) > 2}
    if not gains:
        return None
    x = Scale(*pad_range([distances[code] for row in gains.values() for code in row]), LEFT, PANEL_WIDTH - RIGHT)
    y = Scale(*pad_range([0.0, *(gain for row in gains.values() for gain in row.values())]), HEIGHT - BOTTOM, TOP)

    def panel(method: str, row: dict[str, float]) -> Panel:
        def draw(canvas: Canvas) -> None:
            canvas.text(0, 10, truncate_text(method, PANEL_WIDTH, 12), size=12, bold=True)
            draw_axes(canvas, x, y, (measure, "gain"), x.ticks(5))
            canvas.line([(x.start, y(0.0)), (x.end, y(0.0))], "grey")
            _draw_scatter(canvas, {code: (x(distances[code]), y(gain)) for code, gain in row.items()})

        return Panel(PANEL_WIDTH, HEIGHT, draw, f"Gain with {method} in {len(row)} languages against their distance")

    rows = [
        [
            make_text_cell(name_language(code, LanguageRules.from_json(analysis.get("languages")))),
            make_number_cell(distances[code]),
            *(make_number_cell(row.get(code), signed=True) for row in gains.values()),
        ]
        for code in sorted(distances, key=lambda code: distances[code])
        if any(code in row for row in gains.values())
    ]
    return Picture(
        name="distance-languages",
        title="Gain in each language against its distance",
        caption="A dot is one language. Its distance from the source language increases to the right; above the line, the noise method gains.",
        panels=[panel(method, row) for method, row in gains.items()],
        tables=[Table(["language", "distance", *gains], rows)],
    )


def _select_distances(analysis: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """The first measure of distance that has degrees, not only alike and other, and its values by language."""
    distances = (analysis.get("noise") or {}).get("distances") or {}
    measures = (
        distances
        if any(isinstance(value, dict) for value in distances.values())
        else {"distance from the source": distances}
    )
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
