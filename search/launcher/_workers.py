"""Ray Tune: hands the agenda's jobs to workers that stay alive from job to job."""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count, takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from search.cluster import check_same_code, get_code_digest
from search.cluster.connection import get_worker_threads, set_credentials
from search.config import Config
from search.errors import ClusterLostError
from search.launcher._scheduler import Job, Scheduler
from search.launcher._worker_death import explain_worker_death
from search.study import STEPS_PER_TARGET
from trainables.curriculum import Trial
from trainables.failure import Failure, summarise_error
from trainables.outcome import Outcome

NODE_CHECK_SECONDS = 5.0
TARGETS_DONE = "targets_done"
"""Of a report; Tune takes a plain ``done`` for the end of a trial."""


def run_jobs_on_workers(
    agenda: Scheduler, config: Config, stages: str | None, data: Path, scratch: Path, keys: Mapping[str, str]
) -> None:
    """Run the agenda to its end on the cluster; Ray Tune's own experiment folder is scratch and thrown away."""
    resources = {"cpu": config.resources.cpus_per_trial, "gpu": config.resources.gpus_per_trial}
    shutil.rmtree(scratch, ignore_errors=True)
    searcher = SchedulerSearcher(agenda)
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
        if not agenda.over:
            # Tune takes an interrupt for a request to end early and returns as if all were done.
            raise KeyboardInterrupt
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _NodeMonitor(tune.Callback):  # type: ignore[misc]
    """Ends a launch whose cluster is gone, and takes up jobs whose worker could not be used again: Tune would wait for ever."""

    def __init__(self, searcher: "SchedulerSearcher") -> None:
        self._searcher = searcher
        self._checked_at = time.monotonic()

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Look at the nodes now and then.

        Raises:
            ClusterLostError: when none is alive.
        """
        self._searcher.trials = trials
        if time.monotonic() - self._checked_at > NODE_CHECK_SECONDS:
            self._checked_at = time.monotonic()
            if not any(node["Alive"] for node in ray.nodes()):
                raise ClusterLostError("Ray has no node left: it was killed, or ran out of memory")
            for trial in trials:
                if trial.status == "ERROR" and trial.trial_id in self._searcher.jobs:
                    self._searcher.on_trial_complete(trial.trial_id, error=True)


def run_job(config: dict[str, Any], keys: Mapping[str, str]) -> None:
    """Ray Tune's trainable: one job in a worker. A failure is a result too, so that the worker lives on."""
    set_credentials(keys)
    notes: list[str] = []

    def report(target: str, part: float, outcome: Outcome) -> None:
        if target in config["scored"]:
            done, value = config["scored"].index(target) + part, outcome.transfer.objective(config["objective"])
            tune.report(
                {
                    TARGETS_DONE: done,
                    "value": value,
                    "partial": json.dumps(outcome.to_json()),
                    "notes": "\n".join(notes),
                }
            )

    try:
        # As text: Tune flattens whatever is nested.
        result = {"outcome": json.dumps(_compute_outcome(config, notes.append, report).to_json())}
    except Exception as error:
        result = {"failure": json.dumps(Failure.from_exception(error, _describe_own_environment()).to_json())}
    tune.report(result | {"notes": "\n".join(notes)})


def _describe_own_environment() -> dict[str, str]:
    """Of this process; what broke a job may have broken torch too."""
    try:
        from trainables.training import describe_environment

        return describe_environment()
    except Exception as error:
        return {"unknown": summarise_error(error)}


def _compute_outcome(
    config: dict[str, Any], tell: Callable[[str], None], report: Callable[[str, float, Outcome], None]
) -> Outcome:
    """What a job comes to. Torch is imported here, so that what is wrong with it is told as the job's failure."""
    check_same_code(config["code"])
    from trainables.worker import run_trial_in_worker

    return run_trial_in_worker(
        Trial.from_json(config["trial"]),
        config["stages"],
        tuple(config["splits"]),
        config["threads"],
        tell=tell,
        data=config["data"],
        on_partial=report if config["scored"] else None,
        parts=config["parts"],
    )


class SchedulerSearcher(Searcher):  # type: ignore[misc]
    """Ray Tune's view of the agenda: what to run next, and what came of it."""

    def __init__(self, agenda: Scheduler) -> None:
        super().__init__()
        self.scheduler = agenda
        self.jobs: dict[str, Job] = {}
        self.trials: Sequence[Any] = ()
        """Ray Tune's own, for what it knows of a worker's death."""

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any) -> bool:
        """Ray hands over the constant part of a worker's input here."""
        self.constant_input = config
        return True

    def suggest(self, trial_id: str) -> Any:
        """The next job's input, None to be asked again later, or the end."""
        job = self.scheduler.next()
        if job is None:
            return Searcher.FINISHED if self.scheduler.over else None
        self.jobs[trial_id] = job
        settings = self.scheduler.config
        races = settings.racing.rules and job.seed is None
        told = {
            "trial": job.trial.to_json(),
            "splits": list(job.splits),
            "parts": settings.racing.parts,
            "scored": list(settings.scored_targets) if races else [],
            "objective": settings.objective,
        }
        return {**self.constant_input, **told}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A worker is done with a job, or gone."""
        job = self.jobs.pop(trial_id, None)
        if job is None:
            return
        if error or result is None:
            self.scheduler.handle_lost(job, explain_worker_death(self.trials, trial_id))
        elif "failure" in result:
            self.scheduler.failed(job, Failure(**json.loads(result["failure"])), result["notes"].splitlines())
        elif "outcome" in result:
            outcome = Outcome.from_json(json.loads(result["outcome"]))
            self.scheduler.done(job, outcome, result["notes"].splitlines())
        elif "partial" in result:
            self.scheduler.pruned(job, _parse_partial_outcome(result), result["notes"].splitlines())
        else:
            self.scheduler.failed(job, "stopped before it was done")

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study is the truth, Ray's own restore is never used."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing, as `save`."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


def _parse_partial_outcome(result: dict[str, Any]) -> Outcome:
    return Outcome.from_json(json.loads(result["partial"]))


class RacingScheduler(FIFOScheduler):  # type: ignore[misc]
    """Ray Tune's view of the race: whether a trial that reports goes on.

    ASHA is Ray's own; it is told what the study has of earlier launches. Trials are known to it by their numbers, so that one whose
    worker died is not counted twice, and it hears those reports alone that every trial makes as far as it comes and that it looks at.
    """

    def __init__(self, searcher: "SchedulerSearcher") -> None:
        super().__init__()
        self.searcher = searcher
        self.known: set[str] = set()
        racing, targets = searcher.scheduler.config.racing, len(searcher.scheduler.config.scored_targets)
        self.asha = ASHAScheduler(
            time_attr="looked",
            metric="value",
            mode="max",
            max_t=targets,
            grace_period=racing.grace,
            reduction_factor=racing.reduction,
            stop_last_trials=False,
        )
        self.looks: dict[int, float] = {}
        """At which step of the study ASHA looks, and what that is for ASHA: the first report at or after its milestone."""
        milestones = (racing.grace * racing.reduction**k for k in count())
        for milestone in takewhile(lambda milestone: milestone <= targets, milestones):
            self.looks[
                round(
                    racing.find_first_report(milestone, searcher.scheduler.config.untrained_target_positions)
                    * STEPS_PER_TARGET
                )
            ] = milestone
        for record in searcher.scheduler.study.get_trial_records():
            for step, value in sorted(record.intermediate_values.items()) if record.is_finished else ():
                self._among_best(record.number, step, value)

    def _among_best(self, number: int, step: int, value: float) -> bool:
        if step not in self.looks:
            return True
        entry = SimpleNamespace(trial_id=str(number))
        if entry.trial_id not in self.known:
            self.known.add(entry.trial_id)
            self.asha.on_trial_add(None, entry)
        decision = self.asha.on_trial_result(None, entry, {"looked": self.looks[step], "value": value})
        return bool(decision != TrialScheduler.STOP)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """A trial reported."""
        if "partial" not in result:
            return str(TrialScheduler.CONTINUE)
        job, outcome, agenda = (
            self.searcher.jobs[trial.trial_id],
            _parse_partial_outcome(result),
            self.searcher.scheduler,
        )
        among_best = self._among_best(job.number, round(result[TARGETS_DONE] * STEPS_PER_TARGET), result["value"])
        go_on = agenda.handle_report(
            job, result[TARGETS_DONE], outcome, among_best or "asha" not in agenda.config.racing.rules
        )
        return str(TrialScheduler.CONTINUE if go_on else TrialScheduler.STOP)
