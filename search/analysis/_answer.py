"""The answer of a search in three sentences: which curriculum, whether order matters, for whom and at what cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.analysis._results_reader import read_trial
from search.statistics import Interval

ORDER_EFFECT_KINDS = ("resource", "precedence", "position")
"""Kinds of effects that are of order alone."""


def compose_answer(document: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """Three sentences; fewer while there is nothing to say.

    Args:
        document: the analysis but for these.
        results: what it was made from.
    """
    if results["best"] is None:
        return ["No trial has come to its end yet."]
    return [
        _describe_best(document, results),
        _describe_order(document["effects"]),
        f"{_describe_families(document)} {_describe_cost(document['spent'])}",
    ]


def _describe_best(document: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    words = {trial["number"]: str(read_trial(trial)) for trial in results["trials"]}
    best = words[results["best"]]
    head = f"Of {document['spent']['trials']} curricula, {best} (trial {results['best']}) did best"
    objective = results["objective"]["name"]
    if results["confirmed"] is None:
        value = next(trial["value"] for trial in results["trials"] if trial["number"] == results["best"])
        return f"{head}, with {objective} {value:.3f} on one seed: not confirmed, as no finalist was repeated on fresh seeds."
    value = _read_interval(results["confirmed"])
    seeds = f"on dev over {value.seeds} fresh seed{'s' * (value.seeds > 1)}"
    return (
        f"{head}, with {objective} {value} {seeds}{_describe_correction(results)}: {_describe_verdict(results, words)}."
    )


def _read_interval(told: Mapping[str, Any]) -> Interval:
    return Interval(told["mean"], told["low"], told["high"], told["seeds"])


def _describe_correction(results: Mapping[str, Any]) -> str:
    """What the value corrects, where it was corrected."""
    raw, finalists = results["confirmed"].get("raw"), len(results["comparisons"]) + 1
    if raw is None or results["confirmed"]["low"] is None or finalists < 2:
        return ""
    return f" (measured {raw:.3f}, corrected for being the highest of {finalists} finalists)"


def _describe_verdict(results: Mapping[str, Any], words: Mapping[int, str]) -> str:
    told = results["comparisons"]
    if results["verdict"] == "separated":
        nearest = told[0]
        by = f"{_read_interval(nearest['difference']).signed()} on dev"
        return f"better than every other finalist, by {by} than the nearest, {words[nearest['other']]}{_describe_simultaneous_intervals(told)}"
    if results["verdict"] == "tie":
        even = [each for each in told if not each["separated"]]
        by = f"{_read_interval(even[0]['difference']).signed()} on dev"
        return f"a tie: {len(even)} of {len(told)} other finalists are not significantly worse, the nearest is {by} behind{_describe_simultaneous_intervals(told)}"
    return "not confirmed, for want of another finalist or of seeds"


def _describe_simultaneous_intervals(told: Sequence[Mapping[str, Any]]) -> str:
    return f" (95 % intervals for all {len(told)} comparisons together)" if len(told) > 1 else ""


def _describe_order(effects: Sequence[Mapping[str, Any]]) -> str:
    told = sorted(
        (effect for effect in effects if effect["kind"] in ORDER_EFFECT_KINDS),
        key=lambda effect: effect["overall"]["p"] if effect["overall"]["p"] is not None else 1.0,
    )
    if not told:
        return "Whether order matters this search does not tell: too few of its curricula have the same tasks in another order."
    found = [effect for effect in told if effect["found"]]
    tests = sum(effect["overall"]["p"] is not None for effect in effects)
    if found:
        more = (
            f"; so {'is' if len(found) == 2 else 'are'} {len(found) - 1} more of {len(told)} effects of order"
            if len(found) > 1
            else ""
        )
        more += f" (significant after Holm's correction for {tests} tests)"
        if found[0]["method"] == "model":
            return f"Order may matter, by a model of trials on one seed each: {_describe_effect(found[0])}{more}."
        return f"Order matters: {_describe_effect(found[0])}{more}."
    how = "" if told[0]["method"] == "paired" else ", by a model of trials on one seed each"
    seen = [
        (each["overall"]["high"] - each["overall"]["low"]) / 2 for each in told if each["overall"]["low"] is not None
    ]
    within = f"; 95 % intervals, uncorrected, reach {min(seen):.3f} to {max(seen):.3f} to either side" if seen else ""
    return f"No effect of order is significant (Holm-corrected, {tests} tests): of {len(told)} the clearest is {_describe_effect(told[0])}{how}{within}."


def _describe_effect(effect: Mapping[str, Any]) -> str:
    p = "" if effect["overall"]["p_holm"] is None else f", p {effect['overall']['p_holm']:.2g} after correction"
    return f"{effect['name']} {effect['overall']['told']} on {effect['split']}{p}"


def _describe_families(document: Mapping[str, Any]) -> str:
    """Families, by what the best trial gains over none."""
    rows = {row["trial"]: row for row in [*document["curricula"], *document["finalists"]]}
    if rows.get(document["best"], {}).get("condition") == "none":
        return "As no intermediate stage did best, no family gains by one;"
    gains = rows.get(document["best"], {}).get("family_gains", {})
    if not gains:
        return "Which families gain is not known before the best trial and the one without intermediate stages are repeated on fresh seeds:"
    ordered = sorted(gains.items(), key=lambda item: -item[1]["mean"])
    tested = [gain for row in document["finalists"] for gain in row["family_gains"].values() if gain["p"] is not None]
    sure = [family for family, gain in ordered if gain["p_max"] is not None and gain["p_max"] <= 0.05]
    (most, up), (least, down) = ordered[0], ordered[-1]
    said = f"{', '.join(sure)} significantly" if sure else "no family significantly"
    return (
        f"Against no intermediate stage it moves families from {most} {_describe_gain(up)} to {least} {_describe_gain(down)} on test, "
        f"{said} ({len(tested)} tests, corrected together by max-t, intervals too);"
    )


def _describe_gain(gain: Mapping[str, Any]) -> str:
    """As measured, and, as the extremes of many, drawn towards their mean."""
    return (
        gain["told"]
        if gain.get("shrunk") is None
        else f"{gain['told']} (shrunk to the mean of families {gain['shrunk']:+.3f})"
    )


def _describe_cost(spent: Mapping[str, Any]) -> str:
    asked, trained = spent["seconds_asked"], spent["seconds_trained"]
    saved = f", {1 - trained / asked:.0%} less than without sharing stages" if asked > 0 else ""
    return f"the search trained {spent['stages_trained']} of {spent['stages_asked']} stages it asked for in {trained:.0f} s{saved}."
