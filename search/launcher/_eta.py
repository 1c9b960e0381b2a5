"""When a launch will be done: from the stages of the tree that are still to train, and from what such stages took so far."""

import heapq
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from statistics import fmean, median

from search.launcher._scheduler import Job, JobEvent, JobKey, Scheduler, get_job_key
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
"""Trials drawn in place of those that the sampler will choose; where more are ahead, the others cost as much as these."""


class EtaEstimator:
    """Foresees what is left of a launch, job by job as they end."""

    def __init__(self, agenda: Scheduler, study: Study, entries: Sequence[StageEntry] = ()) -> None:
        """Begin before the first job.

        Args:
            agenda: the launch's.
            study: the search's.
            entries: of the stage store: they need not be trained, and tell what stages took.
        """
        self.scheduler, self.study, self.config = agenda, study, study.config
        own = select_stages_on_encoder(self.config.encoder, entries)
        self._cost_model = CostModel(own)
        self._known: set[PathSignature] = collect_trained_paths(own, self.config.resources.arithmetic)
        self._known |= (
            {self._compute_signature(path) for path in study.get_stage_paths()} if self.config.store.enabled else set()
        )
        self._drawn = _draw_future_trials(study, agenda.left)
        self._asked = agenda.left
        self._new_paths: dict[JobKey, list[StagePath]] = {}
        """The stages that a job that runs was the first to ask for."""
        self._scoring_seconds: list[float] = []
        """Seconds that scoring a target took on one split, job by job."""
        self._overheads: list[float] = []
        """Seconds that jobs took besides training and scoring."""
        self._first_overheads: list[float] = []
        """The same of each worker's first job, which reads everything: from its worker's start on."""
        self._jobs = 0

    def ended(self, event: JobEvent) -> float | None:
        """Learn from a job that ended; returns the seconds that are left, or None while nothing tells."""
        for job in (event.job, *self.scheduler.running.values()):
            self._new_paths.setdefault(get_job_key(job), self._claim_new_paths(job.trial, job.splits, self._known))
        del self._new_paths[get_job_key(event.job)]
        self._jobs += 1
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
        worked = outcome.trained_seconds + outcome.scoring_seconds
        if self._jobs > self.config.resources.workers:
            self._overheads.append(max(0.0, event.seconds - worked))
        else:
            self._first_overheads.append(max(0.0, outcome.seconds - worked))

    def _estimate_seconds(self) -> float:
        known = set(self._known)
        running = [self._estimate_rest(job) for job in self.scheduler.running.values()]
        trials = [
            self._estimate_cost(self._claim_new_paths(job.trial, job.splits, known), job.splits)
            for job in self.scheduler.again
        ]
        ahead = self.scheduler.pending_trials
        drawn = self._drawn[self._asked - self.scheduler.left :][:ahead]
        foreseen = [self._estimate_cost(self._claim_new_paths(trial, ("dev",), known), ("dev",)) for trial in drawn]
        foreseen += [fmean(foreseen[-20:])] * (ahead - len(foreseen)) if foreseen else []
        repeats = [
            self._estimate_cost(self._claim_new_paths(job.trial, job.splits, known), job.splits)
            for job in self._list_repeat_jobs(drawn)
        ]
        return self._made(running, [*trials, *foreseen]) + self._made([], repeats)

    def _list_repeat_jobs(self, drawn: Sequence[Trial]) -> list[Job]:
        """The repeats that are ahead: of the finalists as they stand, and of any trials while there are too few."""
        if self.scheduler.repeats is not None:
            return list(self.scheduler.repeats)
        count = self.scheduler.pending_repeats // max(1, self.config.finalists.seeds)
        chosen = [
            record.trial for record in select_finalists(self.study.get_complete_trials(), self.config) if record.trial
        ]
        return [
            Job(number=-1, trial=trial.with_seed(seed), seed=seed, splits=("dev", "test"))
            for seed in get_fresh_seeds(self.config)
            for trial in [*chosen, *drawn][:count]
        ]

    def _claim_new_paths(self, trial: Trial, splits: Sequence[str], known: set[PathSignature]) -> list[StagePath]:
        """The stages of a trial that are not known yet, and known from now on."""
        found = []
        for path in iterate_stage_paths(trial, test="test" in splits):
            if (name := self._compute_signature(path)) not in known:
                found.append(path)
                if self.config.store.enabled:
                    known.add(name)
        return found

    def _compute_signature(self, path: StagePath) -> PathSignature:
        return compute_path_signature(path, path[-1].task in self.config.targets)

    def _estimate_cost(self, new: Iterable[StagePath], splits: Sequence[str]) -> float:
        """Seconds that a worker is at a job."""
        new = list(new)
        scored = sum(path[-1].task in self.config.targets for path in new) * len(splits)
        training = sum(self._cost_model.estimate_seconds(path[-1]) or 0.0 for path in new)
        besides = median(self._overheads) if self._overheads else min(self._first_overheads, default=0.0)
        return training + scored * _mean_or_zero(self._scoring_seconds) + besides

    def _estimate_rest(self, job: Job) -> float:
        """Seconds that a job which runs will run still: a tenth of it at least, as nothing is heard of it before its end."""
        whole = self._estimate_cost(self._new_paths[get_job_key(job)], job.splits)
        return max(whole / 10, whole - (time.monotonic() - self.scheduler.start_times[get_job_key(job)]))

    def _made(self, running: Sequence[float], jobs: Sequence[float]) -> float:
        """Seconds until all are done, each worker taking the next job when it is free."""
        workers = [*running, *[0.0] * (self.config.resources.workers - len(running))]
        heapq.heapify(workers)
        for seconds in jobs:
            heapq.heapreplace(workers, workers[0] + seconds)
        return max(workers)


def _mean_or_zero(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _draw_future_trials(study: Study, count: int) -> list[Trial]:
    """Trials like those that will be asked for: of a design the very ones, else untried ones at random."""
    space, rng = CurriculumSpace(study.config), Random(study.config.seed)
    seen = {record.trial for record in study.get_trial_records() if record.is_finished}
    if study.config.sampler == "orders":
        rows = (space.suggest(SampledTrial(rng, row)) for row in iterate_design(space))
        return list(islice((trial for trial in rows if trial not in seen), count))
    first = [space.suggest(SampledTrial(rng, space.make_baseline_parameters()))]
    found = [trial for trial in first if trial not in seen][:count]
    seen.update(found)
    while (
        len(found) < min(count, MAX_DRAWN_TRIALS) and (parameters := find_untried(space.suggest, seen, rng)) is not None
    ):
        found.append(space.suggest(SampledTrial(rng, parameters)))
        seen.add(found[-1])
    return found
