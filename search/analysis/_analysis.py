"""The analysis of a search, from ``results.json`` alone; the page, the terminal and notebooks show it."""

from collections.abc import Mapping
from typing import Any

from search.analysis._answer import UNKNOWN_PRETRAINING, compose_answer
from search.analysis._arms import ScoreArray, collect_repeated_scores, collect_single_scores
from search.analysis._cost import summarise_cost
from search.analysis._curricula import analyse_conditions, analyse_curricula
from search.analysis._effects import estimate_effects
from search.analysis._environments import describe_mixed_environments
from search.analysis._few_shot import analyse_few_shot
from search.analysis._forgetting import analyse_forgetting
from search.analysis._importance import analyse_importance
from search.analysis._learning_curves import list_learning_curves
from search.analysis._noise import analyse_noise
from search.analysis._pareto_front import describe_pareto_front
from search.analysis._regression import REGRESSION_ASSUMPTIONS
from search.analysis._results_reader import list_failures
from search.analysis._selection_rules import analyse_selection_rules
from search.analysis._stage_tree import summarise_stage_tree
from trainables.languages import LanguageRules

GENERAL_ASSUMPTIONS = (
    "Intervals of differences are 95 % intervals (Student's t) of a model with random effects of seeds and of families (all families) or languages (one family). "
    "They cover other seeds and other languages of the same kind, and are never narrower than the interaction of seed and unit allows.",
    "Intervals of scores are 95 % intervals over seeds (Student's t).",
    "Intervals of effects are 95 % each, without correction for the number of effects.",
    "Intervals of gains over no curriculum are simultaneous: 95 % for all gains of their table (Bonferroni intervals with Holm's tests; max-t for families).",
    "The score of the best trial is corrected: it is lower than measured by the expected excess of the highest of all finalists.",
    "Effects marked 'paired' compare trials that differ in one setting, on the same seeds and languages.",
    "A joint stage has as many steps as one task alone, and tasks in sequence have more steps in total. A gain of tasks in sequence may be due to the steps.",
    "An effect is significant if its p-value is at most 0.05 after Holm's correction over all effects of the table. Effects by family are corrected over all families of "
    "all effects, gains by family over all families of all curricula. An effect that is not significant may still exist.",
    "Test items are the same for every seed: intervals do not cover other items.",
)


def analyse_results(results: Mapping[str, Any]) -> dict[str, Any]:
    """Analyse a search; the document is JSON's own types.

    Args:
        results: the document of ``results.json``.
    """
    repeated, single = (
        _require_transfer(collect_repeated_scores(results)),
        _require_transfer(collect_single_scores(results)),
    )
    rules = LanguageRules.from_json(results.get("languages"))
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
            describe_transfer(rules),
            *GENERAL_ASSUMPTIONS,
            *(REGRESSION_ASSUMPTIONS if any(not effect.is_paired for effect in found) else ()),
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
        "families": {code: rules.get_family(code) for code in wide.languages} if wide else {},
        **({"languages": results["languages"]} if rules else {}),
        **({"few_shot": analyse_few_shot(results)} if "shots" in results else {}),
        **({"own_tasks": _list_own_tasks(results)} if "own_tasks" in results else {}),
    }
    return document | {"answer": compose_answer(document, results)}


def _list_own_tasks(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The user's own tasks, each with its name and the main metric that targets have by default."""
    return [
        {"task": task, **own, "metric": results["metrics"].get(task, own["metric"])}
        for task, own in results["own_tasks"].items()
    ]


def describe_transfer(rules: LanguageRules) -> str:
    """What transfer is, and which languages are excluded from it."""
    several = len(rules.source) > 1
    source = f"{rules.name_source()}, the language{'s' * several} of training,"
    unseen = (
        f"{source} and languages that the encoder was not pre-trained on are excluded."
        if rules.knows_pretraining
        else f"{source} {'are' if several else 'is'} excluded. {UNKNOWN_PRETRAINING}"
    )
    return f"Transfer is the main metric averaged over families, then over targets. {unseen}"


def _require_transfer(scored: ScoreArray | None) -> ScoreArray | None:
    """The scores, or None where only the source language or unseen languages were scored: then there is no transfer."""
    return scored if scored is not None and scored.has_transfer else None


def _are_most_repeated(repeated: ScoreArray, single: ScoreArray | None) -> bool:
    """Whether most trials were repeated, so that tables are made of repeated trials."""
    return single is None or 2 * len(repeated.arms) > len(single.arms)


def _describe_basis(scored: ScoreArray | None) -> dict[str, Any]:
    if scored is None:
        return {"split": "dev", "seeds": [], "trials": [], "told": "no trial has transfer scores yet"}
    count = len(scored.seeds)
    seeds = f"{count} fresh seed{'s' * (count > 1)}" if scored.split == "test" else "the search's own seed"
    summary = f"{len(scored.arms)} trials on {seeds}, scored on {scored.split} in {len(scored.languages)} languages"
    return {
        "split": scored.split,
        "seeds": list(scored.seeds),
        "trials": [arm.number for arm in scored.arms],
        "told": summary,
    }
