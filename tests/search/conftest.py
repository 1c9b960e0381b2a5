"""A search without Ray and training: a config, a study on disk, and a worker that does sums with a known optimum."""

import contextlib
import copy
import shutil
import sqlite3
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from search.config import Config, validate_config
from search.home import Home, SearchFolder
from search.launcher._scheduler import Job, JobListener, Scheduler
from search.launcher._writable_study import WritableStudy
from trainables.curriculum import Trial
from trainables.outcome import Outcome, StageRun
from trainables.store import STAGE_VERSION
from trainables.transfer import Transfer, draw_language_pairs, format_language_pair

DOCUMENT: dict[str, Any] = {
    "name": "sums",
    "encoder": "miniature",
    "benchmark": "miniature",
    "targets": ["choice", "tagging"],
    "intermediate": {"facts": {"resource": "high"}, "dates": {"resource": "high"}, "facts_sw": {"resource": "low"}},
    "languages": ["en", "de", "fi", "sw", "wo"],
    "curriculum": {"max_length": 2, "joint": False},
    "training": {"intermediate": {"steps": 100}, "target": {"steps": 50}},
    "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
    "trials": 6,
    "finalists": {"top": 2, "seeds": 3},
}
"""Ten trials in the space: 1 + 3 + 3 * 2 curricula, one rate, no noise."""

GAINS = {"facts": 0.10, "dates": 0.05, "facts_sw": -0.05}
OPTIMUM = "dates > facts"


ENVIRONMENT = {"arithmetic": "cpu float32", "stage_version": str(STAGE_VERSION), "torch": "2.0"}


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The document with the values at these dotted paths."""
    document = copy.deepcopy(document)
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = document
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return document


def names(trial: Trial) -> str:
    return " > ".join(stage.task for stage in trial.curriculum)


def worth(trial: Trial, seed: int = 0) -> float:
    """What the stand-in scores: each task adds its gain, later ones twice, so `OPTIMUM` is best; seeds move it a little."""
    gains = [GAINS[task] * (place + 1) for place, stage in enumerate(trial.curriculum) for task in stage.tasks]
    return 0.4 + sum(gains) + 0.001 * (seed % 3)


def scored(trial: Trial, value: float, splits: tuple[str, ...] = ("dev",), trained: bool = True) -> Outcome:
    """An outcome in which every target scores `value` in every family, a tenth more in English, a tenth less in Wolof; and two
    tenths less in two languages at once."""
    apart = {"en": 0.1, "wo": -0.1}
    rows = {code: {"accuracy": value + apart.get(code, 0.0)} for code in trial.languages}
    targets = [stage.task for stage in trial.targets]
    stages = [
        StageRun(
            key=f"{names(trial)}/{stage.task}",
            task=stage.task,
            target=stage.task in targets,
            trained=trained,
            seconds=2,
            environment=ENVIRONMENT,
            native={"epsilon": 2 * stage.noise.magnitude} if stage.noise.magnitude else {},
        )
        for stage in (*trial.curriculum, *trial.targets)
    ]
    pairs = draw_language_pairs(trial.languages, trial.pairs, trial.pairs_seed)
    mixed = {format_language_pair(*pair): {"accuracy": value - 0.2} for pair in pairs}
    transfer = Transfer(
        {task: dict.fromkeys(splits, rows) for task in targets},
        dict.fromkeys(targets, "accuracy"),
        {"choice": dict.fromkeys(splits, mixed)} if pairs and "choice" in targets else {},
    )
    return Outcome(transfer=transfer, stages=tuple(stages), seconds=3.0, scoring_seconds=1.0)


class FakeWorker:
    """Runs a scheduler's jobs one after the other, as the stand-in has it, and notes them."""

    def __init__(self, diverges: Callable[[Job], bool] = lambda job: False) -> None:
        self.diverges = diverges
        self.among_best: Callable[[Job], bool] = lambda job: True
        """What ASHA says."""
        self.jobs: list[Job] = []

    def drive(self, scheduler: Scheduler, most: int = 1000) -> None:
        """Do all jobs, or `most` of them."""
        for _ in range(most):
            job = scheduler.next_job()
            if job is None:
                assert scheduler.is_done
                return
            self.do(scheduler, job)

    def do(self, scheduler: Scheduler, job: Job) -> None:
        self.jobs.append(job)
        if self.diverges(job):
            scheduler.handle_failed(job, "the loss is nan at step 3 with learning rate 1e+20: lower it")
            return
        outcome = scored(job.trial, worth(job.trial, job.seed or 0), job.splits)
        targets = [stage.task for stage in job.trial.targets]
        for rung in range(1, len(targets) + 1) if scheduler.config.racing.rules and job.seed is None else ():
            early = replace(
                outcome,
                transfer=outcome.transfer.restrict_to(targets[:rung]),
                stages=outcome.stages[: len(job.trial.curriculum) + rung],
            )
            if not scheduler.handle_report(job, rung, early, self.among_best(job)):
                scheduler.handle_pruned(job, early)
                return
        scheduler.handle_done(job, outcome)

    @property
    def trials(self) -> list[Trial]:
        return [job.trial for job in self.jobs if job.seed is None]


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """Makes a valid config's document, with changes by dotted path."""
    return lambda changes=None: changed(DOCUMENT, changes or {})


@pytest.fixture
def config(document: Callable[..., dict[str, Any]]) -> Callable[..., Config]:
    """Makes a config, with changes by dotted path."""
    return lambda changes=None: validate_config(document(changes), "config.yaml")


@pytest.fixture
def write_config(document: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., Path]:
    """Writes a config's file, with changes by dotted path."""

    def write(changes: dict[str, Any] | None = None) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(document(changes), sort_keys=False))
        return path

    return write


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def reopen(home: Home) -> Callable[[Config], WritableStudy]:
    """Opens the study of a config as a launch does: on disk, what a dead launch left taken up again."""

    def reopen(config: Config) -> WritableStudy:
        study = WritableStudy(home.get_search_folder(config.name).journal, config)
        study.recover()
        return study

    return reopen


def make_ready(folder: Path) -> None:
    """Write what every real launch of the miniature in a new home writes first: tables of its data, and MLflow's database."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    from search.config import load_config
    from search.data import prepare_data
    from tests.search.test_end_to_end import CONFIG, TINY
    from trainables.data import load_encoded_dataset

    home = Home(folder)
    prepare_data(load_config(CONFIG, [f"{key}={value}" for key, value in TINY.items()]), home, Console(quiet=True))
    load_encoded_dataset.cache_clear()
    SqlAlchemyStore(home.tracking_uri, home.artifacts.as_uri()).engine.dispose()
    with contextlib.closing(sqlite3.connect(home.database)) as database, database:
        database.execute("DELETE FROM experiments")
    shutil.rmtree(home.artifacts, ignore_errors=True)


@pytest.fixture(scope="session")
def ready(made_once) -> Callable[[Path], Path]:
    """Makes a folder a home in which the miniature's data are read, in three languages, and MLflow's database is up to date.

    For real launches that are not about a new home.
    """
    template = made_once("ready", make_ready)
    return lambda home: Path(shutil.copytree(template, home, dirs_exist_ok=True))


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def failing_worker() -> Callable[..., FakeWorker]:
    """Makes a worker for which jobs diverge that a test names."""
    return FakeWorker


@pytest.fixture
def make_scheduler() -> Callable[..., Scheduler]:
    """Makes the scheduler of one launch."""

    def make(study: WritableStudy, *listeners: JobListener) -> Scheduler:
        return Scheduler(study.config, study, listeners=list(listeners))

    return make


@pytest.fixture
def outcome() -> Callable[..., Outcome]:
    """Makes the outcome of a trial that scores a value everywhere."""
    return scored


@pytest.fixture
def optimum() -> str:
    """The curriculum that the stand-in likes best."""
    return OPTIMUM


@pytest.fixture
def curriculum_of() -> Callable[[Trial], str]:
    return names


@pytest.fixture
def finished(config, reopen, make_scheduler, worker, home) -> WritableStudy:
    """A search that is done, in `home`, with its config's file beside the study."""
    settings = config()
    study = reopen(settings)
    worker.drive(make_scheduler(study))
    folder: SearchFolder = home.get_search_folder(settings.name)
    folder.config.write_text(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))
    return study


def read_sums(folder: Path) -> None:
    """Write the tables of all data that `DOCUMENT` names."""
    from search.data import prepare_data

    prepare_data(validate_config(DOCUMENT, "config.yaml"), Home(folder), Console(quiet=True))


@pytest.fixture
def sums(monkeypatch, worker, made_once):
    """Launches run on the stand-in in place of Ray, and write no MLflow; what they read was read and tokenized before."""
    from search.data import prepare_data

    template = made_once("sums", read_sums)

    def prepare(config, home, console):
        shutil.copytree(Home(template).data, home.data, dirs_exist_ok=True)
        prepare_data(config, home, console)

    monkeypatch.setattr("search.launcher._launch.prepare_data", prepare)
    clusters = []

    @contextlib.contextmanager
    def cluster(config, address, paths, keys, tell, owner):
        clusters.append(address)
        yield Path()

    def work(scheduler, *_):
        worker.drive(scheduler)

    monkeypatch.setitem(sys.modules, "search.launcher._workers", types.SimpleNamespace(run_jobs_on_workers=work))
    monkeypatch.setattr("search.cluster.connection.open_cluster", cluster)
    monkeypatch.setattr("search.launcher._launch.set_ray_environment", lambda address: None)
    monkeypatch.setattr("search.launcher._launch.Tracker", NoTracker)
    worker.clusters = clusters
    return worker


class NoTracker(contextlib.nullcontext):
    def __init__(self, *_: object) -> None:
        super().__init__(self)

    def record_trial(self, *_: object) -> None:
        pass

    record_launch = record_trial


@pytest.fixture(autouse=True)
def without_pages(request, monkeypatch):
    """Launches in this process leave no page and no pictures, which take seconds, but for tests that ask for `drawn`."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr("search.report.page.write_page_and_pictures", lambda analysis, folder: {})


@pytest.fixture
def drawn():
    """Pages and pictures are made."""
