"""How well values after some targets predict final values: whether racing was safe."""

from collections.abc import Iterable, Sequence
from statistics import StatisticsError
from typing import Any

from search.config import Config
from search.results._paired_comparison import correlate_ranks
from search.study import STEPS_PER_TARGET, TrialRecord


def analyse_racing(records: Sequence[TrialRecord], config: Config) -> dict[str, Any]:
    """Counts of pruned and spared trials, and the rank correlation of early and final values: by number of targets, and at the first
    report of racing.

    Pruned trials have no final value: the correlation is over complete trials, with the spared ones among them.
    """
    complete = [record for record in records if record.state == "complete" and record.outcome is not None]
    targets = config.scored_targets
    rungs = [
        {
            "targets": list(targets[:end]),
            **_correlate_values([(_compute_early_value(record, config, end), record.value) for record in complete]),
        }
        for end in range(1, len(targets))
    ]
    done = config.racing.find_first_report(config.racing.grace, config.untrained_target_positions)
    step = round(done * STEPS_PER_TARGET)
    within = _correlate_values([(record.intermediate_values.get(step), record.value) for record in complete])
    whole = rungs[min(int(done), len(rungs)) - 1] if rungs and done == int(done) else within
    return {
        "rules": list(config.racing.rules),
        "pruned": sum(record.state == "pruned" for record in records),
        "spared": sum(record.spared is not None for record in complete),
        "first": {"done": done, "of": len(targets), **{key: whole[key] for key in within}},
        "rungs": rungs,
    }


def _correlate_values(pairs: Iterable[tuple[float | None, float | None]]) -> dict[str, Any]:
    complete_pairs = [(early, final) for early, final in pairs if early is not None and final is not None]
    estimate = correlate_ranks([early for early, _ in complete_pairs], [final for _, final in complete_pairs])
    correlation, low, high = estimate if estimate is not None else (None, None, None)
    return {"trials": len(complete_pairs), "correlation": correlation, "low": low, "high": high}


def _compute_early_value(record: TrialRecord, config: Config, end: int) -> float | None:
    """A trial's objective over the first `end` targets; None where they lack its scores."""
    assert record.outcome is not None
    try:
        return record.outcome.transfer.restrict_to(config.scored_targets[:end]).objective(config.objective)
    except StatisticsError:
        return None
