"""The picture of the rooms: packages and public modules of `search` and `trainables` by level of imports, each with its docstring."""

import ast
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
HALLS = ("search", "trainables")
WIDTH, ACROSS, BOX, GAP, LINE, LETTERS = 1180, 5, 212, 16, 15, 30
"""Of the picture, in pixels: its width, boxes beside each other, width of a box, between boxes, height of a line; letters in a line."""
COLOURS = {"search": ("#eef2ff", "#4253b5"), "trainables": ("#eefaf3", "#23794b")}


@dataclass(slots=True)
class Room:
    """A package or a public module directly below a hall."""

    hall: str
    name: str
    about: str
    imports: set[str] = field(default_factory=set)
    """Names of other rooms of the hall."""

    @property
    def title(self) -> str:
        """The name, of a module with its ending."""
        return self.name if (ROOT / self.hall / self.name).is_dir() else f"{self.name}.py"


def rooms() -> dict[str, dict[str, Room]]:
    """By hall and name, the packages and public modules that the tree has."""
    found = {hall: {name: Room(hall, name, _about(place)) for name, place in _places(hall)} for hall in HALLS}
    for hall, its in found.items():
        for name, place in _places(hall):
            its[name].imports = _imported(place, hall) & its.keys() - {name}
    return found


def levels(its: dict[str, Room]) -> list[list[Room]]:
    """The rooms of a hall from the highest level down; a room is above all that it imports."""
    heights: dict[str, int] = {}

    def height(name: str, above: tuple[str, ...] = ()) -> int:
        if name not in heights:
            below = [
                other for other in sorted(its[name].imports) if other not in above
            ]  # a circle is cut where it closes
            heights[name] = 1 + max((height(other, (*above, name)) for other in below), default=-1)
        return heights[name]

    for name in sorted(its):
        height(name)
    return [
        [its[name] for name in sorted(its) if heights[name] == level]
        for level in sorted(set(heights.values()), reverse=True)
    ]


def _places(hall: str) -> Iterator[tuple[str, Path]]:
    """Packages by their name, public modules by theirs, and where they are."""
    for place in sorted((ROOT / hall).iterdir()):
        if (place / "__init__.py").exists() or (place.suffix == ".py" and not place.name.startswith("_")):
            yield place.stem, place


def _about(place: Path) -> str:
    file = place / "__init__.py" if place.is_dir() else place
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return told.split("\n\n")[0].replace("\n", " ").replace("``", "").replace("`", "")


def _imported(place: Path, hall: str) -> set[str]:
    """Rooms of the hall that a package's or module's code imports, for types and within functions too."""
    found = set()
    for file in place.rglob("*.py") if place.is_dir() else [place]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            if isinstance(node, ast.ImportFrom) and node.module == hall:
                names += [f"{hall}.{alias.name}" for alias in node.names]
            found |= {name.split(".")[1] for name in names if name.startswith(f"{hall}.")}
    return found


def picture() -> str:
    """The picture as SVG."""
    parts, y = [], 14
    for hall, its in rooms().items():
        drawn, y = _hall(hall, levels(its), y)
        parts += [*drawn, ""]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" font-family="system-ui, sans-serif">\n'
        "<title>The packages and modules of search and trainables; imports go from a higher row to a lower one only</title>\n"
        f'<rect width="{WIDTH}" height="{y}" rx="8" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def _hall(hall: str, rows: list[list[Room]], y: int) -> tuple[list[str], int]:
    fill, ink = COLOURS[hall]
    parts, top = [_text(28, y + 24, f"{hall}/", 18, ink, bold=True)], y
    y += 40
    for row in rows:
        for begin in range(0, len(row), ACROSS):
            group = row[begin : begin + ACROSS]
            height = max(30 + LINE * len(_wrapped(room)) for room in group)
            left = (WIDTH - len(group) * (BOX + GAP) + GAP) // 2
            for place, room in enumerate(group):
                parts += _box(room, left + place * (BOX + GAP), y, height, ink)
            y += height + GAP
    frame = f'<rect x="12" y="{top}" width="{WIDTH - 24}" height="{y - top}" rx="8" fill="{fill}" stroke="{ink}"/>'
    return [frame, *parts], y + 14


def _box(room: Room, x: int, y: int, height: int, ink: str) -> Iterable[str]:
    yield f'<rect x="{x}" y="{y}" width="{BOX}" height="{height}" rx="6" fill="#ffffff" stroke="{ink}"/>'
    yield _text(x + 10, y + 20, room.title, 14, ink, bold=True)
    for number, line in enumerate(_wrapped(room)):
        yield _text(x + 10, y + 37 + LINE * number, line, 12, "#333333")


def _wrapped(room: Room) -> list[str]:
    return textwrap.wrap(room.about, LETTERS)


def _text(x: int, y: int, words: str, size: int, ink: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{ink}">{escape(words)}</text>'
