"""Estimated time until a launch is done, from the stages that are left and the measured times of similar ones."""

import heapq
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from statistics import fmean, median

from search.launcher._job import Job, JobEvent, JobKey, get_job_key
from search.launcher._scheduler import Scheduler
from search.planner import CostModel, StagePath
from search.sampler import SampledTrial, find_untried
from search.space import (
    CurriculumSpace,
    PathSignature,
    collect_trained_paths,
    compute_path_signature,
    iterate_design,
    iterate_stage_paths,
    select_stages_on_encoder,
)
from search.study import Study, get_fresh_seeds, select_finalists
from trainables.curriculum import Trial
from trainables.store import StageEntry

MAX_DRAWN_TRIALS = 200
"""Trials that are drawn in place of those that the sampler will propose; any further trial is taken to cost as much as these on average."""


class EtaEstimator:
    """Estimates the time left of a launch after each job."""

    def __init__(self, scheduler: Scheduler, study: Study, entries: Sequence[StageEntry] = ()) -> None:
        """Create the estimator before the first job starts.

        Args:
            scheduler: scheduler of the launch.
            study: study of the search.
            entries: stages of the store, which are not trained again and whose measured times are used.
        """
        self.scheduler, self.study, self.config = scheduler, study, study.config
        on_encoder = select_stages_on_encoder(self.config.encoder, entries)
        self._cost_model = CostModel(on_encoder)
        self._known_paths: set[PathSignature] = collect_trained_paths(on_encoder, self.config.resources.arithmetic)
        if self.config.store.enabled:
            self._known_paths |= {self._compute_signature(path) for path in study.get_stage_paths()}
        self._drawn_trials = _draw_future_trials(study, scheduler.trials_left)
        self._trials_at_start = scheduler.trials_left
        self._new_paths: dict[JobKey, list[StagePath]] = {}
        """By running job, the stages that no job before it asked for."""
        self._scoring_seconds: list[float] = []
        """Seconds to score a target on one split, a value a job."""
        self._overheads: list[float] = []
        """Seconds that a job took besides training and scoring."""
        self._first_overheads: list[float] = []
        """The same of each worker's first job, which loads encoder and data, from the start of the job's own measurement."""
        self._jobs_ended = 0

    def update(self, event: JobEvent) -> float | None:
        """Learn from a job that ended; returns the estimated seconds left, or None without measurements."""
        for job in (event.job, *self.scheduler.running_jobs.values()):
            self._new_paths.setdefault(
                get_job_key(job), self._claim_new_paths(job.trial, job.splits, self._known_paths)
            )
        del self._new_paths[get_job_key(event.job)]
        self._jobs_ended += 1
        if event.outcome is not None:
            self._learn(event)
        return self._estimate_seconds() if self._cost_model.has_measurements else None

    def _learn(self, event: JobEvent) -> None:
        job, outcome = event.job, event.outcome
        assert outcome is not None
        stages = {stage.task: stage for stage in job.trial.targets}
        for run, stage in zip(outcome.stages, job.trial.curriculum, strict=False):
            if run.trained and stage.steps:
                self._cost_model.learn(stage, run.seconds)
        trained = [run for run in outcome.stages if run.target and run.trained and run.whole]
        for run in trained:
            if stages[run.task].steps:
                self._cost_model.learn(stages[run.task], run.seconds)
        if trained:
            self._scoring_seconds.append(outcome.scoring_seconds / len(trained) / len(job.splits))
        busy = outcome.trained_seconds + outcome.scoring_seconds
        if self._jobs_ended > self.config.resources.workers:
            self._overheads.append(max(0.0, event.seconds - busy))
        else:
            self._first_overheads.append(max(0.0, outcome.seconds - busy))

    def _estimate_seconds(self) -> float:
        known = set(self._known_paths)
        running = [self._estimate_rest(job) for job in self.scheduler.running_jobs.values()]
        retries = [self._estimate_new_cost(job.trial, job.splits, known) for job in self.scheduler.retry_jobs]
        pending = self.scheduler.pending_trials
        drawn = self._drawn_trials[self._trials_at_start - self.scheduler.trials_left :][:pending]
        trials = [self._estimate_new_cost(trial, ("dev",), known) for trial in drawn]
        trials += [fmean(trials[-20:])] * (pending - len(trials)) if trials else []
        repeats = [self._estimate_new_cost(job.trial, job.splits, known) for job in self._list_repeat_jobs(drawn)]
        return self._simulate_workers(running, [*retries, *trials]) + self._simulate_workers([], repeats)

    def _list_repeat_jobs(self, drawn: Sequence[Trial]) -> list[Job]:
        """The repeats that are left. Until all trials are done these are of the finalists so far, and of drawn trials if there are too few."""
        if self.scheduler.repeat_jobs is not None:
            return list(self.scheduler.repeat_jobs)
        count = self.scheduler.pending_repeats // max(1, self.config.finalists.seeds)
        finalists = [
            record.trial for record in select_finalists(self.study.get_complete_trials(), self.config) if record.trial
        ]
        return [
            Job(number=-1, trial=trial.with_seed(seed), seed=seed, splits=("dev", "test"))
            for seed in get_fresh_seeds(self.config)
            for trial in [*finalists, *drawn][:count]
        ]

    def _claim_new_paths(self, trial: Trial, splits: Sequence[str], known: set[PathSignature]) -> list[StagePath]:
        """The stages of a trial that are not in `known`. With a store they are added to it."""
        new = []
        for path in iterate_stage_paths(trial, test="test" in splits):
            if (signature := self._compute_signature(path)) not in known:
                new.append(path)
                if self.config.store.enabled:
                    known.add(signature)
        return new

    def _compute_signature(self, path: StagePath) -> PathSignature:
        return compute_path_signature(path, path[-1].task in self.config.targets)

    def _estimate_new_cost(self, trial: Trial, splits: Sequence[str], known: set[PathSignature]) -> float:
        return self._estimate_cost(self._claim_new_paths(trial, splits, known), splits)

    def _estimate_cost(self, new: Iterable[StagePath], splits: Sequence[str]) -> float:
        """Seconds of a job that trains these stages."""
        new = list(new)
        scored = sum(path[-1].task in self.config.targets for path in new) * len(splits)
        training = sum(self._cost_model.estimate_seconds(path[-1]) or 0.0 for path in new)
        overhead = median(self._overheads) if self._overheads else min(self._first_overheads, default=0.0)
        return training + scored * _mean_or_zero(self._scoring_seconds) + overhead

    def _estimate_rest(self, job: Job) -> float:
        """Seconds left of a running job: at least a tenth of its estimate, since its progress is unknown."""
        whole = self._estimate_cost(self._new_paths[get_job_key(job)], job.splits)
        return max(whole / 10, whole - (time.monotonic() - self.scheduler.start_times[get_job_key(job)]))

    def _simulate_workers(self, running: Sequence[float], jobs: Sequence[float]) -> float:
        """Seconds until all jobs are done, if each worker takes the next job when it is free."""
        workers = [*running, *[0.0] * (self.config.resources.workers - len(running))]
        heapq.heapify(workers)
        for seconds in jobs:
            heapq.heapreplace(workers, workers[0] + seconds)
        return max(workers)


def _mean_or_zero(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _draw_future_trials(study: Study, count: int) -> list[Trial]:
    """Trials in place of those to come: the design's own with `sampler: orders`, else the baseline and random untried ones."""
    space, rng = CurriculumSpace(study.config), Random(study.config.seed)
    tried = {record.trial for record in study.get_trial_records() if record.is_finished}
    if study.config.sampler == "orders":
        rows = (space.suggest(SampledTrial(rng, row)) for row in iterate_design(space))
        return list(islice((trial for trial in rows if trial not in tried), count))
    baseline = [space.suggest(SampledTrial(rng, space.make_baseline_parameters()))]
    drawn = [trial for trial in baseline if trial not in tried][:count]
    tried.update(drawn)
    while (
        len(drawn) < min(count, MAX_DRAWN_TRIALS)
        and (parameters := find_untried(space.suggest, tried, rng)) is not None
    ):
        drawn.append(space.suggest(SampledTrial(rng, parameters)))
        tried.add(drawn[-1])
    return drawn
