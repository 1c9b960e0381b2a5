"""A drawing as SVG within the page: text stays text, colours follow the page, nothing points outside."""

import re
from io import StringIO
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

from search.report.page._picture import MATPLOTLIB_SETTINGS
from search.report.page._theme import SENTINEL_COLOURS

_COLOUR_NAMES = {colour: name for name, colour in SENTINEL_COLOURS.items()}
_SENTINEL_PATTERN = re.compile(r"#0d[0-9a-f]{2}f0")
_FONT_PATTERN = re.compile(r"font-family:[^;]*;?\s*")
_LONG_NUMBER_PATTERN = re.compile(r"-?\d+\.\d{3,}")
_DROPPED_IF_EMPTY = ("defs", "metadata", "style")
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def render_svg(figure: Figure, name: str, label: str) -> Markup:
    """The figure, drawn in `SENTINEL_COLOURS`, as an ``svg`` element for HTML; the same one gives the same text.

    Args:
        name: of the picture, unique on its page: what is referred to within the drawing carries it.
        label: what the picture shows, for those who cannot see it.
    """
    file = StringIO()
    with matplotlib.rc_context(MATPLOTLIB_SETTINGS | {"svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    root = ElementTree.fromstring(file.getvalue())  # noqa: S314 - matplotlib wrote it just now
    _simplify(root)
    used = set(re.findall(r"#([\w-]+)", " ".join(value for node in root.iter() for value in node.attrib.values())))
    for node in root.iter():
        _rewrite_attributes(node, name, used)
    _unwrap_groups(root)
    width, height = (round(inches * 72) for inches in figure.get_size_inches())
    root.attrib = {
        "width": str(width),
        "height": str(height),
        "viewBox": f"0 0 {width} {height}",
        "role": "img",
        "aria-label": label,
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree has escaped every text


def _simplify(node: ElementTree.Element) -> None:
    """HTML needs no namespaces; matplotlib's style sheet would hold for the whole page."""
    node.tag = node.tag.rpartition("}")[2]
    for child in list(node):
        _simplify(child)
        if child.tag in _DROPPED_IF_EMPTY and not len(child):
            node.remove(child)
    node.tail = None
    if node.tag != "text":
        node.text = None


def _rewrite_attributes(node: ElementTree.Element, name: str, used: set[str]) -> None:
    """Attributes for a page with many drawings, in its colours and fonts, without needless digits."""
    kept = {}
    for key, value in node.attrib.items():
        key = key.rpartition("}")[2]
        if key == "id":
            if value not in used:
                continue
            value = f"{name}-{value}"
        elif key in ("href", "clip-path"):
            value = value.replace("#", f"#{name}-")
        elif key == "style":
            value = _SENTINEL_PATTERN.sub(
                lambda found: f"var(--{_COLOUR_NAMES[found[0]]})", _FONT_PATTERN.sub("", value)
            )
        elif key in ("d", "x", "y", "transform", "width", "height"):
            value = _LONG_NUMBER_PATTERN.sub(lambda found: f"{float(found[0]):.2f}", value)
            if key == "transform" and value.startswith(("rotate(0 ", "rotate(-0 ")):
                continue
        kept[key] = value
    node.attrib = kept


def _unwrap_groups(node: ElementTree.Element) -> None:
    """Take away groups that say nothing: most of what matplotlib writes."""
    children = []
    for child in node:
        _unwrap_groups(child)
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    node[:] = children
