"""The stage tree: which stages were trained, on top of which, what they cost and how good the trials through them are."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search.page.canvas import Canvas, fitted
from search.page.order import common_recipe, short
from search.page.picture import MOST, WIDTH, Panel, Picture
from search.page.rows import ramp
from search.page.tables import Table, count, figure, told, words
from search.page.theme import score_level

_ROW, _HEAD, _INDENT, _LARGEST = 23, 22, 18, 9.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A stage in its place: how deep, under which line, and the targets that were trained right on top of it."""

    node: dict[str, Any]
    depth: int
    above: int | None
    targets: int
    target_seconds: float


def picture(analysis: dict[str, Any]) -> Picture | None:
    """Stages as an indented tree, best branches first; None before a stage was trained."""
    nodes = {node["id"]: node for node in analysis.get("tree") or []}
    stages = [node for node in nodes.values() if not node["target"]]
    if not nodes:
        return None
    kept = _best(stages, nodes)
    branches = _branches(kept, nodes)
    scores = [line.node["score"] for branch in branches for line in branch if line.node["score"] is not None] or [0.0]
    low, high = min(scores), max(scores)
    longest = max((_seconds(line.node) for branch in branches for line in branch), default=0.0)
    return Picture(
        name="tree",
        title="The stage tree",
        caption="Each disc is a training run on top of the one it hangs from: its area is the seconds of training, its colour the best score "
        "(dev, the search's own seed) of a trial through it; on the right, how many trials asked for it, and the seconds.",
        legend=ramp("v", told(low), told(high), "best score of a trial through the stage") if low < high else None,
        panels=[
            _panel(column, low, high, longest, short if common_recipe(analysis) else str)
            for column in _columns(branches)
        ],
        uneven=True,
        tables=[_table([line for branch in branches for line in branch])],
        note=f"The best {len(kept)} of {len(stages)} intermediate stages are shown." if len(kept) < len(stages) else "",
    )


def _seconds(node: dict[str, Any]) -> float:
    return float(node.get("seconds") or 0.0)


def _best(stages: list[dict[str, Any]], nodes: dict[str, dict[str, Any]]) -> set[str]:
    """The stages with the best scores and what they hang from, as many as fit."""
    kept: set[str] = set()
    for node in sorted(stages, key=lambda node: (node["score"] is None, -(node["score"] or 0.0))):
        path: list[str] = []
        at: str | None = node["id"]
        while at in nodes and at not in kept and at not in path:
            path.append(at)
            at = nodes[at]["parent"]
        if len(kept) + len(path) <= MOST:
            kept |= set(path)
    return kept


def _branches(kept: set[str], nodes: dict[str, dict[str, Any]]) -> list[list[_Line]]:
    """Top-level stages with all below them, best first; the encoder itself with its own targets before them."""
    under: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes.values():
        under[node["parent"] if node["parent"] in nodes else None].append(node)
    scores = [node["score"] for node in under[None] if node["target"] and node["score"] is not None]
    root = {"id": "", "parent": None, "task": "", "words": "the encoder", "seconds": None, "trained": None}
    encoder = root | {"asked": None, "score": max(scores, default=None), "target": False}
    branches = [[_line(encoder, 0, None, under[None])]]

    def walk(node: dict[str, Any], depth: int, above: int | None, lines: list[_Line]) -> None:
        lines.append(_line(node, depth, above, under[node["id"]]))
        place = len(lines) - 1
        for child in _ordered(under[node["id"]], kept):
            walk(child, depth + 1, place, lines)

    for top in _ordered(under[None], kept):
        lines: list[_Line] = []
        walk(top, 1, None, lines)
        branches.append(lines)
    return branches


def _ordered(children: list[dict[str, Any]], kept: set[str]) -> list[dict[str, Any]]:
    stages = [node for node in children if node["id"] in kept]
    return sorted(stages, key=lambda node: (node["score"] is None, -(node["score"] or 0.0), node["words"]))


def _line(node: dict[str, Any], depth: int, above: int | None, children: list[dict[str, Any]]) -> _Line:
    targets = [child for child in children if child["target"]]
    return _Line(node, depth, above, len(targets), sum(map(_seconds, targets)))


def _columns(branches: list[list[_Line]]) -> list[list[list[_Line]]]:
    """Branches in up to three columns of about the same height, none torn apart."""
    total = sum(map(len, branches))
    most = max(12, math.ceil(total / 3))
    columns: list[list[list[_Line]]] = [[]]
    for branch in branches:
        if columns[-1] and sum(map(len, columns[-1])) + len(branch) / 2 > most and len(columns) < 3:
            columns.append([])
        columns[-1].append(branch)
    return columns


def _panel(branches: list[list[_Line]], low: float, high: float, longest: float, named: Callable[[str], str]) -> Panel:
    height = _HEAD + _ROW * sum(map(len, branches)) + 4

    def draw(canvas: Canvas) -> None:
        canvas.text(WIDTH - 62, 9, "asked", "muted", align="right")
        canvas.text(WIDTH - 4, 9, "seconds", "muted", align="right")
        top = float(_HEAD)
        starts = []
        for branch in branches:
            starts.append(top if branch[0].depth else None)
            _draw_branch(canvas, branch, top, (low, high, longest), named)
            top += _ROW * len(branch)
        ends = [start for start in starts if start is not None]
        if ends:
            canvas.line(
                [(10, _HEAD - 4 if branches[0][0].depth else _HEAD + _ROW / 2), (10, ends[-1] + _ROW / 2)], "grey"
            )

    names = "; ".join(line.node["words"] for branch in branches for line in branch[:1])
    return Panel(WIDTH, height, draw, f"Stages on top of the encoder: {names}")


def _draw_branch(
    canvas: Canvas, lines: list[_Line], top: float, scales: tuple[float, float, float], named: Callable[[str], str]
) -> None:
    low, high, longest = scales
    for at, line in enumerate(lines):
        y, x = top + (at + 0.5) * _ROW, 10 + _INDENT * line.depth
        if line.depth:
            above = top - _ROW / 2 if line.above is None else top + (line.above + 0.5) * _ROW
            bend = x - _INDENT
            canvas.line([(bend, y if line.above is None else above), (bend, y), (x, y)], "grey")
        share = math.sqrt(_seconds(line.node) / longest) if longest > 0 else 0.0
        radius = max(2.5, _LARGEST * share)
        canvas.dot(x, y, radius, score_level(line.node["score"], low, high) or "paper", "muted")
        _tell(canvas, line, x + 14, y, named)


def _tell(canvas: Canvas, line: _Line, x: float, y: float, named: Callable[[str], str]) -> None:
    """The stage's name, how often it was asked for, its seconds."""
    own = named(line.node["words"].rpartition(" > ")[2])
    name = own + (f" and {line.targets} targets on it" if line.targets and not line.depth else "")
    canvas.text(x, y, fitted(name, WIDTH - 96 - x))
    if line.node["asked"] is not None:
        canvas.text(WIDTH - 62, y, f"{line.node['asked']:g}×", "muted", align="right")
        canvas.text(WIDTH - 4, y, f"{_seconds(line.node):.1f}", "muted", align="right")
    elif line.targets:
        canvas.text(WIDTH - 4, y, f"{line.target_seconds:.1f}", "muted", align="right")


def _table(lines: list[_Line]) -> Table:
    head = ["stage", "depth", "seconds", "trained", "asked", "best score", "targets on it", "their seconds"]
    rows = [
        [
            words(line.node["words"]),
            count(line.depth),
            figure(line.node["seconds"], 1),
            count(line.node["trained"]),
            count(line.node["asked"]),
            figure(line.node["score"]),
            count(line.targets),
            figure(line.target_seconds, 1),
        ]
        for line in lines
    ]
    return Table(head, rows)
