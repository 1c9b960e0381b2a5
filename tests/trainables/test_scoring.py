import pytest
import torch
from torch import nn

from trainables.scoring import score
from trainables.stage import build
from trainables.tasks import KINDS
from trainables.tasks.classification import Classification


@pytest.fixture
def model(task, undisturbed):
    prepared = task("classification")
    return build(prepared.encoder.weights, [prepared])[0]


def true_labels(kind, model, batch) -> list[int]:
    return batch["labels"].tolist()


def ones(kind, model, batch) -> list[int]:
    return [1] * len(batch["labels"])


def test_each_output_finds_its_way_back_to_its_row(model, task, monkeypatch):
    monkeypatch.setattr(Classification, "outputs", true_labels)
    assert score(model, task("classification"), "dev", ("en", "de")) == {
        "en": {"accuracy": 1.0},
        "de": {"accuracy": 1.0},
    }


def test_languages_are_scored_apart(model, task, monkeypatch):
    prepared = task("classification")
    rows = prepared.data.evaluation["dev"].map(lambda row: {"label": int(row["language"] == "de")})
    prepared.data.evaluation["dev"] = rows
    monkeypatch.setattr(Classification, "outputs", ones)
    assert score(model, prepared, "dev", ("en", "de")) == {"en": {"accuracy": 0.0}, "de": {"accuracy": 1.0}}


def test_only_the_languages_asked_for_are_scored(model, task):
    assert set(score(model, task("classification"), "dev", ("de", "sw"))) == {"de"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_a_kind_lies_between_none_and_all(kind, task, undisturbed):
    prepared = task(kind)
    (model,) = build(prepared.encoder.weights, [prepared])
    scores = score(model, prepared, "dev", ("en", "de"))
    assert set(scores) == {"en", "de"}
    for metrics in scores.values():
        assert tuple(metrics) == prepared.kind.metrics
        assert all(0 <= value <= 1 for value in metrics.values())


def test_scoring_switches_dropout_off(task, undisturbed):
    prepared = task("classification")
    (model,) = build(prepared.encoder.weights, [prepared])
    model.classifier.dropout = nn.Dropout(0.9)
    model.train()
    score(model, prepared, "dev", ("en",))
    assert not model.training


def test_scoring_draws_no_random_numbers(model, task):
    before = torch.get_rng_state()
    score(model, task("classification"), "dev", ("en",))
    assert torch.equal(torch.get_rng_state(), before)
