"""When a launch starts no further trials: its budget is spent, or an improvement is improbable."""

import math
import time

from search.launcher._writable_study import WritableStudy
from search.study import TrialRecord


class StopCriteria:
    """The sections ``budget`` and ``stop`` of a config. Running trials and finalists' repeats are finished all the same."""

    def __init__(self, study: WritableStudy) -> None:
        self.config, self.study = study.config, study
        self.started = time.monotonic()
        self._improvement_probability = 1.0
        self._estimated_after = 0
        """Finished trials when the probability was last estimated, which takes long."""

    def explain_stop(self, trials_left: int) -> str:
        """The reason to start no further trial; empty if there is none.

        Args:
            trials_left: number of trials that are not started.
        """
        budget, stop = self.config.budget, self.config.stop
        if budget.hours is not None and time.monotonic() - self.started > budget.hours * 3600:
            return f"budget.hours: {budget.hours:g} hours have passed"
        if budget.stage_seconds is None and stop.patience is None and stop.improbable_improvement is None:
            return ""
        finished = [record for record in self.study.get_trial_records() if record.is_finished]
        trained = sum(record.outcome.trained_seconds for record in finished if record.outcome)
        if budget.stage_seconds is not None and trained >= budget.stage_seconds:
            return f"budget.stage_seconds: stages trained for {trained:.0f} s"
        since_best = _count_since_best(finished)
        if stop.patience is not None and since_best >= stop.patience:
            return f"stop.patience: none of the last {since_best} trials improved on the best one before them"
        return self._explain_improbable_improvement(trials_left, len(finished))

    def _explain_improbable_improvement(self, trials_left: int, finished: int) -> str:
        criterion = self.config.stop.improbable_improvement
        if criterion is None or not trials_left:
            return ""
        if self._estimated_after != finished:
            self._improvement_probability = self.study.estimate_improvement_probability(criterion.by, trials_left)
            self._estimated_after = finished
        if self._improvement_probability >= criterion.probability:
            return ""
        return (
            f"stop.improbable_improvement: an improvement by {criterion.by:g} within the {trials_left} trials left has a probability "
            f"of {self._improvement_probability:.2g}"
        )


def _count_since_best(finished: list[TrialRecord]) -> int:
    """Number of trials since the best one."""
    values = [-math.inf if record.value is None else record.value for record in finished]
    return len(values) - 1 - values.index(max(values)) if values else 0
