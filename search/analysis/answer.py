"""The answer of a search in three sentences: which curriculum, whether order matters, for whom and at what cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.intervals import Interval
from search.told import trial_of

ORDER = ("resource", "precedence", "position")
"""Kinds of effects that are of order alone."""


def sentences(document: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """Three sentences; fewer while there is nothing to say.

    Args:
        document: the analysis but for these.
        results: what it was made from.
    """
    if results["best"] is None:
        return ["No trial has come to its end yet."]
    return [_which(document, results), _order(document["effects"]), f"{_for_whom(document)} {_cost(document['spent'])}"]


def _which(document: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    words = {trial["number"]: str(trial_of(trial)) for trial in results["trials"]}
    best = words[results["best"]]
    head = f"Of {document['spent']['trials']} curricula, {best} (trial {results['best']}) did best"
    objective = results["objective"]["name"]
    if results["confirmed"] is None:
        value = next(trial["value"] for trial in results["trials"] if trial["number"] == results["best"])
        return f"{head}, with {objective} {value:.3f} on one seed: not confirmed, as no finalist was repeated on fresh seeds."
    value = Interval(**results["confirmed"]).within(0.0, 1.0)
    seeds = f"{value.seeds} fresh seed{'s' * (value.seeds > 1)}"
    return f"{head}, with {objective} {value} over {seeds}: {_verdict(results, words)}."


def _verdict(results: Mapping[str, Any], words: Mapping[int, str]) -> str:
    told = results["comparisons"]
    if results["verdict"] == "separated":
        nearest = told[0]
        return f"better than every other finalist, by {Interval(**nearest['difference']).signed()} than the nearest, {words[nearest['other']]}"
    if results["verdict"] == "tie":
        even = [each for each in told if not each["separated"]]
        return f"a tie with {len(even)} of {len(told)} other finalists, the nearest {Interval(**even[0]['difference']).signed()} behind"
    return "not confirmed, for want of another finalist or of seeds"


def _order(effects: Sequence[Mapping[str, Any]]) -> str:
    told = sorted(
        (effect for effect in effects if effect["kind"] in ORDER),
        key=lambda effect: effect["overall"]["p"] if effect["overall"]["p"] is not None else 1.0,
    )
    if not told:
        return "Whether order matters this search does not tell: too few of its curricula have the same tasks in another order."
    found = [effect for effect in told if effect["found"]]
    if found:
        more = f", and {len(found) - 1} more of {len(told)} effects of order" if len(found) > 1 else ""
        if found[0]["method"] == "model":
            return f"Order may matter, by a model of trials on one seed each: {_effect(found[0])}{more}."
        return f"Order matters: {_effect(found[0])}{more}."
    clear, how = told[0], "" if told[0]["method"] == "paired" else " (by a model of trials on one seed each)"
    seen = [
        (each["overall"]["high"] - each["overall"]["low"]) / 2 for each in told if each["overall"]["low"] is not None
    ]
    within = f"; intervals reach {min(seen):.3f} to {max(seen):.3f} to either side" if seen else ""
    return f"No effect of order is told from the noise: of {len(told)} the clearest is {_effect(clear)}{how}{within}."


def _effect(effect: Mapping[str, Any]) -> str:
    p = "" if effect["overall"]["p_holm"] is None else f", p {effect['overall']['p_holm']:.2g} after correction"
    return f"{effect['name']} {effect['overall']['told']}{p}"


def _for_whom(document: Mapping[str, Any]) -> str:
    """Families, by what the best trial gains over none."""
    rows = {row["trial"]: row for row in [*document["curricula"], *document["finalists"]]}
    if rows.get(document["best"], {}).get("condition") == "none":
        return "As no intermediate stage did best, no family gains by one;"
    gains = rows.get(document["best"], {}).get("family_gains", {})
    if not gains:
        return "Which families gain is not known before the best trial and the one without intermediate stages are repeated on fresh seeds:"
    ordered = sorted(gains.items(), key=lambda item: -item[1]["mean"])
    sure = [family for family, gain in ordered if gain["p_holm"] is not None and gain["p_holm"] <= 0.05]
    (most, up), (least, down) = ordered[0], ordered[-1]
    return (
        f"Against no intermediate stage it moves families from {most} {up['told']} to {least} {down['told']} on test, "
        f"{len(sure)} of {len(ordered)} told from the noise{': ' + ', '.join(sure) if sure else ''};"
    )


def _cost(spent: Mapping[str, Any]) -> str:
    asked, trained = spent["seconds_asked"], spent["seconds_trained"]
    saved = f", {1 - trained / asked:.0%} less than without sharing stages" if asked > 0 else ""
    return f"the search trained {spent['stages_trained']} of {spent['stages_asked']} stages it asked for in {trained:.0f} s{saved}."
