import pytest
import torch
from datasets import Dataset
from torch import nn

from trainables.scoring import score, score_pairs
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


def swahili(prepared):
    """The task with its second text in German another one."""

    def translated(row):
        return {"text_pair": "Ujerumani"} if row["language"] == "de" else {}

    prepared.data.evaluation["dev"] = prepared.data.evaluation["dev"].map(translated)
    return prepared


def test_a_pair_has_its_first_text_in_one_language_and_its_second_in_the_other(model, task, monkeypatch):
    prepared = swahili(task("classification"))
    seen = []
    encode = Classification.encode
    monkeypatch.setattr(
        Classification, "encode", lambda kind, rows, *rest: seen.extend(rows) or encode(kind, rows, *rest)
    )
    found = score_pairs(model, prepared, "dev", [("en", "de"), ("de", "en"), ("en", "fr")])
    assert list(found) == ["en-de", "de-en"]
    mixed = seen[-20:]
    assert [row["text_pair"] == "Ujerumani" for row in mixed] == [True] * 10 + [False] * 10
    assert [row["language"] for row in mixed] == ["en"] * 10 + ["de"] * 10


def test_items_are_joined_by_their_number_not_by_their_place(model, task):
    prepared = task("classification")
    rows = [row for row in prepared.data.evaluation["dev"].to_list() if row["language"] == "en" or row["item"] != 3]
    prepared.data.evaluation["dev"] = Dataset.from_list(rows)
    mixed = prepared.mixed("dev", "en", "de")
    assert [row["item"] for row in mixed.rows] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    by_item = {row["item"]: row for row in rows if row["language"] == "de"}
    assert all(row["text_pair"] == by_item[row["item"]]["text_pair"] for row in mixed.rows)


@pytest.mark.parametrize("kind", ["multiple_choice", "question_answering"])
def test_a_pair_of_one_language_with_itself_is_that_language(kind, task, undisturbed):
    prepared = task(kind)
    (model,) = build(prepared.encoder.weights, [prepared])
    alone = score(model, prepared, "dev", ["en"])["en"]
    assert score_pairs(model, prepared, "dev", [("en", "de")])["en-de"] == alone


@pytest.mark.parametrize(
    ("kind", "two"),
    [
        ("classification", True),
        ("multiple_choice", True),
        ("question_answering", True),
        ("tagging", False),
        ("retrieval", False),
    ],
)
def test_tasks_of_two_texts_generalize(kind, two, task):
    assert task(kind).generalizes is two


def test_classification_of_one_text_does_not_generalize(task):
    prepared = task("classification")
    prepared.data.evaluation["dev"] = prepared.data.evaluation["dev"].map(lambda row: {"text_pair": None})
    assert not prepared.generalizes


def test_rows_that_say_nothing_about_each_other_do_not_generalize(task):
    prepared = task("classification")
    prepared.data.evaluation["dev"] = prepared.data.evaluation["dev"].remove_columns("item")
    assert not prepared.generalizes
