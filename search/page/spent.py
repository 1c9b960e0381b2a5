"""What the search spent and saved, and what mattered: bars."""

from typing import Any

from search.page.canvas import number
from search.page.picture import MOST, Picture
from search.page.rows import bars
from search.page.tables import Table, count, figure, words


def spent(analysis: dict[str, Any]) -> Picture | None:
    """Stages and seconds, asked and trained; None before a trial asked for any."""
    told = analysis.get("spent") or {}
    if not told.get("stages_asked"):
        return None
    stages, trained = told["stages_asked"], told["stages_trained"]
    seconds, paid = told["seconds_asked"], told["seconds_trained"]
    rows = [
        ("stages asked for", 1.0, f"{stages:g}"),
        ("stages trained", trained / stages, f"{trained:g} ({_share(trained, stages)})"),
        ("seconds asked for", 1.0, f"{seconds:.0f} s"),
        ("seconds trained", paid / seconds if seconds else 0.0, f"{paid:.0f} s ({_share(paid, seconds)})"),
    ]
    table = Table(
        ["", "asked", "trained", "saved"],
        [
            [words("stages"), count(stages), count(trained), count(stages - trained)],
            [words("seconds of training"), figure(seconds, 1), figure(paid, 1), figure(seconds - paid, 1)],
        ],
    )
    saved = _share(seconds - paid, seconds)
    return Picture(
        name="spent",
        title="What the search spent and saved",
        caption="Grey is what the trials would have cost one by one, blue what was trained: the rest was read from the stage tree.",
        panels=[
            bars(
                "Training",
                rows,
                lambda at: "gain" if at % 2 else "grey",
                f"{trained:g} of {stages:g} stages trained, {saved} of the seconds saved",
            )
        ],
        tables=[table],
    )


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}".replace("%", " %") if whole else "0 %"


def importance(analysis: dict[str, Any]) -> Picture | None:
    """Shares of parameters in what separates good trials from others; None with too few trials."""
    rows = [row for row in analysis.get("importance") or [] if row["importance"] is not None]
    shown = rows[:MOST]
    if not shown:
        return None
    return Picture(
        name="importance",
        title="What mattered",
        caption="The longer a bar, the more a parameter tells good trials from the rest (PED-ANOVA; Watanabe et al., 2023): association "
        "within this search's trials, not cause. What stands in grey is no more than where values are shuffled.",
        panels=[
            bars(
                "Importance",
                [(row["parameter"], row["importance"], number(row["importance"])) for row in shown],
                lambda at: "gain" if shown[at].get("above_chance", True) else "grey",
                "Importance: " + ", ".join(f"{row['parameter']} {number(row['importance'])}" for row in shown[:6]),
            )
        ],
        tables=[
            Table(
                ["parameter", "importance", "by chance"],
                [[words(row["parameter"]), figure(row["importance"]), figure(row.get("chance"))] for row in shown],
            )
        ],
        note=f"The first {MOST} of {len(rows)} parameters are shown." if len(rows) > MOST else "",
    )
