"""The cost of the search and what shared stages saved: bars."""

from typing import Any

from search.report.page._picture import Picture
from search.report.page._row_panels import build_bar_panel
from search.report.page._tables import Table, make_count_cell, make_number_cell, make_text_cell


def draw_training_cost(analysis: dict[str, Any]) -> Picture | None:
    """Stages and seconds, asked and trained; None before a trial asked for any."""
    spent = analysis.get("spent") or {}
    if not spent.get("stages_asked"):
        return None
    stages, trained = spent["stages_asked"], spent["stages_trained"]
    seconds, paid = spent["seconds_asked"], spent["seconds_trained"]
    rows = [
        ("stages requested", 1.0, f"{stages:g}"),
        ("stages trained", trained / stages, f"{trained:g} ({_format_share(trained, stages)})"),
        ("seconds without shared stages", 1.0, f"{seconds:.0f} s"),
        ("seconds trained", paid / seconds if seconds else 0.0, f"{paid:.0f} s ({_format_share(paid, seconds)})"),
    ]
    table = Table(
        ["", "requested", "trained", "saved"],
        [
            [
                make_text_cell("stages"),
                make_count_cell(stages),
                make_count_cell(trained),
                make_count_cell(stages - trained),
            ],
            [
                make_text_cell("seconds of training"),
                make_number_cell(seconds, 1),
                make_number_cell(paid, 1),
                make_number_cell(seconds - paid, 1),
            ],
        ],
    )
    saved = _format_share(seconds - paid, seconds)
    return Picture(
        name="spent",
        title="Training cost and savings",
        caption="Grey is the cost without shared stages, blue is what was trained. The rest was read from the stage store.",
        panels=[
            build_bar_panel(
                "Training",
                rows,
                lambda at: "gain" if at % 2 else "grey",
                f"{trained:g} of {stages:g} stages trained, {saved} of the seconds saved",
            )
        ],
        tables=[table],
    )


def _format_share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}".replace("%", " %") if whole else "0 %"
