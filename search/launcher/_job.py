"""Jobs of a launch, and what became of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trainables.curriculum import Trial
from trainables.outcome import Outcome
from trainables.transfer import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a trial on a worker."""

    number: int
    """The trial's number in the study."""
    trial: Trial
    seed: int | None = None
    """The fresh seed of a finalist's repeat; None for the trial itself."""
    splits: tuple[Split, ...] = ("dev",)
    """The splits that its targets are scored on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """The end of a job."""

    job: Job
    outcome: Outcome | None
    """None if the job failed; of a pruned trial, the outcome of the targets that were scored."""
    error: str | None
    """Why the job failed, if it did."""
    value: float | None
    """The objective of a complete trial."""
    notes: Sequence[str] = ()
    """Notes for the user, such as a damaged stage or a store that cannot be written to."""
    will_retry: bool = False
    """Whether the job runs again in this launch, because its worker died."""
    pruned: str = ""
    """Why the trial was ended early, if it was."""
    failure: str | None = None
    """The file with the traceback, relative to the search's folder."""
    seconds: float = 0.0
    """Time since the job was given to a worker."""


JobKey = int | tuple[int, int]
"""A trial's number, or number and seed of a repeat."""
JobListener = Callable[[JobEvent], None]


def get_job_key(job: Job) -> JobKey:
    """The key of a job, unique in its launch."""
    return job.number if job.seed is None else (job.number, job.seed)
