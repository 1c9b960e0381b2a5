"""The cost of choosing among trials by different rules, in test transfer."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from search.analysis._arms import ScoreArray
from search.analysis._measures import build_family_measures, build_overall_measure
from search.statistics import compute_interval

MIN_CANDIDATES = 3
"""Trials that a choice needs at least."""


def analyse_selection_rules(dev: ScoreArray | None, test: ScoreArray | None) -> dict[str, Any] | None:
    """The cost of each rule: the rule chooses a trial on one seed; its cost is how much lower the test transfer of that trial is than the
    best trial's, both averaged over the other seeds. Mean over seeds. None before three trials were repeated on two seeds.

    Args:
        dev: repeated trials on dev.
        test: the same trials and seeds on test.
    """
    if dev is None or test is None or len(test.seeds) < 2 or len(test.arms) < MIN_CANDIDATES or not test.has_transfer:
        return None
    transfer = build_overall_measure(test).average(test.values)
    rules = {name: values for name, rule in SELECTION_RULES.items() if (values := rule(dev)) is not None}
    rules["test itself"] = transfer
    rows = [_describe_rule(name, values, transfer) for name, values in rules.items()]
    rows.append({"rule": "at random", "cost": _describe_cost(_compute_costs(None, transfer)), "correlation": None})
    return {
        "candidates": len(test.arms),
        "rules": rows,
        "told": f"each rule chooses one of {len(test.arms)} trials on one seed; its cost is the test transfer lost against the best trial on the other seeds ("
        f"{len(test.seeds) - 1}), averaged over the choice of the seed. The cost of 'test itself' is due to seeds alone. Costs of different seeds share "
        "data, so that the intervals may be too narrow",
    }


def _describe_rule(name: str, values: np.ndarray, transfer: np.ndarray) -> dict[str, Any]:
    ranks = [
        float(stats.spearmanr(values[:, seed], _average_other_seeds(transfer, seed)).statistic)
        for seed in range(values.shape[1])
        if np.ptp(values[:, seed]) > 0 and np.ptp(_average_other_seeds(transfer, seed)) > 0
    ]
    return {
        "rule": name,
        "cost": _describe_cost(_compute_costs(values, transfer)),
        "correlation": float(np.mean(ranks)) if ranks else None,
    }


def _compute_costs(values: np.ndarray | None, transfer: np.ndarray) -> list[float]:
    """The cost by seed; of a random choice if there are no values to choose by."""
    found = []
    for seed in range(transfer.shape[1]):
        others = _average_other_seeds(transfer, seed)
        chosen = float(others.mean()) if values is None else float(others[int(values[:, seed].argmax())])
        found.append(float(others.max()) - chosen)
    return found


def _average_other_seeds(transfer: np.ndarray, seed: int) -> np.ndarray:
    """[trials]: the mean over all other seeds."""
    found: np.ndarray = np.delete(transfer, seed, axis=1).mean(1)
    return found


def _describe_cost(costs: list[float]) -> dict[str, Any]:
    interval = compute_interval(costs)
    return {
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "seeds": interval.seeds,
        "told": str(interval.clip(0.0, 1.0)),
    }


def _score_by_source(dev: ScoreArray) -> np.ndarray | None:
    source = [dev.languages.index(code) for code in dev.rules.source if code in dev.languages]
    if not source:
        return None
    scores = dev.values[..., source].mean(-1)
    there = ~np.isnan(scores).any((0, 1))
    found: np.ndarray | None = scores[..., there].mean(-1) if there.any() else None
    return found


def _score_by_transfer(dev: ScoreArray) -> np.ndarray | None:
    return build_overall_measure(dev).average(dev.values) if dev.counted.any() else None


def _score_by_worst_family(dev: ScoreArray) -> np.ndarray | None:
    found = [measure.average(dev.values) for measure in build_family_measures(dev).values()]
    return np.min(found, axis=0) if found else None


SELECTION_RULES: dict[str, Callable[[ScoreArray], np.ndarray | None]] = {
    "source_dev": _score_by_source,
    "transfer_dev": _score_by_transfer,
    "worst_family_dev": _score_by_worst_family,
}
"""By name, a function that gives [trials, seeds], what a rule maximizes; None where its scores are missing."""
