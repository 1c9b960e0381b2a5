"""Transfer with the two texts of an example in different languages."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from search.results._verdict import decide_verdict
from search.statistics import compute_interval
from search.study import Study, TrialRecord, find_baseline_record, select_finalists
from trainables.transfer import Split, Transfer


def analyse_language_pairs(study: Study, ranked: Sequence[TrialRecord]) -> dict[str, Any] | None:
    """Finalists with one language and with two languages per example: on test over fresh seeds, or on dev before there are any; None if
    no pairs were scored."""
    repeats = study.get_repeat_outcomes()
    number = decide_verdict(ranked, repeats, study.config).best
    outcomes = {record.number: record.outcome for record in ranked if record.outcome}
    if number is None or not outcomes[number].transfer.generalized_means():
        return None
    fresh = bool(repeats.get(number))
    split: Split = "test" if fresh else "dev"
    by_trial = {
        record.number: {seed: outcome.transfer for seed, outcome in repeats[record.number].items()}
        if fresh
        else {study.config.seed: outcomes[record.number].transfer}
        for record in select_finalists(ranked, study.config)
        if record.number in (repeats if fresh else outcomes)
    }
    if not fresh:
        by_trial = {number: {study.config.seed: outcomes[number].transfer}} | by_trial
    plain = find_baseline_record(ranked, study.config)
    rival = by_trial.get(plain.number, {}) if plain else {}
    words = {record.number: str(record.trial) for record in ranked}
    transfers = list(by_trial[number].values())
    tables = [transfer.family_pair_means(split) for transfer in transfers]
    intervals = {
        families: compute_interval([table[families] for table in tables]).clip(0.0, 1.0) for families in tables[0]
    }
    return {
        "trial": number,
        "split": split,
        "seeds": len(transfers) if fresh else 0,
        "finalists": [
            _describe_finalist(number, words[number], by_seed, rival, split) for number, by_seed in by_trial.items()
        ],
        "targets": {
            target: {
                "unmixed": fmean(transfer.unmixed_means(split)[target] for transfer in transfers),
                "generalized": fmean(transfer.generalized_means(split)[target] for transfer in transfers),
            }
            for target in transfers[0].generalized_means(split)
        },
        "families": [
            {
                "first": first,
                "second": second,
                "mean": interval.mean,
                "low": interval.low,
                "high": interval.high,
                "told": str(interval),
            }
            for (first, second), interval in intervals.items()
        ],
    }


def _describe_finalist(
    number: int, words: str, by_seed: dict[int, Transfer], rival: dict[int, Transfer], split: Split
) -> dict[str, Any]:
    """One finalist in both settings, and its gain over the baseline with two languages on the shared seeds."""
    shared = sorted(by_seed.keys() & rival.keys()) if by_seed is not rival else []
    gains = [
        _average_targets(by_seed[s].generalized_means(split)) - _average_targets(rival[s].generalized_means(split))
        for s in shared
    ]
    gain = compute_interval(gains).clip(-1.0, 1.0) if gains else None
    return {
        "trial": number,
        "words": words,
        "unmixed": fmean(_average_targets(transfer.unmixed_means(split)) for transfer in by_seed.values()),
        "generalized": fmean(_average_targets(transfer.generalized_means(split)) for transfer in by_seed.values()),
        "gain": None if gain is None else {"mean": gain.mean, "low": gain.low, "high": gain.high},
        "told": "" if gain is None else gain.format_signed(),
    }


def _average_targets(means: dict[str, float]) -> float:
    return fmean(means.values())
