"""Write the MLflow view while a search runs, in a thread of its own, so that MLflow never delays or stops the search."""

import math
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from search.config import Config
from search.home import Home, read_failures
from search.study import Study
from search.terminal import print_plain
from search.tracking._address import TrackingAddress
from search.tracking._database import explain_mlflow_error
from search.tracking._datasets import DatasetDigests
from search.tracking._launch_result import LaunchResult
from search.tracking._timeouts import set_mlflow_timeouts
from search.tracking._trial_run import build_trial_run
from search.tracking._view import TrackingView

_RETRY_SECONDS = 60.0
"""Seconds before an unreachable server is tried again."""
_EXIT_SECONDS = {True: 60.0, False: 15.0}
"""Most seconds that the end of a launch waits for the last writes: to the home's database (True), to a server (False)."""

WriteJob = Callable[[TrackingView], object]


class Tracker:
    """Writes runs in order. Writes that an unreachable server misses are kept and repeated."""

    def __init__(self, config: Config, home: Home, console: Console) -> None:
        self.config, self.home, self.console = config, home, console
        self.address = TrackingAddress.from_config(config, home)
        self._digests = DatasetDigests(config, home.resolve_stage_store(config.store))
        self._jobs: queue.Queue[WriteJob | None] = queue.Queue()
        self._pending_jobs: list[WriteJob] = []
        self._view: TrackingView | None = None
        self._retry_at = 0.0
        self._last_error: Exception | None = None
        self._lost_writes = 0
        self._last_write_seconds = 0.0
        """Duration of the last write in seconds."""
        self._write_began = math.inf
        """Monotonic start time of the write in progress; infinite without one."""
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)

    def __enter__(self) -> "Tracker":
        if self.address.launch_note is not None:
            self._print(self.address.launch_note)
        self._thread.start()
        self._jobs.put(_do_nothing)  # so that an unreachable server is noticed before the end
        return self

    def __exit__(self, *exception: object) -> None:
        self._jobs.put(None)
        patience = _EXIT_SECONDS[self.address.is_own]
        # What cannot be done in time is not waited for at all.
        slowest = max(self._last_write_seconds, time.monotonic() - self._write_began)
        self._thread.join(patience if self._jobs.qsize() * slowest <= patience else 0.0)
        why: Exception | None = self._last_error if self._lost_writes or self._pending_jobs else None
        if self._thread.is_alive():
            why = self._last_error or TimeoutError(f"the last writes take longer than {patience:g} s")
        if why is not None:
            print_plain(
                self.console,
                f"MLflow at {self.address.display} is incomplete ({explain_mlflow_error(why)})\n"
                f"the search itself is complete: rebuild the view with xlt track {self.config.name}",
            )

    def record_trial(self, study: Study, number: int) -> None:
        """Write one trial's run."""
        record = next(record for record in study.get_trial_records() if record.number == number)
        repeats, failures = study.get_repeat_outcomes().get(number, {}), read_failures(study.failures, number)
        self._jobs.put(lambda view: view.write(build_trial_run(record, repeats, self.config, self._digests, failures)))

    def record_launch(
        self, study: Study, results: Path, files: Mapping[str, Path] | None = None, answer: Sequence[str] = ()
    ) -> None:
        """Write the run of the launch: settings, the answer, artifacts.

        Args:
            study: the search's.
            results: its ``results.json``, just written.
            files: further artifacts by name, such as ``pictures/order.png``; they must be there until the tracker is left.
            answer: the answer, a paragraph each; by default that of ``xlt best``.
        """
        ended = LaunchResult.from_study(study, results, files or {}, answer)
        self._jobs.put(lambda view: ended.write(view, self._digests))

    def _print(self, what: str) -> None:
        print_plain(self.console, what)

    def _work(self) -> None:
        with set_mlflow_timeouts(self.address.uri):
            while (job := self._jobs.get()) is not None:
                self._pending_jobs.append(job)
                if time.monotonic() >= self._retry_at:
                    self._write()
            if self._pending_jobs and time.monotonic() >= self._retry_at:
                self._write()

    def _write(self) -> None:
        """Do the pending writes in order. A write that MLflow refuses is dropped; if the server is unreachable, the rest stays pending."""
        while self._pending_jobs:
            self._write_began = began = time.monotonic()
            try:
                self._view = self._view or TrackingView(self.config, self.home, self.address, self._print)
                self._pending_jobs[0](self._view)
            except Exception as error:
                self._last_error = error
                if self._view is None or not self._view.is_reachable():
                    self._retry_at, self._write_began = time.monotonic() + _RETRY_SECONDS, math.inf
                    return
                self._lost_writes += 1
            self._pending_jobs.pop(0)
            self._last_write_seconds, self._write_began = time.monotonic() - began, math.inf


def _do_nothing(view: TrackingView) -> None:
    pass
