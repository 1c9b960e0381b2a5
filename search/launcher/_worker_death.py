"""The cause of a worker's death, as far as Ray knows it."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trainables.failure import Failure

WORKER_DIED = "the worker died: killed, out of memory, or its node was lost"
_LOW_MEMORY = "running low on memory"
"""Ray's words when its memory monitor killed the worker. If the kernel did, Ray knows only that the worker is gone."""
_PROCESS_LINE = re.compile(r"^(\d+\t[\d.]+\t\S+) .*$", re.MULTILINE)
"""A line of Ray's list of the machine's largest processes. Their command lines are left out: they may belong to other users."""
_FAILURE_HEADER = re.compile(r"^Failure # \d+ \(occurred at .*\)$", re.MULTILINE)
_EXCEPTION_LINE = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b.*)$", re.MULTILINE)


def explain_worker_death(trials: Sequence[Any], trial_id: str) -> Failure:
    """The failure of a job whose worker is gone, from Ray Tune's file of errors.

    Args:
        trials: Ray Tune's trials.
        trial_id: Ray Tune's id of the job's trial.
    """
    text = next((_read_error_file(trial) for trial in trials if trial.trial_id == trial_id), "")
    return Failure(error=_summarise_death(text), traceback=text and f"What Ray knows of it:\n{text}")


def _read_error_file(trial: Any) -> str:
    """The last error in Ray Tune's file; empty if there is none."""
    with suppress(OSError, TypeError):  # no file, or on a node that is gone
        *_, last = _FAILURE_HEADER.split(Path(trial.error_file).read_text(encoding="utf-8", errors="replace"))
        return _PROCESS_LINE.sub(r"\1 ...", str(last).strip())
    return ""


def _summarise_death(text: str) -> str:
    """The cause in one sentence: an exception outside of the job, too little memory, or unknown."""
    if "Traceback (most recent call last)" in text or "ray::" in text:
        raised = _EXCEPTION_LINE.findall(text)
        if raised:
            return f"the worker could not run it: {raised[-1]}"
    if _LOW_MEMORY in text:
        return "the worker was killed: its node ran low on memory"
    return WORKER_DIED
