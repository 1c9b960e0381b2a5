"""Two trials compared where both were scored: on the same seeds, targets and languages."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from search.analysis.bootstrap import hierarchical
from search.analysis.measures import FEW
from search.intervals import Interval, interval
from trainables.languages import LANGUAGES
from trainables.transfer import Objective, Split, Transfer


def difference(
    mine: Mapping[int, Transfer], other: Mapping[int, Transfer], objective: Objective, split: Split = "dev"
) -> Interval:
    """One trial's objective minus another's, paired on the seeds that both have, one at least.

    ``transfer_dev`` is compared seed by seed and family by family, or language by language where there are few families
    (`search.analysis.hierarchical`), so that the interval is for others too. What is no mean over families is compared by seed alone.
    """
    seeds = sorted(mine.keys() & other.keys())
    weights = mine[seeds[0]].weights(split) if objective == "transfer_dev" else {}
    unit = _family if len(_shares(weights, _family)) >= FEW else str
    shares = _shares(weights, unit)
    if len(seeds) < 2 or len(shares) < 2:
        return interval([mine[seed].objective(objective) - other[seed].objective(objective) for seed in seeds])
    values = [_gaps(mine[seed], other[seed], weights, unit, split) for seed in seeds]
    told = hierarchical(np.array(values), np.array(list(shares.values())), np.ones((len(shares), 1)))
    return Interval(told.mean, told.low, told.high, told.seeds)


Weights = Mapping[tuple[str, str], float]
"""By target and language."""


def _family(code: str) -> str:
    return LANGUAGES[code].family


def _shares(weights: Weights, unit: Callable[[str], str]) -> dict[str, float]:
    """What each unit (a language, or its family) counts."""
    found: dict[str, float] = {}
    for (_, code), weight in weights.items():
        found[unit(code)] = found.get(unit(code), 0.0) + weight
    return found


def _gaps(mine: Transfer, other: Transfer, weights: Weights, unit: Callable[[str], str], split: Split) -> list[float]:
    """The difference in each unit, over targets, in the order of `_shares`."""
    shares = _shares(weights, unit)
    found = dict.fromkeys(shares, 0.0)
    for target in mine.scores:
        ours, theirs = mine.languages(target, split), other.languages(target, split)
        for code in ours:
            if weight := weights.get((target, code)):
                found[unit(code)] += weight / shares[unit(code)] * (ours[code] - theirs[code])
    return list(found.values())


def behind(mine: Transfer, best: Transfer, confidence: float, variance: float) -> bool:
    """Whether a trial is worse than another on the targets that it has, by a one-sided paired test over languages (dev).

    Args:
        mine: the trial so far.
        best: the other, on as many targets or more.
        confidence: of the test; that the other one is the best of many is not reckoned with.
        variance: of a trial's mean over these targets over seeds: there is one seed of each.
    """
    weights = mine.weights()
    shares = np.array(list(_shares(weights, str).values()))
    if len(shares) < 2:
        return False
    gaps = np.array(_gaps(mine, best, weights, str, "dev"))
    gap = float(shares @ gaps)
    effective = 1 / float((shares**2).sum())  # languages that would count alike
    spread = float(shares @ (gaps - gap) ** 2) / (effective - 1) if effective > 1 else 0.0
    error = math.sqrt(spread + 2 * variance)
    return gap + float(stats.t.ppf(confidence, max(1.0, effective - 1))) * error < 0


def ranks(early: Sequence[float], final: Sequence[float]) -> tuple[float, float, float] | None:
    """Spearman's rank correlation and its 95 % interval (Fieller, Hartley and Pearson, 1957); None for fewer than five trials or
    when all are alike."""
    if len(early) < 5 or len(set(early)) < 2 or len(set(final)) < 2:
        return None
    found = float(stats.spearmanr(early, final).statistic)
    most = 1 - 1 / len(early)
    middle = math.atanh(max(-most, min(most, found)))
    half = 1.96 * math.sqrt(1.06 / (len(early) - 3))
    return found, min(found, math.tanh(middle - half)), max(found, math.tanh(middle + half))
