"""The Pareto front: trials that none beats in both objectives."""

from itertools import pairwise
from typing import Any

from search.report.page._canvas import Canvas, Scale, draw_axes, estimate_text_width, pad_range
from search.report.page._picture import Panel, Picture
from search.report.page._tables import Table, make_count_cell, make_number_cell, make_text_cell

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340, 300, 50, 20, 40, 44


def draw_pareto_front(analysis: dict[str, Any]) -> Picture | None:
    """Both objectives of every trial; None where there is but one objective."""
    front = analysis.get("front") or {}
    points = [
        point for point in front.get("points") or [] if point["value"] is not None and point["second"] is not None
    ]
    if not points:
        return None
    second, objective = str(front["second"]), str(analysis.get("objective"))
    unbeaten = sorted((point for point in points if point["unbeaten"]), key=lambda point: point["second"])
    x = Scale(*pad_range([point["second"] for point in points]), _LEFT, _WIDTH - _RIGHT)
    y = Scale(*pad_range([point["value"] for point in points]), _HEIGHT - _BOTTOM, _TOP)

    minimized = front.get("direction") == "minimize"

    def draw(canvas: Canvas) -> None:
        draw_axes(canvas, x, y, (second, objective), x.ticks())
        for point in points:
            if not point["unbeaten"]:
                canvas.dot(x(point["second"]), y(point["value"]), 3, "grey")
        places = [(x(point["second"]), y(point["value"])) for point in unbeaten]
        for (left, low), (right, high) in pairwise(places):
            corner = (right, low) if minimized else (left, high)
            canvas.line([(left, low), corner, (right, high)], "gain")
        _label_trials(canvas, unbeaten, places)

    rows = [
        [
            make_count_cell(point["trial"]),
            make_number_cell(point["value"]),
            make_number_cell(point["second"]),
            make_text_cell("yes" if point["unbeaten"] else "no"),
            make_text_cell(point["words"]),
        ]
        for point in sorted(points, key=lambda point: (not point["unbeaten"], -point["value"]))
    ]
    return Picture(
        name="front",
        title=f"{objective} against {second}",
        caption=f"A dot is a trial (dev, the search's own seed). Better is {'up and to the left' if minimized else 'up and to the right'}; no trial is better in both "
        "objectives than those on the line.",
        panels=[
            Panel(
                _WIDTH,
                _HEIGHT,
                draw,
                f"{len(unbeaten)} of {len(points)} trials are on the Pareto front of {objective} and {second}",
            )
        ],
        tables=[Table(["trial", objective, second, "on the front", "curriculum"], rows)],
        colour_key=[("gain", "on the Pareto front"), ("grey", "dominated")],
    )


def _label_trials(canvas: Canvas, unbeaten: list[dict[str, Any]], places: list[tuple[float, float]]) -> None:
    """Discs with the trial's number beside them where that leaves the number before it free."""
    right = [-100.0, -100.0]
    for point, (x, y) in zip(unbeaten, places, strict=True):
        canvas.dot(x, y, 4.5, "gain", "paper")
        label = str(point["trial"])
        start = x - estimate_text_width(label) / 2
        for side, shift in enumerate((-12, 14)):
            if start > right[side] + 3:
                canvas.text(x, y + shift, label, align="center")
                right[side] = start + estimate_text_width(label)
                break
