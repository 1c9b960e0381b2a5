"""The runs of one search in MLflow: found by their tags, made where they lack, changed where they differ."""

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from search.config import Config, dump
from search.home import Home
from search.surroundings import temporary_files_apart
from search.tracking import artifacts
from search.tracking.address import Address
from search.tracking.database import alone, make_ready
from search.tracking.pages import about, saved_view
from search.tracking.sheet import DIGEST, LONGEST_PARAM, NOTE, NUMBER, PARENT, VIEW, VIEW_VERSION, Dataset, Sheet

_METRICS, _PARAMS = 1000, 100
"""What MLflow takes in one call."""


class View:
    """One search's experiment. Every method talks to MLflow and raises what goes wrong."""

    def __init__(
        self, config: Config, home: Home, address: Address, tell: Callable[[str], None] = lambda what: None
    ) -> None:
        """Open it, or make it.

        Args:
            config: the search.
            home: where it lies.
            address: of MLflow.
            tell: called with what was mended.
        """
        for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
            os.environ.setdefault(name, "true")  # telemetry is asked for when MLflow is imported
        import mlflow.entities
        from mlflow import MlflowClient

        for noisy in ("alembic", "mlflow"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        logging.getLogger("mlflow.store.db.utils").setLevel(
            logging.CRITICAL
        )  # it raises what it writes, with its traceback
        self.entities = mlflow.entities
        self.config = config
        self._known: dict[int | None, Any] | None = None
        self._own = home if address.own else None
        with temporary_files_apart(), alone(home) if address.own else nullcontext():
            for done in make_ready(home, config.name) if address.own else ():
                tell(done)
            self.client = MlflowClient(address.uri, address.registry)
            self.experiment = self._experiment(home, address)
        self.explain()
        self.parent: str | None = None

    def _experiment(self, home: Home, address: Address) -> str:
        """The number of the search's experiment, which is made, or made anew, where it is not there."""
        found = self.client.get_experiment_by_name(self.config.name)
        if found is None:
            place = (home.artifacts / self.config.name).as_uri() if address.is_database else None
            self._known = {}
            return str(self.client.create_experiment(self.config.name, place))
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def read_all(self) -> None:
        """Read what is there in one go rather than run by run."""
        found: dict[int | None, Any] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], f"tags.`{VIEW}` LIKE '%'", max_results=500, page_token=token
            )
            for run in page:
                number = run.data.tags.get(NUMBER)
                found.setdefault(int(number) if number is not None else None, run)
            if not (token := page.token):
                break
        self._known = found

    def write(self, sheet: Sheet, ended: float | None = None) -> bool:
        """Write a run, and say whether it was to be written: False if it is there as it should be.

        Args:
            sheet: what it is to hold.
            ended: when it ended, in seconds since 1970; by default now.
        """
        tags = sheet.all_tags if sheet.number is None else {**sheet.all_tags, PARENT: self._parent()}
        stamp = f"{sheet.digest}{'' if sheet.number is None else tags[PARENT][:8]}"
        there = self._find(sheet)
        if there is not None and there.data.tags.get(DIGEST) == stamp and there.info.status == sheet.status:
            return False
        there = self._kept(there, sheet)
        if there is None:
            begun = int(1000 * ((time.time() if ended is None else ended) - sheet.seconds))
            there = self.client.create_run(self.experiment, start_time=begun, tags=tags, run_name=sheet.name)
        run, end = str(there.info.run_id), int(there.info.start_time + 1000 * sheet.seconds)
        self._log(run, there, sheet, {**tags, DIGEST: stamp})
        if sheet.datasets:
            self.client.log_inputs(run, datasets=[self._dataset(dataset) for dataset in sheet.datasets])
        texts = {name: json.dumps(table, indent=2) for name, table in sheet.tables.items()} | dict(sheet.texts)
        if texts:
            with tempfile.TemporaryDirectory() as folder:
                for name, text in texts.items():
                    artifacts.below(Path(folder), name).write_text(text, encoding="utf-8")
                self.upload(run, Path(folder))
        # The status comes last: a run that was not written to its end is still running and written again.
        self.client.set_terminated(run, sheet.status, end)
        if self._known is not None:
            self._known[sheet.number] = self.client.get_run(run)
        return True

    def answers(self) -> bool:
        """Whether MLflow is there."""
        try:
            self.client.get_experiment(self.experiment)
        except Exception:
            return False
        return True

    def run_of(self, number: int) -> str | None:
        """The run of a trial, if it was written."""
        there = self._by(f"tags.`{NUMBER}` = '{number}'")
        return None if there is None else str(there.info.run_id)

    def mark_best(self, number: int | None, verdict: str) -> None:
        """Tag the best trial's run with the verdict, and no other."""
        for run in self.client.search_runs([self.experiment], f"tags.`{BEST}` LIKE '%' AND tags.`{NUMBER}` LIKE '%'"):
            if run.data.tags.get(NUMBER) != str(number):
                self.client.delete_tag(run.info.run_id, BEST)
        found = self._by(f"tags.`{NUMBER}` = '{number}'") if number is not None else None
        if found is not None and found.data.tags.get(BEST) != verdict:
            self.client.set_tag(found.info.run_id, BEST, verdict)

    def attach(self, files: Mapping[str, Path]) -> None:
        """Log files as artifacts of the launch's own run, under these names, which may hold folders."""
        with tempfile.TemporaryDirectory() as folder:
            for name, file in files.items():
                place = artifacts.below(Path(folder), name)
                if name == "config.yaml":  # one of an older version may hold a password
                    place.write_text(dump(self.config), encoding="utf-8")
                else:
                    shutil.copyfile(file, place)
            self.upload(self._parent(), Path(folder))

    def upload(self, run: str, files: Path, place: str = "") -> None:
        """Log what is in a folder as artifacts of a run, in this folder of theirs.

        Raises:
            DatabaseError: when the home's database leads out of the home.
        """
        if self._own is None:
            self.client.log_artifacts(run, str(files), place or None)
        else:
            address = self.client.get_run(run).info.artifact_uri
            artifacts.write(files, artifacts.folder_of(self._own, address) / place)

    def explain(self) -> None:
        """Write the experiment's description, its kind, and a view that MLflow's menu of views offers, as far as they differ."""
        tags = self.client.get_experiment(self.experiment).tags
        told = {NOTE: about(self.config, self.experiment), **saved_view(self.config, self._has_short_names()), **_KIND}
        for name, word in told.items():
            if tags.get(name) != word:
                self.client.set_experiment_tag(self.experiment, name, word)

    def _has_short_names(self) -> bool:
        """Whether no run is older than the short names of `search.tracking.trials.params`: a chart leaves out runs that lack an axis."""
        order, tasks = ["attributes.start_time ASC"], set(self.config.intermediate)
        oldest = self.client.search_runs([self.experiment], f"tags.`{NUMBER}` LIKE '%'", max_results=10, order_by=order)
        return all(tasks <= run.data.params.keys() for run in oldest if run.data.params)

    def _parent(self) -> str:
        """The launch's own run; an empty one before its sheet is written."""
        if self.parent is None:
            from search.tracking.launches import launch_sheet

            sheet = launch_sheet(self.config)
            if (there := self._kept(self._find(sheet), sheet)) is None:
                there = self.client.create_run(self.experiment, tags=sheet.all_tags, run_name=sheet.name)
                self.client.log_batch(there.info.run_id, params=self._params(sheet.params))
                if self._known is not None:
                    self._known[None] = self.client.get_run(there.info.run_id)
            self.parent = str(there.info.run_id)
        return self.parent

    def _find(self, sheet: Sheet) -> Any:
        return self._by(sheet.query) if self._known is None else self._known.get(sheet.number)

    def _by(self, query: str) -> Any:
        found = self.client.search_runs([self.experiment], query, max_results=1)
        return found[0] if found else None

    def _kept(self, there: Any, sheet: Sheet) -> Any:
        """The run, or None in place of one whose params are not the sheet's: MLflow lets nobody change them."""
        if there is None:
            return None
        same = all(there.data.params.get(name, word) == word[:LONGEST_PARAM] for name, word in sheet.params.items())
        if same and there.data.tags.get(VIEW) == VIEW_VERSION:
            return there
        self.client.delete_run(there.info.run_id)
        return None

    def _log(self, run: str, there: Any, sheet: Sheet, tags: dict[str, str]) -> None:
        """Params, metrics and tags, as far as the run lacks them."""
        now = int(1000 * time.time())
        params = self._params({name: word for name, word in sheet.params.items() if name not in there.data.params})
        metrics = [
            self.entities.Metric(name, value, now, 0)
            for name, value in sheet.metrics.items()
            if there.data.metrics.get(name) != value
        ]
        marks = [self.entities.RunTag(name, word) for name, word in tags.items() if there.data.tags.get(name) != word]
        while params or metrics or marks:
            # Tags come last: the digest among them says that the rest is there.
            last = len(params) <= _PARAMS and len(metrics) <= _METRICS - _PARAMS - len(marks)
            took = _METRICS - _PARAMS - len(marks)
            self.client.log_batch(run, metrics[:took], params[:_PARAMS], marks if last else ())
            params, metrics, marks = params[_PARAMS:], metrics[took:], [] if last else marks

    def _params(self, words: dict[str, str]) -> list[Any]:
        return [self.entities.Param(name, word[:LONGEST_PARAM]) for name, word in words.items()]

    def _dataset(self, dataset: Dataset) -> Any:
        source = json.dumps({"benchmark": self.config.benchmark, "task": dataset.task})
        entity = self.entities.Dataset(dataset.task, dataset.digest, self.config.benchmark, source)
        return self.entities.DatasetInput(entity, [self.entities.InputTag("mlflow.data.context", dataset.role)])


BEST = "xlt.best"
_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Else MLflow's page asks what kind it is, and shows what is for agents beside the runs."""
