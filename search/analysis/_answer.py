"""The answer of a search in words: the best curriculum, whether order matters, gains by family, cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.analysis._results_reader import read_trial
from search.statistics import Interval
from trainables.languages import LanguageRules

UNKNOWN_PRETRAINING = (
    "It is not known which languages the encoder was pre-trained on: all but the source language count."
)
ORDER_EFFECT_KINDS = ("resource", "precedence", "position")
"""Kinds of effects that concern order alone."""


def compose_answer(document: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """The answer in three sentences: best curriculum, order, families and cost; one sentence before a trial is complete. A fourth where it
    is not known what the encoder was pre-trained on.

    Args:
        document: the analysis without its answer.
        results: the document of ``results.json`` that it was made from.
    """
    if results["best"] is None:
        return ["No trial is complete yet."]
    return [
        _describe_best(document, results),
        _describe_order(document["effects"]),
        f"{_describe_families(document)} {_describe_cost(document['spent'])}",
        *(() if LanguageRules.from_json(results.get("languages")).knows_pretraining else (UNKNOWN_PRETRAINING,)),
    ]


def _describe_best(document: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    words = {trial["number"]: str(read_trial(trial)) for trial in results["trials"]}
    best = words[results["best"]]
    head = f"Of {document['spent']['trials']} curricula, {best} (trial {results['best']}) scored best"
    objective = results["objective"]["name"]
    if results["confirmed"] is None:
        value = next(trial["value"] for trial in results["trials"] if trial["number"] == results["best"])
        return f"{head}, with {objective} {value:.3f} on dev, one seed. This is unconfirmed: no finalist was repeated on fresh seeds."
    value = _read_interval(results["confirmed"])
    seeds = f"on dev over {value.seeds} fresh seed{'s' * (value.seeds > 1)}"
    return (
        f"{head}, with {objective} {value} {seeds}{_describe_correction(results)}. {_describe_verdict(results, words)}."
    )


def _read_interval(estimate: Mapping[str, Any]) -> Interval:
    return Interval(estimate["mean"], estimate["low"], estimate["high"], estimate["seeds"])


def _describe_correction(results: Mapping[str, Any]) -> str:
    """The measured mean, where the value corrects it for the choice of the best."""
    raw, finalists = results["confirmed"].get("raw"), len(results["comparisons"]) + 1
    if raw is None or results["confirmed"]["low"] is None or finalists < 2:
        return ""
    return f" (measured {raw:.3f}, corrected for being the highest of {finalists} finalists)"


def _describe_verdict(results: Mapping[str, Any], words: Mapping[int, str]) -> str:
    comparisons = results["comparisons"]
    if results["verdict"] == "separated":
        nearest = comparisons[0]
        by = f"{_read_interval(nearest['difference']).format_signed()} on dev"
        return f"It is significantly better than every other finalist; the difference to the nearest, {words[nearest['other']]}, is {by}{_describe_simultaneous_intervals(comparisons)}"
    if results["verdict"] == "tie":
        even = [each for each in comparisons if not each["separated"]]
        by = f"{_read_interval(even[0]['difference']).format_signed()} on dev"
        return f"The verdict is a tie: {_count_even(len(even), len(comparisons))} not significantly worse; the difference to the nearest is {by}{_describe_simultaneous_intervals(comparisons)}"
    return "This is unconfirmed: a verdict needs another finalist and at least two fresh seeds of every finalist"


def _count_even(even: int, others: int) -> str:
    """How many of the other finalists are not significantly worse, as the subject of a sentence."""
    if others == 1:
        return "the one other finalist is"
    return f"{even} of {others} other finalists {'is' if even == 1 else 'are'}"


def _describe_simultaneous_intervals(comparisons: Sequence[Mapping[str, Any]]) -> str:
    return f" (simultaneous 95 % intervals for {len(comparisons)} comparisons)" if len(comparisons) > 1 else ""


def _describe_order(effects: Sequence[Mapping[str, Any]]) -> str:
    order_effects = sorted(
        (effect for effect in effects if effect["kind"] in ORDER_EFFECT_KINDS),
        key=lambda effect: effect["overall"]["p"] if effect["overall"]["p"] is not None else 1.0,
    )
    if not order_effects:
        return "This search cannot tell whether order matters: too few of its curricula have the same tasks in another order."
    significant = [effect for effect in order_effects if effect["found"]]
    tests = sum(effect["overall"]["p"] is not None for effect in effects)
    if significant:
        more = (
            f"; {len(significant) - 1} more of {len(order_effects)} effects of order {'is' if len(significant) == 2 else 'are'} significant"
            if len(significant) > 1
            else ""
        )
        more += f" (Holm-corrected, {tests} tests)"
        if significant[0]["method"] == "model":
            return f"Order may matter, by regression over trials on one seed each: {_describe_effect(significant[0])}{more}."
        return f"Order matters significantly: {_describe_effect(significant[0])}{more}."
    how = "" if order_effects[0]["method"] == "paired" else ", by regression over trials on one seed each"
    seen = [
        (each["overall"]["high"] - each["overall"]["low"]) / 2
        for each in order_effects
        if each["overall"]["low"] is not None
    ]
    within = (
        f". Half-widths of their 95 % intervals, without correction, are {min(seen):.3f} to {max(seen):.3f}"
        if seen
        else ""
    )
    return f"No effect of order is significant (Holm-corrected, {tests} tests). The one of {len(order_effects)} with the smallest p-value is {_describe_effect(order_effects[0])}{how}{within}."


def _describe_effect(effect: Mapping[str, Any]) -> str:
    p = "" if effect["overall"]["p_holm"] is None else f" (p = {effect['overall']['p_holm']:.2g} after correction)"
    return f"{effect['name']} {effect['overall']['told']} on {effect['split']}{p}"


def _describe_families(document: Mapping[str, Any]) -> str:
    """The gains of the best trial over no curriculum by family."""
    rows = {row["trial"]: row for row in [*document["curricula"], *document["finalists"]]}
    if rows.get(document["best"], {}).get("condition") == "none":
        return "The best trial has no intermediate stage, so no family gains from one."
    gains = rows.get(document["best"], {}).get("family_gains", {})
    if not gains:
        return "Gains by family are not known: they need the best trial and the trial without intermediate stages on fresh seeds."
    ordered = sorted(gains.items(), key=lambda item: -item[1]["mean"])
    tested = [gain for row in document["finalists"] for gain in row["family_gains"].values() if gain["p"] is not None]
    sure = [family for family, gain in ordered if gain["p_max"] is not None and gain["p_max"] <= 0.05]
    (most, up), (least, down) = ordered[0], ordered[-1]
    said = (
        f"{len(sure)} of {len(gains)} families differ significantly: {', '.join(sure)}"
        if sure
        else "No family differs significantly"
    )
    return (
        f"Gains over no curriculum on test range from {_describe_gain(up)} ({most}) to {_describe_gain(down)} ({least}). "
        f"{said} (max-t correction of tests and intervals, {len(tested)} tests)."
    )


def _describe_gain(gain: Mapping[str, Any]) -> str:
    """The measured gain and the one shrunk to the mean of families, as extremes of many are too far out."""
    return gain["told"] if gain.get("shrunk") is None else f"{gain['told']}, shrunk {gain['shrunk']:+.3f}"


def _describe_cost(spent: Mapping[str, Any]) -> str:
    requested, trained = spent["seconds_asked"], spent["seconds_trained"]
    saved = f", {1 - trained / requested:.0%} less than without shared stages" if requested > 0 else ""
    return f"The search trained {spent['stages_trained']} of {spent['stages_asked']} requested stages in {trained:.0f} s{saved}."
