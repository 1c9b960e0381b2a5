"""Scheduler: decides which job runs next. Trials run first, then finalists on fresh seeds. It knows nothing of Ray."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from search.config import Config
from search.home import mask_failure, write_failure
from search.launcher._job import Job, JobEvent, JobKey, JobListener, get_job_key
from search.launcher._pruning import SPARE_ONE_IN, count_pruning_decisions, explain_pruning
from search.launcher._stop_criteria import StopCriteria
from search.launcher._writable_study import WritableStudy
from search.study import list_missing_repeats
from trainables.failure import Failure
from trainables.outcome import Outcome

MAX_ATTEMPTS = 3
"""Runs of a job whose worker dies, before it has failed: the job itself may kill its worker, by running out of memory."""


@dataclass(slots=True)
class Scheduler:
    """The jobs of one launch.

    A failed trial counts as one of the launch's trials; the next launch runs it once more.
    """

    config: Config
    study: WritableStudy
    listeners: list[JobListener]
    """Called when a job has ended and is recorded, in this order."""
    running_jobs: dict[JobKey, Job] = field(default_factory=dict)
    start_times: dict[JobKey, float] = field(default_factory=dict)
    """When each running job was given to a worker, by `time.monotonic`."""
    trials_left: int = 0
    """Trials that are not started."""
    exhausted: bool = False
    """Whether the space has no untried trial left."""
    repeat_jobs: deque[Job] | None = None
    """Repeats of finalists on fresh seeds that are not started; None until all trials are done."""
    retry_jobs: deque[Job] = field(default_factory=deque)
    """Jobs whose worker died, to be run again."""
    stop_criteria: StopCriteria = field(init=False)
    _worker_deaths: Counter[JobKey] = field(default_factory=Counter)
    _pruning_reasons: dict[int, str] = field(default_factory=dict)
    """By trial number, for trials that were told to end early and are still running."""

    def __post_init__(self) -> None:
        self.stop_criteria = StopCriteria(self.study)
        finished = [record for record in self.study.get_trial_records() if record.is_finished]
        self.trials_left = max(0, self.config.trials - len(finished))

    @property
    def stop_reason(self) -> str:
        """Why no further trial is started although some are left; empty if they are."""
        return self.stop_criteria.explain_stop(self.trials_left)

    @property
    def pending_jobs(self) -> int:
        """Jobs of this launch that have not ended, running ones included. The number of repeats is estimated until all trials are done."""
        return len(self.running_jobs) + len(self.retry_jobs) + self.pending_trials + self.pending_repeats

    @property
    def pending_trials(self) -> int:
        """Trials that will still be started."""
        return 0 if self.exhausted or self.stop_reason else self.trials_left

    @property
    def pending_repeats(self) -> int:
        """Repeats that will still be started; an estimate until all trials are done."""
        if self.repeat_jobs is not None:
            return len(self.repeat_jobs)
        if not self.pending_trials and not self.running_jobs:
            return len(self._list_missing_repeats())
        top, trials = self.config.finalists.count_finalists(self.config.trials), self.config.trials
        return self.config.finalists.seeds * min(top + 1, trials) if top else 0

    @property
    def is_done(self) -> bool:
        """Whether no job is running or left."""
        return not self.running_jobs and not self.retry_jobs and self.repeat_jobs is not None and not self.repeat_jobs

    def next_job(self) -> Job | None:
        """Start the next job.

        Returns:
            The job; None if there is none at the moment, since running trials decide who the finalists are, or none at all (`is_done`).
        """
        if self.retry_jobs:
            return self._start(self.retry_jobs.popleft())
        if self.pending_trials:
            proposal = self.study.ask()
            if proposal is not None:
                self.trials_left -= 1
                number, trial = proposal
                return self._start(Job(number=number, trial=trial))
            self.exhausted = True
        if self.repeat_jobs is None and not self.running_jobs:
            self.repeat_jobs = deque(self._list_missing_repeats())
        return self._start(self.repeat_jobs.popleft()) if self.repeat_jobs else None

    def handle_done(self, job: Job, outcome: Outcome, notes: Sequence[str] = ()) -> None:
        """Record the outcome of a job."""
        self._stop(job)
        value = None
        if job.seed is None:
            value = self.study.tell(job.number, outcome)
        else:
            self.study.tell_repeat(job.number, job.seed, outcome)
        self._notify_listeners(JobEvent(job=job, outcome=outcome, error=None, value=value, notes=notes))

    def handle_report(self, job: Job, targets_done: float, outcome: Outcome, among_best: bool) -> bool:
        """Record an intermediate report of a running trial, and decide whether it goes on.

        Args:
            job: the trial, which is no repeat.
            targets_done: number of targets with a dev set that are done, including the part that is done of the current one.
            outcome: outcome of the targets that are done.
            among_best: whether ASHA ranks the trial among the best that came as far; True if ASHA is not among the rules.

        Returns:
            Whether the trial goes on. One in `SPARE_ONE_IN` trials that should end early goes on too.
        """
        self.study.report(job.number, targets_done, outcome.transfer.objective(self.config.objective))
        why = explain_pruning(self.study, job, targets_done, outcome, among_best)
        if why:
            decisions = count_pruning_decisions(self.study.get_trial_records()) + len(self._pruning_reasons)
            if decisions % SPARE_ONE_IN == 0:
                self.study.record_spared(job.number, why)
                return True
            self._pruning_reasons[job.number] = why
        return not why

    def handle_pruned(self, job: Job, outcome: Outcome, notes: Sequence[str] = ()) -> None:
        """Record a trial that ended early. It has failed if nobody told it to."""
        if (why := self._pruning_reasons.get(job.number)) is None:
            self.handle_failed(job, "stopped before it was done", notes)
            return
        self._stop(job)
        self.study.tell_pruned(job.number, outcome, why)
        self._notify_listeners(JobEvent(job=job, outcome=outcome, error=None, value=None, notes=notes, pruned=why))

    def handle_failed(self, job: Job, failure: Failure | str, notes: Sequence[str] = ()) -> None:
        """Record a job that failed."""
        masked = mask_failure(failure)
        file, notes = self._write_failure(job, masked, notes)
        self._fail(job, masked.error, file, notes)

    def handle_lost(self, job: Job, failure: Failure | str) -> None:
        """Handle the death of a job's worker. The job runs again, `MAX_ATTEMPTS` times in all; finished stages are in the store."""
        masked = mask_failure(failure)
        file, notes = self._write_failure(job, masked, ())
        self._worker_deaths[get_job_key(job)] += 1
        if self._worker_deaths[get_job_key(job)] >= MAX_ATTEMPTS:
            self._fail(job, masked.error, file, notes)
            return
        self._stop(job)
        self.retry_jobs.append(job)
        self._notify_listeners(
            JobEvent(job=job, outcome=None, error=masked.error, value=None, notes=notes, will_retry=True, failure=file)
        )

    def _fail(self, job: Job, error: str, file: str | None, notes: Sequence[str]) -> None:
        self._stop(job)
        if job.seed is None:
            self.study.tell_failed(job.number, error, file)
        else:
            self.study.tell_repeat_failed(job.number, job.seed, error, file)
        self._notify_listeners(JobEvent(job=job, outcome=None, error=error, value=None, notes=notes, failure=file))

    def _write_failure(self, job: Job, failure: Failure, notes: Sequence[str]) -> tuple[str | None, Sequence[str]]:
        """Write the traceback; returns its file and the notes. A full disk ends no search: it is one more note."""
        try:
            return write_failure(self.study.failures, failure, job.number, job.trial, job.seed), notes
        except OSError as error:
            return None, [*notes, f"tracebacks of failures cannot be written ({error.strerror or error})"]

    def _list_missing_repeats(self) -> list[Job]:
        return [
            Job(number=record.number, trial=record.trial.with_seed(seed), seed=seed, splits=("dev", "test"))
            for record, seed in list_missing_repeats(
                self.study.get_complete_trials(), self.study.get_repeat_outcomes(), self.config
            )
            if record.trial is not None
        ]

    def _start(self, job: Job) -> Job:
        self.running_jobs[get_job_key(job)] = job
        self.start_times[get_job_key(job)] = time.monotonic()
        return job

    def _stop(self, job: Job) -> None:
        del self.running_jobs[get_job_key(job)]
        self._pruning_reasons.pop(job.number, None)

    def _notify_listeners(self, event: JobEvent) -> None:
        event = replace(event, seconds=time.monotonic() - self.start_times.pop(get_job_key(event.job)))
        for listener in self.listeners:
            listener(event)
