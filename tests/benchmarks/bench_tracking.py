"""What a tracking server costs a search: seconds of a search that does sums, by how the server answers. Nothing is asserted on a time.

Run: make bench, or .venv/bin/python -m pytest tests/benchmarks/bench_tracking.py -s
"""

import io
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from rich.console import Console

from search.config import Config, load_config
from search.home import Home
from search.launcher._writable_study import WritableStudy
from search.results import write_results
from search.study import OUTCOME_ATTRIBUTE, TRIAL_ATTRIBUTE
from search.tracking import Tracker, rebuild_tracking
from tests.tracking_servers import closed, serving, silent
from trainables.curriculum import Trial
from trainables.outcome import Outcome, StageRun
from trainables.transfer import Transfer

CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
TRIALS, EACH = 20, 0.5
"""Of the search that is timed, and what a trial of it takes in seconds."""
MANY = 500


def scored(trial: Trial, rng: random.Random) -> Outcome:
    """An outcome in all languages and targets, out of the air."""
    targets = [stage.task for stage in trial.targets]
    scores = {
        task: {"dev": {code: {"accuracy": rng.uniform(0.3, 0.7)} for code in trial.languages}} for task in targets
    }
    stages = [
        StageRun(key=f"{place}", task=stage.task, target=stage.task in targets, trained=True, seconds=20.0)
        for place, stage in enumerate(trial.stages)
    ]
    transfer = Transfer(scores, dict.fromkeys(targets, "accuracy"))
    return Outcome(transfer=transfer, stages=tuple(stages), seconds=100.0, scoring_seconds=5.0)


def settings(name: str, trials: int, **more: Any) -> Config:
    told = {"name": name, "trials": trials, "sampler": "random", "curriculum.max_length": 3, "finalists.top": 0, **more}
    return load_config(CONFIG, [f"{key}={value}" for key, value in told.items()])


def searched(home: Home, uri: str | None, tracked: bool = True) -> tuple[float, str]:
    """Seconds of a search with a tracking server at `uri`, and what it printed."""
    config = settings("timed", TRIALS, **({"tracking.uri": uri} if uri else {}))
    folder, console, rng = home.get_search_folder("timed"), Console(file=io.StringIO(), width=200), random.Random(0)
    study = WritableStudy(folder.journal, config)
    began = time.monotonic()
    with Tracker(config, home, console) if tracked else nullcontext() as tracker:
        while study.get_complete_trials() == [] or len(study.get_complete_trials()) < TRIALS:
            asked = study.ask()
            assert asked is not None
            time.sleep(EACH)
            study.tell(asked[0], scored(asked[1], rng))
            if tracker:
                tracker.record_trial(study, asked[0])
        write_results(study, folder)
        if tracker:
            tracker.record_launch(study, folder.results)
    return time.monotonic() - began, console.file.getvalue()


@contextmanager
def answering(delay: float = 0.0, broken: bool = False) -> Iterator[str]:
    with serving() as server:
        server.delay, server.broken = delay, broken
        yield server.uri


SERVERS = {
    "no tracking": lambda: nullcontext(None),
    "the home's own file": lambda: nullcontext(None),
    "a server that is fast": answering,
    "2 s an answer": lambda: answering(2.0),
    "nobody listens": lambda: nullcontext(closed()),
    "errors 500": lambda: answering(broken=True),
    "never answers": silent,
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_search_beside_a_server(kind, tmp_path):
    with SERVERS[kind]() as uri:
        seconds, told = searched(Home(tmp_path), uri, tracked=kind != "no tracking")
    first = told.partition("\n")[0][:110]
    print(f"\n{kind:22} {seconds:6.1f} s for {TRIALS} trials of {EACH} s  {first}")


def many(home: Home) -> WritableStudy:
    """A search of many trials that ended."""
    config, folder, rng = settings("many", MANY), home.get_search_folder("many"), random.Random(0)
    study = WritableStudy(folder.journal, config)
    folder.config.write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
    scratch = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    scratch.enqueue_trial(study.space.make_baseline_parameters())
    for _ in range(MANY):
        ask = scratch.ask()
        trial = study.space.suggest(ask)
        outcome = scored(trial, rng)
        known = {TRIAL_ATTRIBUTE: trial.to_json(), OUTCOME_ATTRIBUTE: outcome.to_json()}
        study._study.add_trial(
            optuna.trial.create_trial(
                params=ask.params, distributions=ask.distributions, value=outcome.transfer.mean(), user_attrs=known
            )
        )
    write_results(study, folder)
    return study


def test_a_view_of_many_trials(tmp_path):
    from mlflow import MlflowClient

    home = Home(tmp_path)
    study, console = many(home), Console(file=io.StringIO())
    for what in ("written", "written again"):
        began = time.monotonic()
        rebuilt = rebuild_tracking(study, home, home.get_search_folder("many").results, console)
        print(f"\n{MANY} trials {what}: {time.monotonic() - began:.1f} s ({rebuilt})")
    client = MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name("many").experiment_id
    for size in (100, 1000):
        began = time.monotonic()
        runs = client.search_runs([experiment], max_results=size, order_by=["metrics.`transfer/mean` DESC"])
        rows = sum(len(run.data.metrics) for run in runs)
        print(f"{len(runs)} runs searched: {time.monotonic() - began:.1f} s, {rows} metrics")
    assert len(runs) == MANY + 1
