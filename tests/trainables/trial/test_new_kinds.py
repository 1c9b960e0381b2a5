"""Regression and multi-label classification through a whole trial: curriculum, joint stage, target, retention, pairs of languages, store."""

from dataclasses import replace

import pytest

from tests.trainables.outcomes import keys, trained
from trainables.cards import ITEM_COLUMN, TaskData
from trainables.curriculum import Noise
from trainables.data import _loading as data_module
from trainables.data import load_encoded_dataset
from trainables.evaluation._retention import RETENTION_SCORES
from trainables.trial import run_trial

PLACES = ("Kenya", "Suomi", "México", "Viti")
METRICS = {"regression": {"pearson", "spearman"}, "multi_label": {"weighted_f1", "micro_f1", "macro_f1"}}


def own_row(kind: str, number: int) -> dict:
    labels = {"label": 50.0 + 10 * (number % 4)} if kind == "regression" else {"labels": [number % 3, 3][: number % 4]}
    return {"text": PLACES[number % 4], "text_pair": PLACES[number // 4 % 4]} | labels


def own_task(kind: str) -> TaskData:
    dev = [own_row(kind, number) | {ITEM_COLUMN: number} for number in range(16)]
    return TaskData(
        kind,
        ("joy", "anger", "fear", "awe") if kind == "multi_label" else (),
        [own_row(kind, number) for number in range(32)],
        {"dev": dict.fromkeys(("en", "de", "sw"), dev)},
        metric="weighted_f1" if kind == "multi_label" else "",
    )


@pytest.fixture
def own(trial, monkeypatch):
    """A trial whose curriculum and target are tasks of the two kinds."""
    tasks = {"facts": own_task("regression"), "choice": own_task("regression"), "names": own_task("multi_label")}
    plain = data_module.load_task
    monkeypatch.setattr(
        data_module, "load_task", lambda benchmark, task, *more: tasks.get(task) or plain(benchmark, task, *more)
    )
    load_encoded_dataset.cache_clear()
    (stage,), (target, _) = trial.curriculum, trial.targets
    joint = replace(stage, task="facts+names+dates", steps=6)
    targets = (target, replace(target, task="names"))
    yield replace(trial, curriculum=(stage, joint), targets=targets, retention=8, pairs=2)
    load_encoded_dataset.cache_clear()


def test_a_trial_of_the_new_kinds_is_trained_once_and_read_from_the_store_afterwards(own, store):
    first = run_trial(own, store)
    transfer = first.transfer
    assert transfer.metrics == {"choice": "pearson", "names": "weighted_f1"}
    for target, kind in (("choice", "regression"), ("names", "multi_label")):
        dev = transfer.scores[target]["dev"]
        assert set(dev) == {"en", "de", "sw"}
        assert all(
            row.keys() == METRICS[kind] and all(0 <= score <= 1 for score in row.values()) for row in dev.values()
        )
        assert len(transfer.generalized[target]["dev"]) == 2
    joint = next(stage for stage in first.stages if "+" in stage.task)
    assert joint.retained["facts"].keys() == METRICS["regression"]
    assert joint.retained["names"].keys() == METRICS["multi_label"]
    assert store.read_scores(joint.key, RETENTION_SCORES)["metrics"] == {"names": "weighted_f1"}
    again = run_trial(own, store)
    assert not any(trained(again)) and keys(again) == keys(first)
    assert again.transfer == transfer


@pytest.mark.parametrize("method", ["r3f", "smart", "r_drop", "adversarial", "augmentation"])
def test_every_sort_of_noise_trains_them(method, own, store):
    weights = {"weight": 1.0} if method in ("r3f", "smart", "r_drop") else {}
    dropout = {"dropout": 0.1} if method == "r_drop" else {"magnitude": 0.1}
    steps = {"steps": 1} if method in ("smart", "adversarial") else {}
    noise = Noise(method=method, **weights, **dropout, **steps)
    noisy = replace(own, targets=tuple(replace(target, noise=noise) for target in own.targets), curriculum=())
    outcome = run_trial(noisy, store)
    assert all(0 <= row["pearson"] <= 1 for row in outcome.transfer.scores["choice"]["dev"].values())


def test_the_metric_of_a_task_changes_no_key_of_a_stage(own, store, monkeypatch):
    before = keys(run_trial(own, store))
    plain = data_module.load_task
    monkeypatch.setattr(
        data_module,
        "load_task",
        lambda benchmark, task, *more: replace(
            plain(benchmark, task, *more), **({"metric": ""} if task == "names" else {})
        ),
    )
    load_encoded_dataset.cache_clear()
    again = run_trial(own, store)
    assert keys(again) == before and again.transfer.metrics["names"] == "micro_f1"
