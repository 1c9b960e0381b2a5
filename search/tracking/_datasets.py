"""The data of a run: each task with the fingerprint of its training data, from the records of the stage store."""

from typing import Any

from search.config import Config
from search.study import TrialRecord
from search.tracking._run_content import Dataset, DatasetRole
from trainables.store import StageRecords

UNKNOWN_DIGEST = "unknown"
_MAX_DIGEST_LENGTH = 36
"""Most letters of a digest in MLflow."""


class DatasetDigests:
    """The fingerprint of each task's data, from the record of the first stage trained on it. No data is loaded."""

    def __init__(self, config: Config, stages: str | None) -> None:
        """`stages` is the store's folder or URL; None where stages are not kept."""
        self.config = config
        self._records = StageRecords(stages) if stages else None
        self._fingerprints: dict[str, str] = {}

    def list_used(self, record: TrialRecord) -> tuple[Dataset, ...]:
        """The data of a trial: of its curriculum's tasks, then of its targets."""
        if record.trial is None:
            return ()
        runs = {run.task: run.key for run in record.outcome.stages} if record.outcome else {}
        for stage in record.trial.stages:
            if stage.task in runs and any(task not in self._fingerprints for task in stage.tasks):
                self._read_record(stage.tasks, runs[stage.task])
        intermediate = [task for stage in record.trial.curriculum for task in stage.tasks]
        return self._make_datasets(intermediate, "intermediate") + self._make_datasets(
            [stage.task for stage in record.trial.targets], "target"
        )

    def list_all(self) -> tuple[Dataset, ...]:
        """The data of every task of the search, with the fingerprints known so far."""
        return self._make_datasets(list(self.config.intermediate), "intermediate") + self._make_datasets(
            list(self.config.targets), "target"
        )

    def _make_datasets(self, tasks: list[str], role: DatasetRole) -> tuple[Dataset, ...]:
        return tuple(Dataset(task, self._fingerprints.get(task, UNKNOWN_DIGEST), role) for task in tasks)

    def _read_record(self, tasks: tuple[str, ...], key: str) -> None:
        record = self._records.read_record(key) if self._records else None
        identity: dict[str, Any] = record["identity"] if record else {}
        # What follows the tasks' own fingerprints is that of synonyms.
        for task, fingerprint in zip(tasks, str(identity.get("data", "")).split("+"), strict=False):
            if fingerprint:
                self._fingerprints.setdefault(task, fingerprint[:_MAX_DIGEST_LENGTH])
