"""Racing as Ray Tune's trial scheduler: whether a trial that reports goes on."""

from itertools import count, takewhile
from types import SimpleNamespace
from typing import Any

from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler

from search.config import Config
from search.launcher._searcher import SchedulerSearcher
from search.launcher._trainable import TARGETS_DONE, parse_partial_outcome
from search.study import STEPS_PER_TARGET


class RacingScheduler(FIFOScheduler):  # type: ignore[misc]
    """Asks ASHA and the scheduler's own rules whether a trial goes on.

    ASHA is Ray's own. It is given the intermediate values of earlier launches from the study. It knows trials by their numbers, so
    that a trial whose worker died counts once, and it gets only reports at milestones, which every trial that comes as far makes.
    """

    def __init__(self, searcher: SchedulerSearcher) -> None:
        super().__init__()
        self.searcher = searcher
        self.added_trials: set[str] = set()
        config = searcher.scheduler.config
        self.asha = ASHAScheduler(
            time_attr="milestone",
            metric="value",
            mode="max",
            max_t=len(config.scored_targets),
            grace_period=config.racing.grace,
            reduction_factor=config.racing.reduction,
            stop_last_trials=False,
        )
        self.milestones = _compute_milestones(config)
        """ASHA's milestones in targets, by the step of the study that is the first report at or after it."""
        for record in searcher.scheduler.study.get_trial_records():
            for step, value in sorted(record.intermediate_values.items()) if record.is_finished else ():
                self._is_among_best(record.number, step, value)

    def _is_among_best(self, number: int, step: int, value: float) -> bool:
        if step not in self.milestones:
            return True
        entry = SimpleNamespace(trial_id=str(number))
        if entry.trial_id not in self.added_trials:
            self.added_trials.add(entry.trial_id)
            self.asha.on_trial_add(None, entry)
        decision = self.asha.on_trial_result(None, entry, {"milestone": self.milestones[step], "value": value})
        return bool(decision != TrialScheduler.STOP)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Decide on an intermediate report; final results always pass."""
        if "partial" not in result:
            return str(TrialScheduler.CONTINUE)
        job, scheduler = self.searcher.jobs[trial.trial_id], self.searcher.scheduler
        done = result[TARGETS_DONE]
        among_best = self._is_among_best(job.number, round(done * STEPS_PER_TARGET), result["value"])
        goes_on = scheduler.handle_report(
            job, done, parse_partial_outcome(result), among_best or "asha" not in scheduler.config.racing.rules
        )
        return str(TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP)


def _compute_milestones(config: Config) -> dict[int, float]:
    racing = config.racing
    milestones = takewhile(
        lambda milestone: milestone <= len(config.scored_targets),
        (racing.grace * racing.reduction**rung for rung in count()),
    )
    return {
        round(racing.find_first_report(milestone, config.untrained_target_positions) * STEPS_PER_TARGET): milestone
        for milestone in milestones
    }
