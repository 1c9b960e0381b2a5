"""The runs of one search in MLflow: found by tags, created if missing, updated if different."""

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

from search.config import Config, dump_config
from search.home import Home
from search.process import use_private_temporary_folder
from search.tracking._address import TrackingAddress
from search.tracking._artifacts import copy_artifacts, make_artifact_path, resolve_artifact_folder
from search.tracking._database import lock_database, prepare_database
from search.tracking._experiment_page import build_saved_view, describe_experiment
from search.tracking._launch_run import build_launch_run
from search.tracking._run_content import (
    DIGEST_TAG,
    MAX_PARAM_LENGTH,
    NOTE_TAG,
    PARENT_TAG,
    TRIAL_TAG,
    VIEW_TAG,
    VIEW_VERSION,
    Dataset,
    RunContent,
)

BEST_TAG = "xlt.best"
_EXPERIMENT_KIND_TAG = {"mlflow.experimentKind": "custom_model_development"}
"""Without it MLflow's page asks for the kind of the experiment, and shows tabs for agents."""
_MAX_METRICS, _MAX_PARAMS = 1000, 100
"""Most metrics and params that MLflow accepts in one call."""


class TrackingView:
    """The MLflow experiment of one search. Every method calls MLflow and raises its errors."""

    def __init__(
        self, config: Config, home: Home, address: TrackingAddress, tell: Callable[[str], None] = lambda what: None
    ) -> None:
        """Open the experiment, or create it.

        Args:
            config: the search.
            home: with the search.
            address: of MLflow.
            tell: called with what was done to the database.
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
        self._runs: dict[int | None, Any] | None = None
        self._home = home if address.is_own else None
        with use_private_temporary_folder(), lock_database(home) if address.is_own else nullcontext():
            for done in prepare_database(home, config.name) if address.is_own else ():
                tell(done)
            self.client = MlflowClient(address.uri, address.registry_uri)
            self.experiment = self._experiment(home, address)
        self.write_description()
        self.parent: str | None = None

    def _experiment(self, home: Home, address: TrackingAddress) -> str:
        """The id of the search's experiment, which is created or restored if needed."""
        found = self.client.get_experiment_by_name(self.config.name)
        if found is None:
            place = (home.artifacts / self.config.name).as_uri() if address.is_database else None
            self._runs = {}
            return str(self.client.create_experiment(self.config.name, place))
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def read_runs(self) -> None:
        """Read all runs at once, instead of one by one later."""
        found: dict[int | None, Any] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], f"tags.`{VIEW_TAG}` LIKE '%'", max_results=500, page_token=token
            )
            for run in page:
                number = run.data.tags.get(TRIAL_TAG)
                found.setdefault(int(number) if number is not None else None, run)
            if not (token := page.token):
                break
        self._runs = found

    def write(self, sheet: RunContent, ended: float | None = None) -> bool:
        """Write a run; False if it is up to date already.

        Args:
            sheet: its content.
            ended: when it ended, in seconds since 1970; by default now.
        """
        tags = sheet.all_tags if sheet.number is None else {**sheet.all_tags, PARENT_TAG: self._ensure_parent()}
        stamp = f"{sheet.digest}{'' if sheet.number is None else tags[PARENT_TAG][:8]}"
        there = self._find(sheet)
        if there is not None and there.data.tags.get(DIGEST_TAG) == stamp and there.info.status == sheet.status:
            return False
        there = self._reuse_or_delete(there, sheet)
        if there is None:
            begun = int(1000 * ((time.time() if ended is None else ended) - sheet.seconds))
            there = self.client.create_run(self.experiment, start_time=begun, tags=tags, run_name=sheet.name)
        run, end = str(there.info.run_id), int(there.info.start_time + 1000 * sheet.seconds)
        self._log_missing(run, there, sheet, {**tags, DIGEST_TAG: stamp})
        if sheet.datasets:
            self.client.log_inputs(run, datasets=[self._to_dataset_input(dataset) for dataset in sheet.datasets])
        texts = {name: json.dumps(table, indent=2) for name, table in sheet.tables.items()} | dict(sheet.texts)
        if texts:
            with tempfile.TemporaryDirectory() as folder:
                for name, text in texts.items():
                    make_artifact_path(Path(folder), name).write_text(text, encoding="utf-8")
                self.upload_artifacts(run, Path(folder))
        # The status comes last: a run that was not written to its end is still running and written again.
        self.client.set_terminated(run, sheet.status, end)
        if self._runs is not None:
            self._runs[sheet.number] = self.client.get_run(run)
        return True

    def is_reachable(self) -> bool:
        """Whether MLflow responds."""
        try:
            self.client.get_experiment(self.experiment)
        except Exception:
            return False
        return True

    def find_run(self, number: int) -> str | None:
        """The id of a trial's run, None if it was not written."""
        there = self._find_first(f"tags.`{TRIAL_TAG}` = '{number}'")
        return None if there is None else str(there.info.run_id)

    def mark_best(self, number: int | None, verdict: str) -> None:
        """Tag the best trial's run with the verdict, and no other."""
        for run in self.client.search_runs(
            [self.experiment], f"tags.`{BEST_TAG}` LIKE '%' AND tags.`{TRIAL_TAG}` LIKE '%'"
        ):
            if run.data.tags.get(TRIAL_TAG) != str(number):
                self.client.delete_tag(run.info.run_id, BEST_TAG)
        found = self._find_first(f"tags.`{TRIAL_TAG}` = '{number}'") if number is not None else None
        if found is not None and found.data.tags.get(BEST_TAG) != verdict:
            self.client.set_tag(found.info.run_id, BEST_TAG, verdict)

    def attach_artifacts(self, files: Mapping[str, Path]) -> None:
        """Log files as artifacts of the launch's run under these names, which may contain folders."""
        with tempfile.TemporaryDirectory() as folder:
            for name, file in files.items():
                place = make_artifact_path(Path(folder), name)
                if name == "config.yaml":  # one of an older version may hold a password
                    place.write_text(dump_config(self.config), encoding="utf-8")
                else:
                    shutil.copyfile(file, place)
            self.upload_artifacts(self._ensure_parent(), Path(folder))

    def upload_artifacts(self, run: str, files: Path, place: str = "") -> None:
        """Log the files of a folder as artifacts of a run, below the artifact folder `place`.

        Raises:
            DatabaseError: if the home's database has an address outside the home.
        """
        if self._home is None:
            self.client.log_artifacts(run, str(files), place or None)
        else:
            address = self.client.get_run(run).info.artifact_uri
            copy_artifacts(files, resolve_artifact_folder(self._home, address) / place)

    def write_description(self) -> None:
        """Write the experiment's description, kind and saved view, where they differ."""
        tags = self.client.get_experiment(self.experiment).tags
        wanted_tags = {
            NOTE_TAG: describe_experiment(self.config, self.experiment),
            **build_saved_view(self.config, self._has_short_names()),
            **_EXPERIMENT_KIND_TAG,
        }
        for name, word in wanted_tags.items():
            if tags.get(name) != word:
                self.client.set_experiment_tag(self.experiment, name, word)

    def _has_short_names(self) -> bool:
        """Whether all runs have positions under short names (`collect_trial_params`): a chart omits runs that lack an axis."""
        order, tasks = ["attributes.start_time ASC"], set(self.config.intermediate)
        oldest = self.client.search_runs(
            [self.experiment], f"tags.`{TRIAL_TAG}` LIKE '%'", max_results=10, order_by=order
        )
        return all(tasks <= run.data.params.keys() for run in oldest if run.data.params)

    def _ensure_parent(self) -> str:
        """The id of the launch's run, which is created with its settings if needed."""
        if self.parent is None:
            sheet = build_launch_run(self.config)
            if (there := self._reuse_or_delete(self._find(sheet), sheet)) is None:
                there = self.client.create_run(self.experiment, tags=sheet.all_tags, run_name=sheet.name)
                self.client.log_batch(there.info.run_id, params=self._params(sheet.params))
                if self._runs is not None:
                    self._runs[None] = self.client.get_run(there.info.run_id)
            self.parent = str(there.info.run_id)
        return self.parent

    def _find(self, sheet: RunContent) -> Any:
        return self._find_first(sheet.query) if self._runs is None else self._runs.get(sheet.number)

    def _find_first(self, query: str) -> Any:
        found = self.client.search_runs([self.experiment], query, max_results=1)
        return found[0] if found else None

    def _reuse_or_delete(self, there: Any, sheet: RunContent) -> Any:
        """The run, or None after deleting one whose params differ: MLflow's params are immutable."""
        if there is None:
            return None
        same = all(there.data.params.get(name, word) == word[:MAX_PARAM_LENGTH] for name, word in sheet.params.items())
        if same and there.data.tags.get(VIEW_TAG) == VIEW_VERSION:
            return there
        self.client.delete_run(there.info.run_id)
        return None

    def _log_missing(self, run: str, there: Any, sheet: RunContent, tags: dict[str, str]) -> None:
        """Log the params, metrics and tags that the run lacks."""
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
            last = len(params) <= _MAX_PARAMS and len(metrics) <= _MAX_METRICS - _MAX_PARAMS - len(marks)
            took = _MAX_METRICS - _MAX_PARAMS - len(marks)
            self.client.log_batch(run, metrics[:took], params[:_MAX_PARAMS], marks if last else ())
            params, metrics, marks = params[_MAX_PARAMS:], metrics[took:], [] if last else marks

    def _params(self, words: dict[str, str]) -> list[Any]:
        return [self.entities.Param(name, word[:MAX_PARAM_LENGTH]) for name, word in words.items()]

    def _to_dataset_input(self, dataset: Dataset) -> Any:
        source = json.dumps({"benchmark": self.config.benchmark, "task": dataset.task})
        entity = self.entities.Dataset(dataset.task, dataset.digest, self.config.benchmark, source)
        return self.entities.DatasetInput(entity, [self.entities.InputTag("mlflow.data.context", dataset.role)])
