"""Runs the scheduler's jobs with Ray Tune, on workers that stay alive from job to job."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import tune

from search.cluster import get_code_digest
from search.cluster.connection import get_worker_threads
from search.config import Config
from search.errors import ClusterLostError
from search.launcher._racing_scheduler import RacingScheduler
from search.launcher._scheduler import Scheduler
from search.launcher._searcher import SchedulerSearcher
from search.launcher._trainable import run_job

NODE_CHECK_SECONDS = 5.0


def run_jobs_on_workers(
    scheduler: Scheduler, config: Config, stages: str | None, data: Path, scratch: Path, keys: Mapping[str, str]
) -> None:
    """Run the scheduler's jobs on the cluster until none is left.

    Args:
        scheduler: scheduler of the launch.
        config: config of the search.
        stages: folder or URL of the stage store; None if it is disabled.
        data: folder of the encoded datasets.
        scratch: folder for Ray Tune's own experiment, which is removed afterwards.
        keys: environment variables with the keys of the object store.

    Raises:
        ClusterLostError: if no node is alive.
        KeyboardInterrupt: if the launch was interrupted.
    """
    resources = {"cpu": config.resources.cpus_per_trial, "gpu": config.resources.gpus_per_trial}
    shutil.rmtree(scratch, ignore_errors=True)
    searcher = SchedulerSearcher(scheduler)
    try:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(run_job, keys=dict(keys)), resources),
            param_space={
                "stages": stages,
                "data": str(data),
                "threads": get_worker_threads(config),
                "code": get_code_digest(),
            },
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=RacingScheduler(searcher) if config.racing.rules else None,
                num_samples=-1,
                max_concurrent_trials=config.resources.workers,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="launch", storage_path=str(scratch), verbose=0, callbacks=[_NodeMonitor(searcher)]
            ),
        )
        tuner.fit()
        if not scheduler.is_done:
            # Tune handles an interrupt itself and returns as if all jobs were done.
            raise KeyboardInterrupt
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _NodeMonitor(tune.Callback):  # type: ignore[misc]
    """Ends a launch whose nodes are all dead, and returns jobs whose worker could not be reused. Tune would wait for ever in both cases."""

    def __init__(self, searcher: SchedulerSearcher) -> None:
        self._searcher = searcher
        self._checked_at = time.monotonic()

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Check the nodes every `NODE_CHECK_SECONDS`.

        Raises:
            ClusterLostError: if none is alive.
        """
        self._searcher.trials = trials
        if time.monotonic() - self._checked_at > NODE_CHECK_SECONDS:
            self._checked_at = time.monotonic()
            if not any(node["Alive"] for node in ray.nodes()):
                raise ClusterLostError("Ray has no node left: it was killed, or ran out of memory")
            for trial in trials:
                if trial.status == "ERROR" and trial.trial_id in self._searcher.jobs:
                    self._searcher.on_trial_complete(trial.trial_id, error=True)
