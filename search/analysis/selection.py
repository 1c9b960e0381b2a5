"""What choosing among trials by one rule or another would have cost on test."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from search.analysis import measures
from search.analysis.arms import Scored
from search.intervals import interval
from trainables.languages import SOURCE_LANGUAGE

LEAST = 3
"""Trials from which on there is something to choose."""


def document(dev: Scored | None, test: Scored | None) -> dict[str, Any] | None:
    """The cost of each rule: how far the test transfer of the trial that it names on one seed lies below the best one's, both on all
    other seeds; mean over seeds. None before three trials were repeated on two seeds.

    Args:
        dev: repeated trials on dev.
        test: the same trials and seeds on test.
    """
    if dev is None or test is None or len(test.seeds) < 2 or len(test.arms) < LEAST or not test.transfers:
        return None
    transfer = measures.overall(test).of(test.values)
    rules = {name: rule(dev) for name, rule in RULES.items() if rule(dev) is not None}
    rules["test itself"] = transfer
    rows = [_row(name, values, transfer) for name, values in rules.items() if values is not None]
    rows.append({"rule": "at random", "cost": _told(_costs(None, transfer)), "correlation": None})
    return {
        "candidates": len(test.arms),
        "rules": rows,
        "told": f"each rule names one of {len(test.arms)} trials on one seed; what that costs is measured on the other "
        f"{len(test.seeds) - 1}, and so for every seed in turn. What 'test itself' costs is due to seeds alone. Costs of one seed and another share most of "
        "their data: intervals are too narrow, if anything",
    }


def _row(name: str, values: np.ndarray, transfer: np.ndarray) -> dict[str, Any]:
    ranks = [
        float(stats.spearmanr(values[:, seed], _others(transfer, seed)).statistic)
        for seed in range(values.shape[1])
        if np.ptp(values[:, seed]) > 0 and np.ptp(_others(transfer, seed)) > 0
    ]
    return {
        "rule": name,
        "cost": _told(_costs(values, transfer)),
        "correlation": float(np.mean(ranks)) if ranks else None,
    }


def _costs(values: np.ndarray | None, transfer: np.ndarray) -> list[float]:
    """By seed; of a trial at random if there are no values to choose by."""
    found = []
    for seed in range(transfer.shape[1]):
        others = _others(transfer, seed)
        chosen = float(others.mean()) if values is None else float(others[int(values[:, seed].argmax())])
        found.append(float(others.max()) - chosen)
    return found


def _others(transfer: np.ndarray, seed: int) -> np.ndarray:
    """[trials]: the mean over all seeds but one."""
    found: np.ndarray = np.delete(transfer, seed, axis=1).mean(1)
    return found


def _told(costs: list[float]) -> dict[str, Any]:
    told = interval(costs)
    return {
        "mean": told.mean,
        "low": told.low,
        "high": told.high,
        "seeds": told.seeds,
        "told": str(told.within(0.0, 1.0)),
    }


def _source(dev: Scored) -> np.ndarray | None:
    if SOURCE_LANGUAGE not in dev.languages:
        return None
    scores = dev.values[..., dev.languages.index(SOURCE_LANGUAGE)]
    there = ~np.isnan(scores).any((0, 1))
    found: np.ndarray | None = scores[..., there].mean(-1) if there.any() else None
    return found


def _transfer(dev: Scored) -> np.ndarray | None:
    return measures.overall(dev).of(dev.values) if dev.counts.any() else None


def _worst_family(dev: Scored) -> np.ndarray | None:
    found = [measure.of(dev.values) for measure in measures.by_family(dev).values()]
    return np.min(found, axis=0) if found else None


RULES: dict[str, Callable[[Scored], np.ndarray | None]] = {
    "source_dev": _source,
    "transfer_dev": _transfer,
    "worst_family_dev": _worst_family,
}
"""[trials, seeds] each; None where there is nothing that it is made of."""
