"""The whole content of one MLflow run; a run whose digest is unchanged is not written again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trainables.store import digest_json

VIEW_VERSION = "2"
"""Increase it when params change: MLflow's params are immutable, so runs of an older version are created again."""

LAUNCH_TAG, TRIAL_TAG, VIEW_TAG, DIGEST_TAG = "xlt.launch", "xlt.trial", "xlt.view", "xlt.digest"
NOTE_TAG, PARENT_TAG = "mlflow.note.content", "mlflow.parentRunId"
MAX_TAG_LENGTH, MAX_PARAM_LENGTH = 8000, 6000

DatasetRole = Literal["intermediate", "target"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A task's training data as the run used it."""

    task: str
    digest: str
    """The start of the data's fingerprint; ``unknown`` where no store has a stage of it."""
    role: DatasetRole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """One run."""

    number: int | None
    """The trial's number; None for the run of a launch."""
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
    """Duration in seconds."""

    @property
    def query(self) -> str:
        """MLflow's filter that finds the run."""
        return f"tags.`{LAUNCH_TAG}` = '1'" if self.number is None else f"tags.`{TRIAL_TAG}` = '{self.number}'"

    @property
    def digest(self) -> str:
        """Hash of the content and `VIEW_VERSION`, 32 hexadecimal digits."""
        content = [self.name, self.params, self.tags, self.metrics, [str(each) for each in self.datasets], self.tables]
        content += [dict(self.texts)] if self.texts else []  # only then: older contents keep their digests
        return digest_json(json.loads(json.dumps([*content, self.status, self.seconds, VIEW_VERSION])))[:32]

    @property
    def all_tags(self) -> dict[str, str]:
        """Its tags and those that `query` searches."""
        mark = {LAUNCH_TAG: "1"} if self.number is None else {TRIAL_TAG: str(self.number)}
        return {**mark, VIEW_TAG: VIEW_VERSION, **{name: word[:MAX_TAG_LENGTH] for name, word in self.tags.items()}}
