"""What Ray knows of a worker that ended without a word."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trainables.failure import Failure

WORKER_DIED = "the worker died: killed, out of memory, or its node was lost"
_LOW_MEMORY = "running low on memory"
"""As Ray's own watch over memory says it; of what the kernel killed nobody hears more than that it is gone."""
_PROCESS_LINE = re.compile(r"^(\d+\t[\d.]+\t\S+) .*$", re.MULTILINE)
"""Ray lists the largest processes of the machine with their command lines, which are nobody else's business."""
_FAILURE_HEADER = re.compile(r"^Failure # \d+ \(occurred at .*\)$", re.MULTILINE)
_EXCEPTION_LINE = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b.*)$", re.MULTILINE)


def explain_worker_death(trials: Sequence[Any], trial_id: str) -> Failure:
    """The failure of a job whose worker is gone, from the file of errors that Ray Tune wrote for it.

    Args:
        trials: Ray Tune's.
        trial_id: the job's.
    """
    told = next((_read_error_file(trial) for trial in trials if trial.trial_id == trial_id), "")
    return Failure(error=_summarise_death(told), traceback=told and f"What Ray knows of it:\n{told}")


def _read_error_file(trial: Any) -> str:
    """What Ray Tune wrote last of a trial that went wrong, as whoever ran it said it."""
    with suppress(OSError, TypeError):  # no folder, or a node's that is gone: nothing is known then
        *_, last = _FAILURE_HEADER.split(Path(trial.error_file).read_text(encoding="utf-8", errors="replace"))
        return _PROCESS_LINE.sub(r"\1 ...", str(last).strip())
    return ""


def _summarise_death(told: str) -> str:
    """The cause, as far as Ray's words show one: an exception outside of the job, or the kernel's or Ray's own hand."""
    if "Traceback (most recent call last)" in told or "ray::" in told:
        raised = _EXCEPTION_LINE.findall(told)
        if raised:
            return f"the worker could not run it: {raised[-1]}"
    if _LOW_MEMORY in told:
        return "the worker was killed: its node ran low on memory"
    return WORKER_DIED
