"""Learning curves: the loss of every stage over its steps, a panel a task."""

from typing import Any

from search.report.page._canvas import Canvas, Scale, draw_axes, format_number, pad_range, truncate_text
from search.report.page._curricula_tables import strip_stage_settings
from search.report.page._picture import MAX_SHOWN, PANEL_WIDTH, Panel, Picture
from search.report.page._tables import Cell, Table, make_number_cell, make_text_cell

_COLOUR_KEY = {False: ("gain", "intermediate task"), True: ("loss", "target")}
_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 216, 46, 14, 62, 44


def draw_learning_curves(analysis: dict[str, Any]) -> Picture | None:
    """Intermediate tasks first, then targets; None before a stage was trained."""
    curves = [(row, _get_points(row)) for row in analysis.get("learning") or []]
    curves = [(row, points) for row, points in curves if points]
    tasks = dict.fromkeys((row["target"], row["task"]) for row, _ in sorted(curves, key=lambda item: item[0]["target"]))
    if not tasks:
        return None
    panels, tables, cut = [], [], False
    for target, task in tasks:
        every = [(row, points) for row, points in curves if (row["target"], row["task"]) == (target, task)]
        cut = cut or len(every) > MAX_SHOWN
        panels.append(_build_panel(task, target, every[:MAX_SHOWN]))
        tables.append(_build_table(task, target, every[:MAX_SHOWN]))
    return Picture(
        name="learning",
        title="Learning curves",
        caption="A line is the training loss of one run, mean over the steps since the point before. The dark line has the lowest final loss; its "
        "curriculum is named above.",
        panels=panels,
        tables=tables,
        colour_key=[_COLOUR_KEY[target] for target in sorted({target for target, _ in tasks})],
        note=f"At most {MAX_SHOWN} runs of each task are shown." if cut else "",
    )


_Run = tuple[dict[str, Any], list[tuple[float, float]]]


def _get_points(row: dict[str, Any]) -> list[tuple[float, float]]:
    return [(step, loss) for step, loss in row["points"] if step is not None and loss is not None]


def _build_panel(task: str, target: bool, runs: list[_Run]) -> Panel:
    losses = [loss for _, points in runs for _, loss in points]
    x = Scale(0.0, max(step for _, points in runs for step, _ in points), _LEFT, PANEL_WIDTH - _RIGHT)
    y = Scale(*pad_range(losses), _HEIGHT - _BOTTOM, _TOP)
    lowest = min(runs, key=lambda run: run[1][-1][1])

    def draw(canvas: Canvas) -> None:
        canvas.text(0, 10, truncate_text(f"{task}{' (target)' if target else ''}", PANEL_WIDTH, 12), size=12, bold=True)
        end = f"lowest: {format_number(lowest[1][-1][1])}, {strip_stage_settings(lowest[0]['stage'])}"
        canvas.text(0, 28, truncate_text(end, PANEL_WIDTH), "muted")
        draw_axes(canvas, x, y, ("step", "loss"), x.ticks())
        for run in runs:
            _draw_curve(canvas, run, x, y, "loss" if target else "gain", 1.0 if len(runs) < 4 else 0.5)
        _draw_curve(canvas, lowest, x, y, "ink", 1.0)

    label = f"Loss of {task} in {len(runs)} runs, from {format_number(runs[0][1][0][1])} to {format_number(lowest[1][-1][1])} at the lowest"
    return Panel(PANEL_WIDTH, _HEIGHT, draw, label)


def _draw_curve(canvas: Canvas, run: _Run, x: Scale, y: Scale, colour: str, alpha: float) -> None:
    points = [(x(step), y(loss)) for step, loss in run[1]]
    if len(points) > 1:
        canvas.line(points, colour, width=1.5, alpha=alpha)
    else:
        canvas.dot(*points[0], 3, colour)


def _build_table(task: str, target: bool, runs: list[_Run]) -> Table:
    """Runs x steps."""
    steps = sorted({step for _, points in runs for step, _ in points})
    rows: list[list[Cell]] = []
    for row, points in runs:
        losses = dict(points)
        rows.append([make_text_cell(row["stage"]), *(make_number_cell(losses.get(step), 3) for step in steps)])
    return Table(
        ["on top of", *(f"{step:g}" for step in steps)], rows, f"{task}{' (target)' if target else ''}: loss by step"
    )
