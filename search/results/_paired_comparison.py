"""Paired comparison of trials on the same seeds, targets and languages."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from search.analysis import MIN_FAMILIES
from search.statistics import FinalistScores
from trainables.transfer import Objective, Split, Transfer

OBJECTIVE_SPLIT: Split = "dev"
"""The split on which every objective is measured."""


def build_finalist_scores(transfers: Sequence[Sequence[Transfer]], objective: Objective) -> FinalistScores:
    """Scores of trials on dev by seed (the same seeds for each) and unit of the objective.

    The units of ``transfer_dev`` are families, or languages where there are few families, so that comparisons cover other units
    too. Other objectives have one unit.
    """
    weights = transfers[0][0].mean_weights(OBJECTIVE_SPLIT) if objective == "transfer_dev" else {}
    get_family = transfers[0][0].rules.get_family
    unit: Callable[[str], str] = get_family if len(_sum_weights(weights, get_family)) >= MIN_FAMILIES else str
    shares = _sum_weights(weights, unit)
    if len(shares) < 2:
        values = [[[each.objective(objective)] for each in by_seed] for by_seed in transfers]
        return FinalistScores(np.array(values), np.ones(1))
    values = [[_average_by_unit(each, weights, unit) for each in by_seed] for by_seed in transfers]
    return FinalistScores(np.array(values), np.array(list(shares.values())))


LanguageWeights = Mapping[tuple[str, str], float]
"""By target and language."""


def _sum_weights(weights: LanguageWeights, unit: Callable[[str], str]) -> dict[str, float]:
    """The weight of each unit (a language or a family)."""
    found: dict[str, float] = {}
    for (_, code), weight in weights.items():
        found[unit(code)] = found.get(unit(code), 0.0) + weight
    return found


def _average_by_unit(transfer: Transfer, weights: LanguageWeights, unit: Callable[[str], str]) -> list[float]:
    """The score in each unit, over targets, in the order of `_sum_weights`."""
    shares = _sum_weights(weights, unit)
    found = dict.fromkeys(shares, 0.0)
    tables = {
        target: transfer.languages(target, OBJECTIVE_SPLIT) for target in dict.fromkeys(target for target, _ in weights)
    }
    for (target, code), weight in weights.items():
        found[unit(code)] += weight / shares[unit(code)] * tables[target][code]
    return list(found.values())


def is_significantly_worse(mine: Transfer, best: Transfer, confidence: float, variance: float) -> bool:
    """Whether a trial is worse than another on the targets that it has, by a one-sided paired t test over languages (dev).

    Args:
        mine: the trial so far.
        best: the other, on at least the same targets.
        confidence: of the test; it does not correct for the choice of the other trial as the best.
        variance: of a trial's mean over these targets over seeds: there is one seed of each.
    """
    weights = mine.mean_weights()
    shares = np.array(list(_sum_weights(weights, str).values()))
    if len(shares) < 2:
        return False
    gaps = np.array(_average_by_unit(mine, weights, str)) - np.array(_average_by_unit(best, weights, str))
    gap = float(shares @ gaps)
    effective = 1 / float((shares**2).sum())  # languages that would count alike
    spread = float(shares @ (gaps - gap) ** 2) / (effective - 1) if effective > 1 else 0.0
    error = math.sqrt(spread + 2 * variance)
    return gap + float(stats.t.ppf(confidence, max(1.0, effective - 1))) * error < 0


def correlate_ranks(early: Sequence[float], final: Sequence[float]) -> tuple[float, float, float] | None:
    """Spearman's rank correlation and its 95 % interval (Fieller, Hartley and Pearson, 1957); None for fewer than five trials or
    when all are alike."""
    if len(early) < 5 or len(set(early)) < 2 or len(set(final)) < 2:
        return None
    found = float(stats.spearmanr(early, final).statistic)
    most = 1 - 1 / len(early)
    middle = math.atanh(max(-most, min(most, found)))
    half = 1.96 * math.sqrt(1.06 / (len(early) - 3))
    return found, min(found, math.tanh(middle - half)), max(found, math.tanh(middle + half))
