"""The analysis of a search: everything that a page, a terminal or a notebook tells, from ``results.json`` alone."""

from collections.abc import Mapping
from typing import Any

from search.analysis._answer import compose_answer
from search.analysis._arms import ScoreArray, collect_repeated_scores, collect_single_scores
from search.analysis._curricula import analyse_conditions, analyse_curricula
from search.analysis._effects import estimate_effects
from search.analysis._environments import describe_mixed_environments
from search.analysis._forgetting import analyse_forgetting
from search.analysis._importance import analyse_importance
from search.analysis._noise import analyse_noise
from search.analysis._regression import REGRESSION_ASSUMPTIONS
from search.analysis._results_reader import list_failures
from search.analysis._selection_rules import analyse_selection_rules
from search.analysis._stage_tree import (
    describe_pareto_front,
    list_learning_curves,
    summarise_cost,
    summarise_stage_tree,
)
from trainables.languages import LANGUAGES

GENERAL_ASSUMPTIONS = (
    "Transfer is the mean over targets of the mean over families of the main metric; English, in which everything is trained, and languages that "
    "the encoder was not pre-trained on stand apart.",
    "Intervals of differences are 95 %, by a model with random effects of seeds and of families (over all) or languages (within a family), Student's t for "
    "each: they speak for other seeds and other languages of the kind, and are never narrower than what is left, seed by unit, allows. Intervals of scores are Student's over seeds.",
    "Intervals of effects are 95 % each, not corrected for their number. Intervals of gains over no curriculum hold for all gains of their table together (Bonferroni "
    "with Holm's tests; of families max-t), whichever curriculum is chosen. The best one's score is lower than measured by what being the highest of the finalists adds by chance.",
    "Effects marked 'paired' compare trials that differ in one thing alone, on the same seeds and languages. Mixed tasks take as many steps together as one task alone, so "
    "that tasks in turn have more steps than either: what they gain may be the steps'.",
    "An effect is significant if its p-value stays below 0.05 after Holm's correction for every effect of the table; families likewise, for every family of every "
    "effect, or of every curriculum. An effect that is not significant may be there all the same.",
    "The items of a language are the same for every seed and are not drawn again: intervals do not speak for other items.",
)


def analyse_results(results: Mapping[str, Any]) -> dict[str, Any]:
    """What a search found, as JSON's own types.

    Args:
        results: the document of ``results.json``.
    """
    repeated, single = (
        _require_transfer(collect_repeated_scores(results)),
        _require_transfer(collect_single_scores(results)),
    )
    wide = repeated if repeated is not None and _are_most_repeated(repeated, single) else single
    found = estimate_effects(repeated, single)
    values = [trial["value"] for trial in results["trials"] if trial["state"] == "complete" and trial["targets"]]
    document: dict[str, Any] = {
        "name": results["name"],
        "objective": results["objective"]["name"],
        "verdict": results["verdict"],
        "best": results["best"],
        "basis": _describe_basis(wide),
        "curricula": analyse_curricula(wide) if wide else [],
        "finalists": analyse_curricula(repeated) if repeated else [],
        "conditions": analyse_conditions(wide) if wide else [],
        "effects": [effect.to_json() for effect in found],
        "assumptions": [
            *GENERAL_ASSUMPTIONS,
            *(REGRESSION_ASSUMPTIONS if any(not effect.paired for effect in found) else ()),
        ],
        "importance": analyse_importance(single.arms, values) if single else [],
        "noise": analyse_noise(repeated, single, found),
        "forgetting": analyse_forgetting(results),
        "selection": analyse_selection_rules(collect_repeated_scores(results, "dev"), repeated),
        "learning": list_learning_curves(results),
        "tree": summarise_stage_tree(results),
        "front": describe_pareto_front(results),
        "spent": summarise_cost(results),
        "failed": list_failures(results["trials"]),
        "mixture": describe_mixed_environments(results.get("environments", [])),
        "families": {code: LANGUAGES[code].family for code in wide.languages} if wide else {},
    }
    return document | {"answer": compose_answer(document, results)}


def _require_transfer(scored: ScoreArray | None) -> ScoreArray | None:
    """None also where only the source language, or unseen ones, were scored: there is no transfer to tell of."""
    return scored if scored is not None and scored.has_transfer else None


def _are_most_repeated(repeated: ScoreArray, single: ScoreArray | None) -> bool:
    """Whether the tables are better made of repeated trials: most of them were."""
    return single is None or 2 * len(repeated.arms) > len(single.arms)


def _describe_basis(scored: ScoreArray | None) -> dict[str, Any]:
    if scored is None:
        return {"split": "dev", "seeds": [], "trials": [], "told": "no trial has scores of transfer yet"}
    count = len(scored.seeds)
    seeds = f"{count} fresh seed{'s' * (count > 1)}" if scored.split == "test" else "the search's own seed"
    told = f"{len(scored.arms)} trials on {seeds}, scored on {scored.split} in {len(scored.languages)} languages"
    return {
        "split": scored.split,
        "seeds": list(scored.seeds),
        "trials": [arm.number for arm in scored.arms],
        "told": told,
    }
