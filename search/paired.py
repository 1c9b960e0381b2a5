"""Two trials compared where both were scored: on the same seeds, targets and languages."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from search.intervals import CONFIDENCE, Interval, interval
from trainables.transfer import Objective, Split, Transfer


def crossed(values: np.ndarray, weights: np.ndarray) -> Interval:
    """The weighted mean of values by seed and language and its interval, for other seeds and other languages alike.

    Both are random effects (a two-way layout without replication). Each has its own quantile of Student's t, which holds where few seeds
    leave the sum's degrees of freedom to chance.

    Args:
        values: [seeds, languages], two of each at least.
        weights: [languages], of mean one.
    """
    seeds, languages = values.shape
    mean = float((values * weights).mean())
    rest = (values - mean) * weights
    by_seed, by_language = rest.mean(1, keepdims=True), rest.mean(0, keepdims=True)
    both = (seeds - 1) * (languages - 1)
    within = float(((rest - by_seed - by_language) ** 2).sum()) / both
    between_seeds = float((by_seed**2).sum()) * languages / (seeds - 1)
    between_languages = float((by_language**2).sum()) * seeds / (languages - 1)
    first, second = max(between_seeds, within), max(between_languages - within, 0.0)
    half = math.sqrt((_quantile(seeds - 1) ** 2 * first + _quantile(languages - 1) ** 2 * second) / values.size)
    return Interval(mean, mean - half, mean + half, seeds)


def _quantile(freedom: float) -> float:
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def difference(
    mine: Mapping[int, Transfer], other: Mapping[int, Transfer], objective: Objective, split: Split = "dev"
) -> Interval:
    """One trial's objective minus another's, paired on the seeds that both have, one at least.

    ``transfer_dev`` is compared seed by seed and language by language, so that the interval is for other languages too. What is no mean
    over languages is compared by seed alone.
    """
    seeds = sorted(mine.keys() & other.keys())
    weights = mine[seeds[0]].weights(split) if objective == "transfer_dev" else {}
    languages = sorted({code for _, code in weights})
    if len(seeds) < 2 or len(languages) < 2:
        return interval([mine[seed].objective(objective) - other[seed].objective(objective) for seed in seeds])
    counts = {code: sum(weight for (_, each), weight in weights.items() if each == code) for code in languages}
    values = [_by_language(mine[seed], other[seed], weights, counts, split) for seed in seeds]
    return crossed(np.array(values), np.array([counts[code] for code in languages]) * len(languages))


def _by_language(
    mine: Transfer,
    other: Transfer,
    weights: Mapping[tuple[str, str], float],
    counts: Mapping[str, float],
    split: Split,
) -> list[float]:
    """The difference in each language, over targets."""
    found = dict.fromkeys(counts, 0.0)
    for target in mine.scores:
        ours, theirs = mine.languages(target, split), other.languages(target, split)
        for code in ours:
            if weight := weights.get((target, code)):
                found[code] += weight / counts[code] * (ours[code] - theirs[code])
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
    counts = Counter[str]()
    for (_, code), weight in weights.items():
        counts[code] += weight  # type: ignore[assignment]
    if len(counts) < 2:
        return False
    shares = np.array(list(counts.values()))
    gaps = np.array(_by_language(mine, best, weights, counts, "dev"))
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
