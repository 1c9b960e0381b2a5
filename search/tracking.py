"""MLflow: a view of the study for review, written from the side. What it lacks is rebuilt; a server that is down stops nothing."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console

from search.config import Config
from search.home import Home
from search.intervals import interval
from search.recorded import Recorded
from search.study import Study
from trainables.transfer import Scores, Transfer

LAUNCH, NUMBER, REPEATS = "xlt.launch", "xlt.trial", "xlt.seeds"
_AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""
_PATIENCE = 60.0
"""Seconds that the end of a launch waits for the last writes."""


class Tracker:
    """Writes runs in a thread of its own, in order; a failure is told once and costs the search nothing."""

    def __init__(self, config: Config, home: Home, console: Console) -> None:
        self.config, self.home, self.console = config, home, console
        self.uri = config.tracking.uri or home.tracking_uri
        self._jobs: queue.Queue[Callable[[_View], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._broken: Exception | None = None

    def __enter__(self) -> "Tracker":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._jobs.put(None)
        self._thread.join(_PATIENCE)
        if self._broken is not None or self._thread.is_alive():
            why = self._broken or TimeoutError(f"it did not answer within {_PATIENCE:.0f} s")
            self.console.print(
                f"MLflow at {self.uri} missed some of this ({type(why).__name__}: {why})\n"
                f"the search itself is whole: xlt track {self.config.name} writes the view anew",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    def trial_ended(self, study: Study, number: int) -> None:
        """Write one trial's run."""
        record = next(record for record in study.recorded() if record.number == number)
        repeats = study.repeats().get(number, {})
        values = {seed: outcome.transfer.objective(self.config.objective) for seed, outcome in repeats.items()}
        self._jobs.put(lambda view: view.trial(record, values))

    def launch_ended(self, study: Study, results: Path) -> None:
        """Write the launch's own run: the whole of the results, the best value."""
        best = study.complete()[:1]
        sharing = _read(results)["sharing"]
        self._jobs.put(lambda view: view.launch(best[0] if best else None, sharing, results))

    def _work(self) -> None:
        view: _View | None = None
        while (job := self._jobs.get()) is not None:
            if self._broken is None:
                try:
                    view = view or _View(self.config, self.home, self.uri)
                    job(view)
                except Exception as error:
                    self._broken = error


def _read(results: Path) -> dict[str, Any]:
    import json

    document: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    return document


def rebuild(study: Study, home: Home, results: Path, console: Console) -> None:
    """Write every run of a search that MLflow lacks or has differently (``xlt track``)."""
    with Tracker(study.config, home, console) as tracker:
        for record in study.recorded():
            if record.state in ("complete", "pruned", "failed"):
                tracker.trial_ended(study, record.number)
        tracker.launch_ended(study, results)


class _View:
    """One launch's runs: a parent, and a child for each trial, found by its tag before it is made."""

    def __init__(self, config: Config, home: Home, uri: str) -> None:
        home.root.mkdir(parents=True, exist_ok=True)
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        for noisy in ("alembic", "mlflow", "mlflow.store.db.utils"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        self.metric, self.param = Metric, Param
        self.config = config
        self.client = MlflowClient(uri)
        found = self.client.get_experiment_by_name(config.name)
        artifacts = (home.artifacts / config.name).as_uri() if config.tracking.uri is None else None
        self.experiment = found.experiment_id if found else self.client.create_experiment(config.name, artifacts)
        self.parent = self._run(f"tags.`{LAUNCH}` = '1'", config.name, {LAUNCH: "1"})
        self.client.log_batch(self.parent, params=self._params(_settings(config)))

    def trial(self, record: Recorded, repeats: dict[int, float]) -> None:
        """One trial's run: parameters in words, every mean and score, how it ended."""
        name = f"trial {record.number}"
        run = self._run(
            f"tags.`{NUMBER}` = '{record.number}'",
            name,
            {NUMBER: str(record.number), "mlflow.parentRunId": self.parent},
        )
        if record.trial is not None:
            stages = {f"stage.{place}": str(stage) for place, stage in enumerate(record.trial.curriculum, 1)}
            natives = [run.native for run in record.outcome.stages if not run.target] if record.outcome else []
            stages |= {f"stage.{place}.native": _told(native) for place, native in enumerate(natives, 1) if native}
            targets = [run for run in record.outcome.stages if run.target and run.native] if record.outcome else []
            stages |= {f"target.{run.task}.native": _told(run.native) for run in targets}
            words = {"curriculum": " > ".join(stage.task for stage in record.trial.curriculum) or "none", **stages}
            words["targets"] = record.trial.target_recipe or "not trained"
            words["length"] = str(len(record.trial.curriculum))
            self.client.log_batch(run, params=self._params(words))
        if record.outcome is not None:
            transfer = record.outcome.transfer
            # Means of a trial that ended early are over some targets alone: they would pass for those over all.
            found = metrics(transfer) if record.pruned is None else by_target(transfer)
            found["seconds"] = record.outcome.seconds
            if record.pruned is not None:
                self.client.set_tag(run, "xlt.pruned", record.pruned)
            self._metrics(run, found)
            self.client.log_dict(run, _long_form(record.outcome.transfer.scores), "transfer.json")
            if record.outcome.transfer.generalized:
                self.client.log_dict(run, _long_form(record.outcome.transfer.generalized), "generalized.json")
        if repeats:
            told = interval(list(repeats.values()))
            self._metrics(run, {"finalist/mean": told.mean, "finalist/seeds": float(told.seeds)})
            self.client.set_tag(run, REPEATS, ", ".join(map(str, sorted(repeats))))
        if record.error is not None:
            self.client.set_tag(run, "xlt.error", record.error[:4000])
        self.client.set_terminated(run, _STATUS.get(record.state, "FINISHED"))

    def launch(self, best: Recorded | None, sharing: dict[str, float], results: Path) -> None:
        """The parent run: best value, what the store saved, the results as an artifact."""
        if best is not None and best.outcome is not None:
            self._metrics(self.parent, metrics(best.outcome.transfer))
            self.client.set_tag(self.parent, "xlt.best", f"trial {best.number}: {best.trial}")
        self._metrics(self.parent, {f"sharing/{name}": value for name, value in sharing.items()})
        self.client.log_artifact(self.parent, str(results))
        self.client.set_terminated(self.parent, "FINISHED")

    def _run(self, query: str, name: str, tags: dict[str, str]) -> str:
        found = self.client.search_runs([self.experiment], query, max_results=1)
        if found:
            return str(found[0].info.run_id)
        return str(self.client.create_run(self.experiment, run_name=name, tags=tags).info.run_id)

    def _metrics(self, run: str, values: dict[str, float]) -> None:
        now = int(time.time() * 1000)
        told = [self.metric(name, value, now, 0) for name, value in values.items()]
        for start in range(0, len(told), _AT_ONCE):
            self.client.log_batch(run, metrics=told[start : start + _AT_ONCE])

    def _params(self, words: dict[str, str]) -> list[Any]:
        return [self.param(name, word[:6000]) for name, word in words.items()]


_STATUS = {"failed": "FAILED", "pruned": "KILLED"}


def metrics(transfer: Transfer) -> dict[str, float]:
    """A trial's dev metrics by their MLflow names."""
    found = {}
    if transfer.family_means():  # none where all that is scored on dev is English
        found = {"transfer/mean": transfer.mean(), "transfer/worst_family": transfer.worst_family()[1]}
    found |= {f"family/{family}": value for family, value in transfer.family_means().items()}
    found |= {f"unseen/{code}": value for code, value in transfer.unseen().items()}
    found |= by_target(transfer)
    if generalized := transfer.generalized_means():
        found["generalized/mean"] = fmean(generalized.values())
        found |= {f"{target}/generalized": value for target, value in generalized.items()}
        pairs = transfer.family_pair_means()
        found |= {f"generalized/{first}/{second}": value for (first, second), value in pairs.items()}
    return found


def by_target(transfer: Transfer) -> dict[str, float]:
    """The metrics among them that are of one target each."""
    found = {f"source/{target}": value for target, value in transfer.source().items()}
    for target in transfer.scores:
        found |= {f"{target}/family/{family}": value for family, value in transfer.families(target).items()}
        found |= {f"{target}/lang/{code}": value for code, value in transfer.languages(target, "dev").items()}
    return found


def _told(native: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in native.items())


def _long_form(scored: dict[str, Scores]) -> dict[str, Any]:
    """The whole table as MLflow shows tables: columns and rows."""
    rows = [
        (target, split, code, metric, value)
        for target, splits in scored.items()
        for split, languages in splits.items()
        for code, values in languages.items()
        for metric, value in values.items()
    ]
    return {"columns": ["target", "split", "language", "metric", "value"], "data": rows}


def _settings(config: Config) -> dict[str, str]:
    return {
        "encoder": config.encoder,
        "benchmark": config.benchmark,
        "targets": ", ".join(config.targets),
        "intermediate": ", ".join(f"{task} ({config.resource(task)})" for task in config.intermediate),
        "objective": config.objective,
        "seed": str(config.seed),
    }
