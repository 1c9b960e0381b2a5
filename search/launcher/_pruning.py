"""Racing: whether a trial that reports intermediate scores is ended early."""

import math
from collections.abc import Sequence

from search.launcher._job import Job
from search.launcher._writable_study import WritableStudy
from search.results import is_significantly_worse
from search.study import TrialRecord, estimate_seed_variance
from trainables.outcome import Outcome

SPARE_ONE_IN = 5
"""One in so many trials that a rule would prune runs to its end. The report compares these with the pruned ones."""


def explain_pruning(study: WritableStudy, job: Job, targets_done: float, outcome: Outcome, among_best: bool) -> str:
    """The reason to end a trial early; empty if it goes on.

    Args:
        study: study of the search.
        job: the trial, which is no repeat.
        targets_done: number of targets with a dev set that are done, including the part that is done of the current one.
        outcome: outcome of the targets that are done.
        among_best: whether ASHA ranks the trial among the best that came as far; True if ASHA is not among the rules.
    """
    racing, targets = study.config.racing, study.config.scored_targets
    records = study.get_trial_records()
    (record,) = (record for record in records if record.number == job.number)
    best = max((each for each in records if each.value is not None), key=lambda each: each.value or 0.0, default=None)
    if targets_done < racing.grace or record.spared or best is None or best.outcome is None:
        return ""
    if not job.trial.curriculum or targets_done >= len(targets):
        return ""  # the baseline, with which all trials are compared, is never pruned, nor a trial that is done
    whole_target = targets_done == int(targets_done)
    target = math.ceil(targets_done)
    where = f"{'after' if whole_target else 'within'} {targets[target - 1]}, target {target} of {len(targets)}"
    if not among_best:
        return f"asha {where}: not among the best 1/{racing.reduction:g} that came as far"
    if "paired" in racing.rules and whole_target:
        variance = _get_seed_variance(study) * len(targets) / targets_done  # a mean over fewer targets varies more
        if is_significantly_worse(outcome.transfer, best.outcome.transfer, racing.confidence, variance):
            return f"paired test {where}: worse than trial {best.number}"
    return ""


def _get_seed_variance(study: WritableStudy) -> float:
    estimate = estimate_seed_variance(study.get_repeat_outcomes(), study.config.objective)
    return study.config.racing.seed_deviation**2 if estimate is None else estimate


def count_pruning_decisions(records: Sequence[TrialRecord]) -> int:
    """Number of trials that were pruned or spared."""
    return sum(bool(record.pruned or record.spared) for record in records)
