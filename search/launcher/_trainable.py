"""Ray Tune's trainable: runs one job in a worker process."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ray import tune

from search.cluster import check_same_code
from search.cluster.connection import set_credentials
from trainables.curriculum import Trial
from trainables.failure import Failure, summarise_error
from trainables.outcome import Outcome

TARGETS_DONE = "targets_done"
"""Key of a report: number of targets that are done. Tune takes a plain ``done`` for the end of a trial."""


def run_job(config: dict[str, Any], keys: Mapping[str, str]) -> None:
    """Run one job and report its outcome. A failure is reported as a result too, so that the worker stays alive.

    Args:
        config: the job, as `search.launcher._searcher.SchedulerSearcher` suggests it.
        keys: environment variables with the keys of the object store.
    """
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


def parse_partial_outcome(result: Mapping[str, Any]) -> Outcome:
    """The outcome of the targets that are done, from an intermediate report."""
    return Outcome.from_json(json.loads(result["partial"]))


def _describe_own_environment() -> dict[str, str]:
    """Describe the environment of this process. What broke the job may have broken torch, too."""
    try:
        from trainables.training import describe_environment

        return describe_environment()
    except Exception as error:
        return {"unknown": summarise_error(error)}


def _compute_outcome(
    config: dict[str, Any], notify: Callable[[str], None], report: Callable[[str, float, Outcome], None]
) -> Outcome:
    """Run the trial. Torch is imported here, so that an error of its import is the job's failure."""
    check_same_code(config["code"])
    from trainables.worker import run_trial_in_worker

    return run_trial_in_worker(
        Trial.from_json(config["trial"]),
        config["stages"],
        tuple(config["splits"]),
        config["threads"],
        tell=notify,
        data=config["data"],
        on_partial=report if config["scored"] else None,
        parts=config["parts"],
    )
