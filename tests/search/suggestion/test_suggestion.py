"""Suggestions from planted vectors: the encoder's are replaced by ones whose relations we know."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from search.config import Config
from search.suggestion import _suggestion as suggestion
from search.suggestion import count_measurements, suggest_tasks
from trainables.representations import LabelledVectors, Representations

rng = np.random.default_rng(0)
POINTS = rng.normal(size=(300, 8))


def planted(*directions: int, shift: float = 0.0, noise: float = 0.1) -> Representations:
    """A task whose label is the sign of the sum of some coordinates, with texts in a direction of their own."""
    truth = POINTS[:, list(directions)].sum(1) + noise * rng.normal(size=300) > 0
    mean = np.array([1.0, shift])
    return Representations(mean, 300, LabelledVectors(POINTS, truth.astype(int)))


WORLD = {
    "choice": planted(0, 1),
    "tagging": planted(0),
    "facts": planted(0, 1, shift=1.0),
    "dates": planted(2, 3, shift=0.1),
    "names": Representations(np.array([1.0, 0.5]), 300, None),
}


@dataclass
class World:
    """What would be loaded and trained."""

    steps: list[Any] = field(default_factory=list)

    def load(self, sampler: Any, task: str, encoder: str) -> Any:
        encoder_stub = SimpleNamespace(weights={})
        train = None if task == "retrieval" else [0] * 10
        return SimpleNamespace(task=task, encoder=encoder_stub, data=SimpleNamespace(train=train), train_rows=train)

    def represent(self, sampler: Any, dataset: Any, weights: dict[str, Any]) -> Representations:
        if weights.get("trained on") == "dates" and dataset.task == "choice":
            known = WORLD["choice"].labelled.labels
            return Representations(np.ones(2), 300, LabelledVectors(POINTS + 9 * known[:, None], known))
        return WORLD[dataset.task]

    def train(self, stage: Any, dataset: Any) -> dict[str, Any]:
        self.steps.append(stage)
        return {"trained on": stage.task}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    there = World()
    monkeypatch.setattr(suggestion._Sampler, "_load", lambda *words: there.load(*words))
    monkeypatch.setattr(suggestion._Sampler, "_represent", lambda *words: there.represent(*words))
    monkeypatch.setattr("trainables.representations.train_briefly", there.train)
    return there


def config(targets: tuple[str, ...] = ("choice", "tagging"), **changed: Any) -> Config:
    document = {
        "name": "planted",
        "encoder": "miniature",
        "benchmark": "miniature",
        "targets": targets,
        "intermediate": {"facts": {}, "dates": {}},
        "curriculum": {"max_length": 1},
        "training": {"intermediate": {"steps": 9, "batch_size": 4}, "target": {"steps": 9}},
        "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
        "trials": 3,
    }
    return Config.model_validate(document | changed, context=None)


def test_a_task_of_the_targets_own_directions_comes_first(world: World):
    found = suggest_tasks(config(), "")
    assert [each.task for each in found.rank_tasks("directions")] == ["facts", "dates"]
    facts, dates = (each.targets["choice"]["directions"] for each in found.tasks)
    assert facts > dates + 0.5


def test_means_are_over_targets(world: World):
    found = suggest_tasks(config(), "")
    for each in found.tasks:
        for measure in ("similarity", "directions"):
            expected = np.mean([each.targets[target][measure] for target in ("choice", "tagging")])
            assert each.measures[measure] == pytest.approx(expected)


def test_similarity_is_of_mean_texts(world: World):
    found = suggest_tasks(config(), "")
    assert [each.task for each in found.rank_tasks("similarity")] == ["dates", "facts"]
    assert found.tasks[0].targets["choice"]["similarity"] == pytest.approx(1 / np.sqrt(2))


def test_a_prior_has_mean_0_and_deviation_1(world: World):
    prior = suggest_tasks(config(), "").build_prior("directions")
    assert prior == {"facts": 1.0, "dates": -1.0}


def test_a_target_without_training_rows_is_left_out_in_words(world: World):
    found = suggest_tasks(config(("choice", "retrieval")), "")
    assert found.left_out == {"retrieval": "it has no training rows"}
    assert set(found.tasks[0].targets) == {"choice"}


def test_a_task_without_labels_has_only_similarity(world: World):
    found = suggest_tasks(config(intermediate={"names": {}, "facts": {}}), "")
    assert set(found.tasks[0].measures) == {"similarity", "rows"}
    assert found.measures == ["similarity", "rows"]


def test_training_measures_the_targets_again(world: World):
    found = suggest_tasks(config(), "", train_steps=7)
    assert [(stage.task, stage.steps, stage.batch_size) for stage in world.steps] == [("facts", 7, 4), ("dates", 7, 4)]
    facts, dates = found.tasks
    assert facts.targets["choice"]["tuned_logme"] == 0
    assert dates.targets["choice"]["tuned_logme"] > 0.1
    assert dates.measures["tuned_logme"] == pytest.approx(dates.targets["choice"]["tuned_logme"] / 2)


def test_nothing_is_trained_by_default(world: World):
    assert "tuned_logme" not in suggest_tasks(config(), "").measures
    assert not world.steps


@pytest.mark.parametrize("steps", [0, 5])
@pytest.mark.parametrize("encoders", [(), ("miniature", "other")])
def test_progress_is_reported_as_often_as_counted(world: World, steps: int, encoders: tuple[str, ...]):
    said: list[str] = []
    settings = config(("choice", "retrieval"))
    found = suggest_tasks(settings, "", encoders=encoders, train_steps=steps, report_progress=said.append)
    assert len(said) == count_measurements(settings, encoders, steps)
    assert [each.encoder for each in found.encoders] == ["miniature", "other"][: 1 + bool(encoders)]
