"""The stage tree: stages under their parents, with their cost and the best score of a trial that contains them."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search.report.page._canvas import Canvas, truncate_text
from search.report.page._curricula_tables import find_common_settings, strip_stage_settings
from search.report.page._picture import MAX_SHOWN, PANEL_WIDTH, Panel, Picture
from search.report.page._row_panels import build_colour_legend
from search.report.page._tables import Table, format_score, make_count_cell, make_number_cell, make_text_cell
from search.report.page._theme import get_score_level

_ROW_HEIGHT, _HEADER_HEIGHT, _INDENT_WIDTH, _MAX_RADIUS = 23, 22, 18, 9.0


@dataclass(frozen=True, slots=True)
class _StageRow:
    """A row of the tree: a stage, its depth, its parent's row, and the targets trained directly on top of it."""

    node: dict[str, Any]
    depth: int
    parent_row: int | None
    targets: int
    target_seconds: float


def draw_stage_tree(analysis: dict[str, Any]) -> Picture | None:
    """Stages as an indented tree, best branches first; None before a stage was trained."""
    nodes = {node["id"]: node for node in analysis.get("tree") or []}
    stages = [node for node in nodes.values() if not node["target"]]
    if not nodes:
        return None
    kept = _select_best_stages(stages, nodes)
    branches = _build_branches(kept, nodes)
    scores = [line.node["score"] for branch in branches for line in branch if line.node["score"] is not None] or [0.0]
    low, high = min(scores), max(scores)
    longest = max((_get_seconds(line.node) for branch in branches for line in branch), default=0.0)
    return Picture(
        name="tree",
        title="The stage tree",
        caption="A disc is a stage, trained on top of its parent. Its area is the seconds of training, its colour the best score "
        "(dev, the search's own seed) of a trial that contains it. On the right: how many trials requested it, and its seconds.",
        legend=build_colour_legend("v", format_score(low), format_score(high), "best score of a trial with the stage")
        if low < high
        else None,
        panels=[
            _build_panel(column, low, high, longest, strip_stage_settings if find_common_settings(analysis) else str)
            for column in _split_into_columns(branches)
        ],
        has_uneven_panels=True,
        tables=[_build_table([line for branch in branches for line in branch])],
        note=f"The best {len(kept)} of {len(stages)} intermediate stages are shown." if len(kept) < len(stages) else "",
    )


def _get_seconds(node: dict[str, Any]) -> float:
    return float(node.get("seconds") or 0.0)


def _select_best_stages(stages: list[dict[str, Any]], nodes: dict[str, dict[str, Any]]) -> set[str]:
    """The stages with the best scores and what they hang from, as many as fit."""
    kept: set[str] = set()
    for node in sorted(stages, key=lambda node: (node["score"] is None, -(node["score"] or 0.0))):
        path: list[str] = []
        at: str | None = node["id"]
        while at in nodes and at not in kept and at not in path:
            path.append(at)
            at = nodes[at]["parent"]
        if len(kept) + len(path) <= MAX_SHOWN:
            kept |= set(path)
    return kept


def _build_branches(kept: set[str], nodes: dict[str, dict[str, Any]]) -> list[list[_StageRow]]:
    """Top-level stages with all below them, best first; the encoder itself with its own targets before them."""
    under: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes.values():
        under[node["parent"] if node["parent"] in nodes else None].append(node)
    scores = [node["score"] for node in under[None] if node["target"] and node["score"] is not None]
    root = {"id": "", "parent": None, "task": "", "words": "the encoder", "seconds": None, "trained": None}
    encoder = root | {"asked": None, "score": max(scores, default=None), "target": False}
    branches = [[_make_stage_row(encoder, 0, None, under[None])]]

    def walk(node: dict[str, Any], depth: int, above: int | None, lines: list[_StageRow]) -> None:
        lines.append(_make_stage_row(node, depth, above, under[node["id"]]))
        place = len(lines) - 1
        for child in _sort_stages(under[node["id"]], kept):
            walk(child, depth + 1, place, lines)

    for top in _sort_stages(under[None], kept):
        lines: list[_StageRow] = []
        walk(top, 1, None, lines)
        branches.append(lines)
    return branches


def _sort_stages(children: list[dict[str, Any]], kept: set[str]) -> list[dict[str, Any]]:
    stages = [node for node in children if node["id"] in kept]
    return sorted(stages, key=lambda node: (node["score"] is None, -(node["score"] or 0.0), node["words"]))


def _make_stage_row(node: dict[str, Any], depth: int, above: int | None, children: list[dict[str, Any]]) -> _StageRow:
    targets = [child for child in children if child["target"]]
    return _StageRow(node, depth, above, len(targets), sum(map(_get_seconds, targets)))


def _split_into_columns(branches: list[list[_StageRow]]) -> list[list[list[_StageRow]]]:
    """Branches in up to three columns of about the same height, none torn apart."""
    total = sum(map(len, branches))
    most = max(12, math.ceil(total / 3))
    columns: list[list[list[_StageRow]]] = [[]]
    for branch in branches:
        if columns[-1] and sum(map(len, columns[-1])) + len(branch) / 2 > most and len(columns) < 3:
            columns.append([])
        columns[-1].append(branch)
    return columns


def _build_panel(
    branches: list[list[_StageRow]], low: float, high: float, longest: float, named: Callable[[str], str]
) -> Panel:
    height = _HEADER_HEIGHT + _ROW_HEIGHT * sum(map(len, branches)) + 4

    def draw(canvas: Canvas) -> None:
        canvas.text(PANEL_WIDTH - 62, 9, "requested", "muted", align="right")
        canvas.text(PANEL_WIDTH - 4, 9, "seconds", "muted", align="right")
        top = float(_HEADER_HEIGHT)
        starts = []
        for branch in branches:
            starts.append(top if branch[0].depth else None)
            _draw_branch(canvas, branch, top, (low, high, longest), named)
            top += _ROW_HEIGHT * len(branch)
        ends = [start for start in starts if start is not None]
        if ends:
            canvas.line(
                [
                    (10, _HEADER_HEIGHT - 4 if branches[0][0].depth else _HEADER_HEIGHT + _ROW_HEIGHT / 2),
                    (10, ends[-1] + _ROW_HEIGHT / 2),
                ],
                "grey",
            )

    names = "; ".join(line.node["words"] for branch in branches for line in branch[:1])
    return Panel(PANEL_WIDTH, height, draw, f"Stages on top of the encoder: {names}")


def _draw_branch(
    canvas: Canvas, lines: list[_StageRow], top: float, scales: tuple[float, float, float], named: Callable[[str], str]
) -> None:
    low, high, longest = scales
    for at, line in enumerate(lines):
        y, x = top + (at + 0.5) * _ROW_HEIGHT, 10 + _INDENT_WIDTH * line.depth
        if line.depth:
            above = top - _ROW_HEIGHT / 2 if line.parent_row is None else top + (line.parent_row + 0.5) * _ROW_HEIGHT
            bend = x - _INDENT_WIDTH
            canvas.line([(bend, y if line.parent_row is None else above), (bend, y), (x, y)], "grey")
        share = math.sqrt(_get_seconds(line.node) / longest) if longest > 0 else 0.0
        radius = max(2.5, _MAX_RADIUS * share)
        canvas.dot(x, y, radius, get_score_level(line.node["score"], low, high) or "paper", "muted")
        _draw_stage_text(canvas, line, x + 14, y, named)


def _draw_stage_text(canvas: Canvas, line: _StageRow, x: float, y: float, named: Callable[[str], str]) -> None:
    """The stage's name, how often it was asked for, its seconds."""
    own = named(line.node["words"].rpartition(" > ")[2])
    name = own + (
        f" and {line.targets} target{'s' * (line.targets > 1)} on it" if line.targets and not line.depth else ""
    )
    canvas.text(x, y, truncate_text(name, PANEL_WIDTH - 96 - x))
    if line.node["asked"] is not None:
        canvas.text(PANEL_WIDTH - 62, y, f"{line.node['asked']:g}×", "muted", align="right")
        canvas.text(PANEL_WIDTH - 4, y, f"{_get_seconds(line.node):.1f}", "muted", align="right")
    elif line.targets:
        canvas.text(PANEL_WIDTH - 4, y, f"{line.target_seconds:.1f}", "muted", align="right")


def _build_table(lines: list[_StageRow]) -> Table:
    head = ["stage", "depth", "seconds", "trained", "requested", "best score", "targets on it", "their seconds"]
    rows = [
        [
            make_text_cell(line.node["words"]),
            make_count_cell(line.depth),
            make_number_cell(line.node["seconds"], 1),
            make_count_cell(line.node["trained"]),
            make_count_cell(line.node["asked"]),
            make_number_cell(line.node["score"]),
            make_count_cell(line.targets),
            make_number_cell(line.target_seconds, 1),
        ]
        for line in lines
    ]
    return Table(head, rows)
