"""The scheduler as Ray Tune's searcher: what runs next, and what came of it."""

import json
from collections.abc import Sequence
from typing import Any

from ray.tune.search import Searcher

from search.launcher._job import Job
from search.launcher._scheduler import Scheduler
from search.launcher._trainable import parse_partial_outcome
from search.launcher._worker_death import explain_worker_death
from trainables.failure import Failure
from trainables.outcome import Outcome


class SchedulerSearcher(Searcher):  # type: ignore[misc]
    """Suggests the scheduler's jobs to Ray Tune, and hands results back."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self.scheduler = scheduler
        self.jobs: dict[str, Job] = {}
        """Running jobs by Ray Tune's trial id."""
        self.trials: Sequence[Any] = ()
        """Ray Tune's trials, which know the cause of a worker's death."""

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any) -> bool:
        """Keep the part of a worker's input that is the same for all jobs: Ray Tune's `param_space`."""
        self.constant_input = config
        return True

    def suggest(self, trial_id: str) -> Any:
        """The input of the next job; None if there is none at the moment; `Searcher.FINISHED` after the last."""
        job = self.scheduler.next_job()
        if job is None:
            return Searcher.FINISHED if self.scheduler.is_done else None
        self.jobs[trial_id] = job
        settings = self.scheduler.config
        races = settings.racing.rules and job.seed is None
        return {
            **self.constant_input,
            "trial": job.trial.to_json(),
            "splits": list(job.splits),
            "parts": settings.racing.parts,
            "scored": list(settings.scored_targets) if races else [],
            "objective": settings.objective,
        }

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Hand the result of a job to the scheduler; no result if its worker died."""
        job = self.jobs.pop(trial_id, None)
        if job is None:
            return
        if error or result is None:
            self.scheduler.handle_lost(job, explain_worker_death(self.trials, trial_id))
            return
        if not {"failure", "outcome", "partial"} & result.keys():
            self.scheduler.handle_failed(job, "stopped before it was done")
            return
        notes = result["notes"].splitlines()
        if "failure" in result:
            self.scheduler.handle_failed(job, Failure(**json.loads(result["failure"])), notes)
        elif "outcome" in result:
            self.scheduler.handle_done(job, Outcome.from_json(json.loads(result["outcome"])), notes)
        else:
            self.scheduler.handle_pruned(job, parse_partial_outcome(result), notes)

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the study is the record, Ray's own restore is never used."""

    def restore(self, checkpoint_path: str) -> None:
        """Restore nothing, see `save`."""

    def __getstate__(self) -> dict[str, Any]:
        return {}
