"""What a launch has to do, job by job: trials until there are enough, then finalists on fresh seeds. Knows nothing of Ray."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from search.config import Config
from search.home import mask_failure, write_failure
from search.launcher._candidates import estimate_seed_variance
from search.launcher._writable_study import WritableStudy
from search.results import is_significantly_worse
from search.study import TrialRecord, list_missing_repeats
from trainables.curriculum import Trial
from trainables.failure import Failure
from trainables.outcome import Outcome
from trainables.transfer import Split

MAX_ATTEMPTS = 3
"""Runs of a job whose worker dies, before it has failed: whoever kills it may be the job itself, out of memory."""


SPARE_ONE_IN = 5
"""One in so many trials that should end early is not, so that the search can tell whether it was right to end the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a trial for a worker."""

    number: int
    trial: Trial
    seed: int | None = None
    """A finalist's fresh seed; None for the trial itself."""
    splits: tuple[Split, ...] = ("dev",)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """A job that ended."""

    job: Job
    outcome: Outcome | None
    error: str | None
    value: float | None
    notes: Sequence[str] = ()
    """What the user should know, whatever became of the job: a damaged stage, a store that cannot be written to."""
    again: bool = False
    """Whether it is run once more in this launch: its worker died."""
    pruned: str = ""
    """Why it was ended early, if it was; the outcome is what it had come to."""
    failure: str | None = None
    """The file that tells of the error, in the search's folder."""
    seconds: float = 0.0
    """Since the worker was given the job."""


JobKey = int | tuple[int, int]
JobListener = Callable[[JobEvent], None]


@dataclass(slots=True)
class Scheduler:
    """The jobs of one launch.

    A failed trial uses up its place in this launch; the next launch tries it once more.
    """

    config: Config
    study: WritableStudy
    listeners: list[JobListener]
    running: dict[JobKey, Job] = field(default_factory=dict)
    start_times: dict[JobKey, float] = field(default_factory=dict)
    """When each job that runs was given to a worker, by `time.monotonic`."""
    started: float = field(default_factory=time.monotonic)
    left: int = 0
    """Trials still to ask for."""
    exhausted: bool = False
    """Whether the space had no untried trial left."""
    repeats: deque[Job] | None = None
    """Finalists on fresh seeds, from when all trials are done."""
    again: deque[Job] = field(default_factory=deque)
    """Jobs to run again."""
    _worker_deaths: Counter[JobKey] = field(default_factory=Counter)

    _improvement_estimate: tuple[int, float] = (0, 1.0)
    """How many trials were done when the sampler was last asked for it, and what it said."""
    _pruning_reasons: dict[int, str] = field(default_factory=dict)
    """Why trials are being ended early."""

    def __post_init__(self) -> None:
        done = [record for record in self.study.get_trial_records() if record.is_finished]
        self.left = max(0, self.config.trials - len(done))

    @property
    def pending_jobs(self) -> int:
        """Jobs of this launch that have not ended, those running included; repeats are a guess until trials are done."""
        return len(self.running) + len(self.again) + self.pending_trials + self.pending_repeats

    @property
    def pending_trials(self) -> int:
        """Trials that will be asked for still."""
        return 0 if self.exhausted or self.stop_reason else self.left

    @property
    def pending_repeats(self) -> int:
        """Repeats to come, a guess until trials are done."""
        if self.repeats is not None:
            return len(self.repeats)
        if not self.pending_trials and not self.running:
            return len(self._list_finalist_jobs())
        top, trials = self.config.finalists.count_finalists(self.config.trials), self.config.trials
        return self.config.finalists.seeds * min(top + 1, trials) if top else 0

    def next(self) -> Job | None:
        """The next job, or None if there is none at the moment (see `over`)."""
        if self.again:
            return self._start(self.again.popleft())
        if self.pending_trials:
            asked = self.study.ask()
            if asked is not None:
                self.left -= 1
                number, trial = asked
                return self._start(Job(number=number, trial=trial))
            self.exhausted = True
        if self.repeats is None and not self.running:
            self.repeats = deque(self._list_finalist_jobs())
        return self._start(self.repeats.popleft()) if self.repeats else None

    @property
    def over(self) -> bool:
        """Whether no job is running or to come."""
        return not self.running and not self.again and self.repeats is not None and not self.repeats

    def done(self, job: Job, outcome: Outcome, notes: Sequence[str] = ()) -> None:
        """A worker finished a job."""
        self._stop(job)
        value = None
        if job.seed is None:
            value = self.study.tell(job.number, outcome)
        else:
            self.study.tell_repeat(job.number, job.seed, outcome)
        self._notify_listeners(JobEvent(job=job, outcome=outcome, error=None, value=value, notes=notes))

    def handle_report(self, job: Job, done: float, outcome: Outcome, among_best: bool) -> bool:
        """A worker is at a trial still; returns whether it should go on.

        Args:
            job: the trial, which is no repeat.
            done: targets with a dev set that are done, a part of one among them.
            outcome: what it came to so far.
            among_best: whether it is among the best that came as far, if that counts.
        """
        self.study.report(job.number, done, outcome.transfer.objective(self.config.objective))
        records = self.study.get_trial_records()
        why = self._explain_pruning(job, done, outcome, among_best, records)
        before = sum(bool(record.pruned or record.spared) for record in records) + len(self._pruning_reasons)
        if why and not before % SPARE_ONE_IN:
            self.study.record_spared(job.number, why)
            why = ""
        if why:
            self._pruning_reasons[job.number] = why
        return not why

    def _explain_pruning(
        self, job: Job, done: float, outcome: Outcome, among_best: bool, records: Sequence[TrialRecord]
    ) -> str:
        """Why a trial should end early, or nothing."""
        racing, targets = self.config.racing, self.config.scored_targets
        (record,) = (record for record in records if record.number == job.number)
        best = max(
            (each for each in records if each.value is not None), key=lambda each: each.value or 0.0, default=None
        )
        if done < racing.grace or record.spared or best is None or best.outcome is None:
            return ""
        if not job.trial.curriculum or done >= len(targets):
            return ""  # what all are compared with is never ended, and what is done is done
        where = f"{'after' if done == int(done) else 'within'} {targets[math.ceil(done) - 1]}, target {math.ceil(done)} of {len(targets)}"
        if not among_best:
            return f"asha {where}: not among the best 1/{racing.reduction:g} that came as far"
        if "paired" in racing.rules and done == int(done):
            variance = estimate_seed_variance(self.study.get_repeat_outcomes(), self.config.objective)
            variance = racing.seed_deviation**2 if variance is None else variance
            # Over fewer targets a mean varies more.
            if is_significantly_worse(
                outcome.transfer, best.outcome.transfer, racing.confidence, variance * len(targets) / done
            ):
                return f"paired test {where}: worse than trial {best.number}"
        return ""

    def pruned(self, job: Job, outcome: Outcome, notes: Sequence[str] = ()) -> None:
        """A worker ended a trial early."""
        if (why := self._pruning_reasons.get(job.number)) is None:
            self.failed(job, "stopped before it was done", notes)
            return
        self._stop(job)
        self.study.tell_pruned(job.number, outcome, why)
        self._notify_listeners(JobEvent(job=job, outcome=outcome, error=None, value=None, notes=notes, pruned=why))

    def failed(self, job: Job, failure: Failure | str, notes: Sequence[str] = ()) -> None:
        """A worker could not finish a job."""
        told = mask_failure(failure)
        file, notes = self._write_failure(job, told, notes)
        self._fail(job, told.error, file, notes)

    def handle_lost(self, job: Job, failure: Failure | str) -> None:
        """A job's worker died. Its finished stages are in the store, so it is run again, `MAX_ATTEMPTS` times in all."""
        told = mask_failure(failure)
        file, notes = self._write_failure(job, told, ())
        self._worker_deaths[get_job_key(job)] += 1
        if self._worker_deaths[get_job_key(job)] >= MAX_ATTEMPTS:
            self._fail(job, told.error, file, notes)
            return
        self._stop(job)
        self.again.append(job)
        self._notify_listeners(
            JobEvent(job=job, outcome=None, error=told.error, value=None, notes=notes, again=True, failure=file)
        )

    def _fail(self, job: Job, error: str, file: str | None, notes: Sequence[str]) -> None:
        self._stop(job)
        if job.seed is None:
            self.study.tell_failed(job.number, error, file)
        else:
            self.study.tell_repeat_failed(job.number, job.seed, error, file)
        self._notify_listeners(JobEvent(job=job, outcome=None, error=error, value=None, notes=notes, failure=file))

    def _write_failure(self, job: Job, failure: Failure, notes: Sequence[str]) -> tuple[str | None, Sequence[str]]:
        """The file of a failure, and what is to be told: a disk that takes no file ends no search."""
        try:
            return write_failure(self.study.failures, failure, job.number, job.trial, job.seed), notes
        except OSError as error:
            return None, [*notes, f"tracebacks of failures cannot be kept ({error.strerror or error})"]

    def _list_finalist_jobs(self) -> list[Job]:
        """Repeats that are still missing."""
        return [
            Job(number=record.number, trial=record.trial.with_seed(seed), seed=seed, splits=("dev", "test"))
            for record, seed in list_missing_repeats(
                self.study.get_complete_trials(), self.study.get_repeat_outcomes(), self.config
            )
            if record.trial is not None
        ]

    @property
    def stop_reason(self) -> str:
        """Why no further trial is asked for although there are some left, in words; empty if that is not so."""
        budget, patience = self.config.budget, self.config.stop.patience
        if budget.hours is not None and time.monotonic() - self.started > budget.hours * 3600:
            return f"budget.hours: {budget.hours:g} hours are over"
        improbable = self.config.stop.improbable_improvement
        if budget.stage_seconds is None and patience is None and improbable is None:
            return ""
        ended = [record for record in self.study.get_trial_records() if record.is_finished]
        spent = sum(record.outcome.trained_seconds for record in ended if record.outcome)
        if budget.stage_seconds is not None and spent >= budget.stage_seconds:
            return f"budget.stage_seconds: {spent:.0f} seconds were trained"
        values = [-math.inf if record.value is None else record.value for record in ended]
        since = len(values) - 1 - values.index(max(values)) if values else 0
        if patience is not None and since >= patience:
            return f"stop.patience: the last {since} trials were no better than one before them"
        if improbable is not None and self.left:
            if self._improvement_estimate[0] != len(ended):
                self._improvement_estimate = (
                    len(ended),
                    self.study.estimate_improvement_probability(improbable.by, self.left),
                )
            if self._improvement_estimate[1] < improbable.probability:
                return (
                    f"stop.improbable_improvement: the {self.left} trials left find one that is better by {improbable.by:g}"
                    f" with a probability of {self._improvement_estimate[1]:.2g}"
                )
        return ""

    def _start(self, job: Job) -> Job:
        self.running[get_job_key(job)] = job
        self.start_times[get_job_key(job)] = time.monotonic()
        return job

    def _stop(self, job: Job) -> None:
        del self.running[get_job_key(job)]
        self._pruning_reasons.pop(job.number, None)

    def _notify_listeners(self, event: JobEvent) -> None:
        event = replace(event, seconds=time.monotonic() - self.start_times.pop(get_job_key(event.job)))
        for listener in self.listeners:
            listener(event)


def get_job_key(job: Job) -> JobKey:
    """What tells a job from every other one of a launch."""
    return job.number if job.seed is None else (job.number, job.seed)
