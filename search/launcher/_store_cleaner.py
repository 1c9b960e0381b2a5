"""Removal of weights from the stage store while a launch runs."""

import math

from search.launcher._job import JobEvent
from search.study import Study, select_finalists
from trainables.store import LeaseMonitor, StageRecords, shrink_store


class StoreCleaner:
    """Job listener that keeps the weights of targets only where they may be exported, and the store within its size."""

    def __init__(self, records: StageRecords, study: Study) -> None:
        self.records, self.study = records, study
        self._removed_keys: set[str] = set()
        self._lease_monitor = LeaseMonitor(records.location)
        self._bytes_after_check, self._trained_since_check, self._largest_stage = 0, 0, math.inf

    def __call__(self, event: JobEvent) -> None:
        """Remove what is no longer needed after a job. An error of the file system is reported once and ends no launch."""
        try:
            for key in self._list_removable_targets(event) - self._removed_keys:
                self.records.remove_weights(key)
                self._removed_keys.add(key)
            self._shrink_if_full(event)
        except OSError as error:
            self.records.warn_once("", f"weights could not be removed ({error})")

    def _shrink_if_full(self, event: JobEvent) -> None:
        """Shrink the store to `store.max_size`. The whole store is read only if the stages trained since may have filled it."""
        size = self.study.config.store.max_size
        self._trained_since_check += sum(stage.trained for stage in event.outcome.all_stages) if event.outcome else 1
        if size is not None and self._bytes_after_check + self._trained_since_check * self._largest_stage > size:
            shrunk = shrink_store(self.records, size, self._lease_monitor)
            self._bytes_after_check, self._trained_since_check = shrunk.after, 0
            self._largest_stage = shrunk.largest

    def _list_removable_targets(self, event: JobEvent) -> set[str]:
        """The stage keys of targets of trials that are neither the best so far, nor the baseline, nor finalists."""
        ranked = self.study.get_complete_trials()
        kept = {record.number for record in [*ranked[:1], *select_finalists(ranked, self.study.config)]}
        needed: set[str] = set()
        removable: set[str] = set()
        for record in ranked:
            keys = {stage.key for stage in record.outcome.all_stages if stage.target} if record.outcome else set()
            (needed if record.number in kept else removable).update(keys)
        if (event.job.seed is not None or event.pruned) and event.outcome is not None:
            removable.update(stage.key for stage in event.outcome.all_stages if stage.target)
        self._removed_keys -= needed
        return removable - needed
