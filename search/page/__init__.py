"""The answer of a search as one page that needs nothing else, and its pictures as figures.

The page is made of `search.analysis.analyse`'s document alone. Whatever text that holds is shown as text.
"""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from search.surroundings import elsewhere

with elsewhere():
    import matplotlib  # noqa: F401 - which takes its settings from the working directory, whoever wrote them there

from matplotlib.figure import Figure

from search.home import written_aside
from search.page.picture import Picture, panel_figure, sheet
from search.page.plain import cleaned
from search.page.sections import sections
from search.page.svg import inline
from search.page.theme import DARK, LIGHT, variables

__all__ = ["pictures", "render", "write"]

VERDICTS = {
    "separated": ("separated", "significantly better than every other finalist on the same seeds (dev)"),
    "tie": ("a tie", "not significantly better than every other finalist on the same seeds (dev)"),
    "unconfirmed": ("unconfirmed", "not compared with another finalist on enough fresh seeds yet"),
}
"""Each verdict's badge and what it means."""


def render(analysis: dict[str, Any]) -> str:
    """The page as HTML: no request leaves it, no script is needed to read it; the same analysis gives the same text."""
    told = cleaned(analysis)
    style, script = _styled(), _asset("page.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["drawn"] = _drawn
    environment.tests["picture"] = lambda block: isinstance(block, Picture)
    return environment.from_string(_asset("page.html")).render(
        name=told.get("name") or "",
        answer=told.get("answer") or [],
        verdict=VERDICTS.get(told.get("verdict"), VERDICTS["unconfirmed"]),
        facts=_facts(told),
        sections=sections(told),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_hash=_hashed(style),
        script_hash=_hashed(script),
    )


def write(analysis: dict[str, Any], file: Path) -> None:
    """`render` into a file, in one step."""
    page = render(analysis)
    with written_aside(file) as aside:
        aside.write_text(page, encoding="utf-8")


def pictures(analysis: dict[str, Any]) -> dict[str, Figure]:
    """Every picture of the page on white, by its name (letters and dashes): what has no data has no picture."""
    told = sections(cleaned(analysis))
    found = [block for section in told for block in section.blocks if isinstance(block, Picture)]
    return {picture.name: sheet(picture) for picture in found}


def _drawn(picture: Picture) -> list[Markup]:
    """Legend and panels of a picture as SVG."""
    return [
        inline(panel_figure(panel), f"{picture.name}-{at}", panel.label) for at, panel in enumerate(picture.drawings)
    ]


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands beside the title."""
    basis, spent = told.get("basis") or {}, told.get("spent") or {}
    seeds = basis.get("seeds") or []
    facts = [
        ("objective", told.get("objective")),
        ("best trial", told.get("best")),
        ("scores on", basis.get("split")),
        ("seeds", ", ".join(map(str, seeds)) if len(seeds) <= 8 else f"{len(seeds)}"),
        ("trials", spent.get("trials")),
        ("languages", len(told.get("families") or {}) or None),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def _styled() -> str:
    """The style sheet with the colours of both themes; paper is always light."""
    levels = "".join(f".{name}{{--level:var(--{name})}}" for name in LIGHT if name[0] in "dv" and name[1:].isdigit())
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(DARK)}--soft:58%}}}}"
    return f":root{{{variables(LIGHT)}--soft:42%}}{dark}\n{levels}\n{_asset('page.css')}"


def _asset(name: str) -> str:
    return (files("search.page") / name).read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    """What a Content-Security-Policy names a piece of the page by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
