"""Colours of the page and its pictures: one set of names, values for light and dark, CSS variables between them."""

from collections.abc import Mapping

import matplotlib

RAMP_LEVELS = 21
"""Levels of a colour ramp; the middle one is zero in the ramp of gains."""

_LIGHT_BASE = {
    "paper": "#ffffff",
    "raised": "#f6f6f2",
    "ink": "#1d1e20",
    "muted": "#595d63",
    "grey": "#95989d",
    "faint": "#dededa",
    "gain": "#0072b2",
    "loss": "#c25200",
    "good": "#00664b",
}
_DARK_BASE = {
    "paper": "#141619",
    "raised": "#1d2024",
    "ink": "#e7e5e0",
    "muted": "#a6aab1",
    "grey": "#7d8289",
    "faint": "#353940",
    "gain": "#5cb3ea",
    "loss": "#f08c3c",
    "good": "#3ec8a0",
}
_ZERO_COLOURS = {"light": "#f1f0ec", "dark": "#2a2d32"}
"""The colour of a gain of zero: close to the paper, but visible."""


def _mix_colours(start: str, end: str, share: float) -> str:
    """Linear interpolation of two colours in sRGB."""
    pairs = [(int(start[at : at + 2], 16), int(end[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)


def _add_ramps(plain: dict[str, str], middle: str) -> dict[str, str]:
    """The two ramps: d0 to d20 from loss over zero to gain, v0 to v20 viridis from low to high."""
    half = RAMP_LEVELS // 2
    down = {f"d{level}": _mix_colours(plain["loss"], middle, level / half) for level in range(half)}
    up = {f"d{level}": _mix_colours(middle, plain["gain"], (level - half) / half) for level in range(half, RAMP_LEVELS)}
    viridis = matplotlib.colormaps["viridis"]
    scores = {
        f"v{level}": matplotlib.colors.to_hex(viridis(0.06 + 0.92 * level / (RAMP_LEVELS - 1)))
        for level in range(RAMP_LEVELS)
    }
    return {**plain, **down, **up, **scores}


LIGHT_COLOURS: Mapping[str, str] = _add_ramps(_LIGHT_BASE, _ZERO_COLOURS["light"])
"""Name -> colour on white: the pages by day, print, and pictures as files. After Okabe and Ito (2008) and viridis."""
DARK_COLOURS: Mapping[str, str] = _add_ramps(_DARK_BASE, _ZERO_COLOURS["dark"])
"""The same names on a dark ground."""
SENTINEL_COLOURS: Mapping[str, str] = {name: f"#0d{place:02x}f0" for place, name in enumerate(LIGHT_COLOURS)}
"""Name -> a colour that stands for it in a drawing, until `search.report.page._svg` puts the CSS variable in its place."""


def to_css_variables(colours: Mapping[str, str]) -> str:
    """The colours as declarations of CSS variables."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def get_gain_level(gain: float | None, widest: float) -> str | None:
    """The name of the colour for a gain, where `widest` is the largest absolute gain shown; None without a gain."""
    if gain is None:
        return None
    half = RAMP_LEVELS // 2
    share = max(-1.0, min(1.0, gain / widest)) if widest > 0 else 0.0
    return f"d{half + round(share * half)}"


def get_score_level(score: float | None, low: float, high: float) -> str | None:
    """The name of the colour for a score between the lowest and the highest that are shown; None without a score."""
    if score is None:
        return None
    share = (score - low) / (high - low) if high > low else 0.5
    return f"v{round(max(0.0, min(1.0, share)) * (RAMP_LEVELS - 1))}"
