"""Few-shot transfer against zero-shot transfer: the same trial and seeds, the same rows of the same languages."""

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from search.statistics import Interval, compute_interval
from trainables.few_shot import ZERO_SHOT
from trainables.languages import LanguageRules

ALL_FAMILIES = "all families"

LanguageScores = Mapping[str, Mapping[str, float]]
Pair = tuple[float, float]
"""A score without and with few-shot rows."""


def analyse_few_shot(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For the best trial: a row for each target, number of rows and family, and for the mean over families.

    Gains are paired: the same seeds, and the languages that have that many rows. Intervals are Student's t over fresh seeds, on test;
    before there are fresh seeds, scores are of the search's own seed on dev, without intervals.
    """
    best = next((trial for trial in results["trials"] if trial["number"] == results["best"]), None)
    if best is None:
        return []
    repeated = [(entry["seed"], entry["few_shot"]) for entry in best["seeds"] if entry.get("few_shot")]
    split = "test" if repeated else "dev"
    entries = repeated or [(results["seed"], best["few_shot"])] * ("few_shot" in best)
    rules = LanguageRules.from_json(results.get("languages"))
    rows = []
    for target in dict.fromkeys(task for _, found in entries for task in found):
        metric = results["metrics"][target]
        by_seed = [found[target] for _, found in entries if target in found]
        for shots in sorted({name for found in by_seed for name in found if name != ZERO_SHOT}, key=int):
            pairs = [
                dict(_pair_families(found[ZERO_SHOT]["scores"], found[shots]["scores"], split, metric, rules))
                for found in by_seed
                if shots in found
            ]
            pairs = [found for found in pairs if found]
            for family in dict.fromkeys(name for found in pairs for name in found):
                values = [found[family] for found in pairs if family in found]
                codes = _list_languages(by_seed[0][shots]["scores"].get(split, {}), family, rules)
                head = {"target": target, "shots": int(shots), "family": family, "languages": codes}
                rows.append({"trial": best["number"], "split": split, "seeds": len(values)} | head | _estimate(values))
    return rows


def _pair_families(
    before: Mapping[str, LanguageScores],
    after: Mapping[str, LanguageScores],
    split: str,
    metric: str,
    rules: LanguageRules,
) -> Iterator[tuple[str, Pair]]:
    """The pairs of each family, means over its languages, then of all families, the mean over them."""
    grouped: dict[str, list[Pair]] = {}
    for code, row in after.get(split, {}).items():
        if rules.counts(code):
            grouped.setdefault(rules.get_family(code), []).append((before[split][code][metric], row[metric]))
    means = {family: _average(pairs) for family, pairs in sorted(grouped.items())}
    yield from means.items()
    if means:
        yield ALL_FAMILIES, _average(list(means.values()))


def _average(pairs: list[Pair]) -> Pair:
    return fmean(before for before, _ in pairs), fmean(after for _, after in pairs)


def _list_languages(scores: LanguageScores, family: str, rules: LanguageRules) -> list[str]:
    return [code for code in scores if rules.counts(code) and family in (rules.get_family(code), ALL_FAMILIES)]


def _estimate(values: list[Pair]) -> dict[str, Any]:
    return {
        "zero_shot": _to_json(compute_interval([before for before, _ in values]).clip(0.0, 1.0)),
        "few_shot": _to_json(compute_interval([after for _, after in values]).clip(0.0, 1.0)),
        "gain": _to_json(compute_interval([after - before for before, after in values]).clip(-1.0, 1.0), signed=True),
    }


def _to_json(found: Interval, *, signed: bool = False) -> dict[str, Any]:
    text = found.format_signed() if signed else str(found)
    return {"mean": found.mean, "low": found.low, "high": found.high, "told": text}
