"""What one run is to hold, whole: two sheets that are the same need not be written twice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trainables.store import digest_json

VIEW_VERSION = "2"
"""Bumped by hand when params change, which MLflow lets nobody change in a run: runs of an older view are made anew."""

LAUNCH_TAG, TRIAL_TAG, VIEW_TAG, DIGEST_TAG = "xlt.launch", "xlt.trial", "xlt.view", "xlt.digest"
NOTE_TAG, PARENT_TAG = "mlflow.note.content", "mlflow.parentRunId"
MAX_TAG_LENGTH, MAX_PARAM_LENGTH = 8000, 6000

DatasetRole = Literal["intermediate", "target"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A task's training data as the run used it."""

    task: str
    digest: str
    """The first of the data's fingerprint; `UNKNOWN` where no stage of it is in a store."""
    role: DatasetRole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """One run."""

    number: int | None
    """Of the trial; None for the launch's own run."""
    name: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """JSON artifacts by file name."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Text artifacts by file name."""
    status: Literal["FINISHED", "FAILED", "KILLED"] = "FINISHED"
    seconds: float = 0.0
    """How long it took."""

    @property
    def query(self) -> str:
        """How MLflow finds the run."""
        return f"tags.`{LAUNCH_TAG}` = '1'" if self.number is None else f"tags.`{TRIAL_TAG}` = '{self.number}'"

    @property
    def digest(self) -> str:
        """Of everything above."""
        told = [self.name, self.params, self.tags, self.metrics, [str(each) for each in self.datasets], self.tables]
        told += [dict(self.texts)] if self.texts else []  # only then: sheets of before keep their digests
        return digest_json(json.loads(json.dumps([*told, self.status, self.seconds, VIEW_VERSION])))[:32]

    @property
    def all_tags(self) -> dict[str, str]:
        """Its tags and those by which it is found."""
        mark = {LAUNCH_TAG: "1"} if self.number is None else {TRIAL_TAG: str(self.number)}
        return {**mark, VIEW_TAG: VIEW_VERSION, **{name: word[:MAX_TAG_LENGTH] for name, word in self.tags.items()}}
