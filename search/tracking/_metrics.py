"""MLflow metrics of a trial. MLflow groups charts by the part of a name before the last slash."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from search.config import Config
from search.statistics import compute_interval
from search.study import TrialRecord
from trainables.outcome import Outcome
from trainables.transfer import SplitScores, Transfer


def collect_metrics(transfer: Transfer) -> dict[str, float]:
    """A trial's dev metrics by their MLflow names."""
    found = {}
    if transfer.family_means():  # none where all that is scored on dev is the source language
        found = {"transfer/mean": transfer.mean(), "transfer/worst_family": transfer.worst_family()[1]}
    found |= {f"family/{family}": value for family, value in transfer.family_means().items()}
    found |= {f"unseen/{code}": value for code, value in transfer.unseen_means().items()}
    found |= collect_target_metrics(transfer)
    if generalized := transfer.generalized_means():
        found["generalized/mean"] = fmean(generalized.values())
        found |= {f"{target}/generalized": value for target, value in generalized.items()}
        pairs = transfer.family_pair_means()
        found |= {f"generalized/{first}/{second}": value for (first, second), value in pairs.items()}
    return found | collect_few_shot_metrics(transfer)


def collect_few_shot_metrics(transfer: Transfer) -> dict[str, float]:
    """The means by number of rows, on dev; none without few-shot transfer."""
    found = {}
    for shots in transfer.list_shots():
        part = transfer.with_shots(shots)
        if means := part.target_means():
            found[f"few_shot/{shots}/mean"] = fmean(means.values())
        found |= {f"few_shot/{shots}/family/{family}": value for family, value in part.family_means().items()}
        for target in part.scores:
            codes = part.languages(target, "dev")
            found |= {f"{target}/few_shot/{shots}/lang/{code}": value for code, value in codes.items()}
    return found


def collect_target_metrics(transfer: Transfer) -> dict[str, float]:
    """The metrics of single targets."""
    found = {f"source/{target}": value for target, value in transfer.source_scores().items()}
    for target in transfer.scores:
        found |= {f"{target}/family/{family}": value for family, value in transfer.families(target).items()}
        found |= {f"{target}/lang/{code}": value for code, value in transfer.languages(target, "dev").items()}
    return found


def collect_trial_metrics(record: TrialRecord) -> dict[str, float]:
    """All metrics of a trial on the search's own seed, and its seconds; of a pruned trial, those of single targets."""
    if record.outcome is None:
        return {}
    transfer = record.outcome.transfer
    # Means of a trial that ended early are over some targets alone: they would pass for those over all.
    found = collect_metrics(transfer) if record.pruned is None else collect_target_metrics(transfer)
    if record.value is not None:
        found["objective"] = record.value
    return found | {"seconds": record.outcome.seconds}


def collect_finalist_metrics(repeats: Mapping[int, Outcome], config: Config) -> dict[str, float]:
    """The objective on fresh seeds (dev): mean, 95 % interval (Student's t, of this trial alone) and each seed's value; and the
    mean transfer on test.

    One metric a seed, not one with a step a seed: MLflow's tables show the last step alone.
    """
    if not repeats:
        return {}
    values = {seed: outcome.transfer.objective(config.objective) for seed, outcome in sorted(repeats.items())}
    interval = compute_interval(list(values.values())).clip(0.0, 1.0)
    metrics = {"finalist/mean": interval.mean, "finalist/seeds": float(interval.seeds)}
    if interval.low is not None and interval.high is not None:
        metrics |= {"finalist/low": interval.low, "finalist/high": interval.high}
    metrics |= {f"finalist/seed/{seed}": value for seed, value in values.items()}
    if tests := [
        outcome.transfer.mean("test") for outcome in repeats.values() if outcome.transfer.family_means("test")
    ]:
        metrics["finalist/test"] = fmean(tests)
    return metrics


def build_scores_table(scored: Mapping[str, SplitScores]) -> dict[str, Any]:
    """All scores in every metric, as MLflow shows tables: columns and rows."""
    return {
        "columns": ["target", "split", "language", "metric", "value"],
        "data": [list(row) for row in _list_score_rows(scored)],
    }


def build_seeds_table(repeats: Mapping[int, Outcome]) -> dict[str, Any]:
    """The scores of every fresh seed as such a table."""
    rows = [
        [seed, *row] for seed, outcome in sorted(repeats.items()) for row in _list_score_rows(outcome.transfer.scores)
    ]
    return {"columns": ["seed", "target", "split", "language", "metric", "value"], "data": rows}


def _list_score_rows(scored: Mapping[str, SplitScores]) -> list[tuple[str, str, str, str, float]]:
    return [
        (target, split, code, metric, value)
        for target, splits in scored.items()
        for split, languages in splits.items()
        for code, values in languages.items()
        for metric, value in values.items()
    ]
