"""The report as one self-contained HTML page, and its pictures as figures.

The page is made from the document of `search.analysis.analyse_results` alone. Text of the document is shown as text, never as HTML.
"""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from search.process import change_to_empty_folder

with change_to_empty_folder():
    import matplotlib  # noqa: F401 - which takes its settings from the working directory, whoever wrote them there

from matplotlib.figure import Figure

from search.home import write_atomically
from search.report.page._picture import Picture, draw_panel, draw_picture
from search.report.page._plain_text import clean_document
from search.report.page._sections import build_sections
from search.report.page._svg import render_svg
from search.report.page._theme import DARK_COLOURS, LIGHT_COLOURS, to_css_variables

VERDICT_BADGES = {
    "separated": (
        "separated",
        "the best finalist is significantly better than every other one on the same seeds (dev)",
    ),
    "tie": ("a tie", "at least one other finalist is not significantly worse than the best on the same seeds (dev)"),
    "unconfirmed": ("unconfirmed", "the best trial was not compared with another finalist on enough fresh seeds"),
}
"""Each verdict's badge and what it means."""


def render_page(analysis: dict[str, Any]) -> str:
    """The page as HTML: no request leaves it, no script is needed to read it; the same analysis gives the same text."""
    document = clean_document(analysis)
    style, script = _build_style_sheet(), _read_asset("page.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["render_panels"] = _render_panels
    environment.tests["picture"] = lambda block: isinstance(block, Picture)
    return environment.from_string(_read_asset("page.html")).render(
        name=document.get("name") or "",
        answer=document.get("answer") or [],
        verdict=VERDICT_BADGES.get(document.get("verdict"), VERDICT_BADGES["unconfirmed"]),
        facts=_list_facts(document),
        sections=build_sections(document),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_hash=_compute_csp_hash(style),
        script_hash=_compute_csp_hash(script),
    )


def write_page(analysis: dict[str, Any], file: Path) -> None:
    """`render_page` into a file, in one step."""
    page = render_page(analysis)
    with write_atomically(file) as aside:
        aside.write_text(page, encoding="utf-8")


def draw_figures(analysis: dict[str, Any]) -> dict[str, Figure]:
    """Every picture of the page on white, by its name (letters and dashes): what has no data has no picture."""
    sections = build_sections(clean_document(analysis))
    pictures = [block for section in sections for block in section.blocks if isinstance(block, Picture)]
    return {picture.name: draw_picture(picture) for picture in pictures}


def _render_panels(picture: Picture) -> list[Markup]:
    """Legend and panels of a picture as SVG."""
    return [
        render_svg(draw_panel(panel), f"{picture.name}-{at}", panel.label)
        for at, panel in enumerate(picture.all_panels)
    ]


def _list_facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts below the answer: name and value."""
    basis, spent = document.get("basis") or {}, document.get("spent") or {}
    seeds = basis.get("seeds") or []
    facts = [
        ("objective", document.get("objective")),
        ("best trial", document.get("best")),
        ("scores on", basis.get("split")),
        ("seeds", ", ".join(map(str, seeds)) if len(seeds) <= 8 else f"{len(seeds)}"),
        ("trials", spent.get("trials")),
        ("languages", len(document.get("families") or {}) or None),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def _build_style_sheet() -> str:
    """The style sheet with the colours of both themes; paper is always light."""
    levels = "".join(
        f".{name}{{--level:var(--{name})}}" for name in LIGHT_COLOURS if name[0] in "dv" and name[1:].isdigit()
    )
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{to_css_variables(DARK_COLOURS)}--soft:58%}}}}"
    return f":root{{{to_css_variables(LIGHT_COLOURS)}--soft:42%}}{dark}\n{levels}\n{_read_asset('page.css')}"


def _read_asset(name: str) -> str:
    return (files("search.report.page") / name).read_text(encoding="utf-8")


def _compute_csp_hash(text: str) -> str:
    """What a Content-Security-Policy names a piece of the page by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
