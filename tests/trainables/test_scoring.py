from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.trainables.conftest import SCORED, TRAINED
from trainables import scoring
from trainables.batches import length
from trainables.benchmarks.rows import TaskData
from trainables.prepared import Prepared
from trainables.scoring import score, score_pairs, score_trained
from trainables.stage import build
from trainables.tasks import KINDS
from trainables.tasks.classification import Classification
from trainables.tasks.question_answering import QuestionAnswering, _Said, _Span


@pytest.fixture
def model(task, undisturbed):
    prepared = task("classification")
    return build(prepared.encoder.weights, [prepared])[0]


def true_labels(kind, model, batch, features) -> list[int]:
    assert [feature["labels"] for feature in features] == batch["labels"].tolist()
    return batch["labels"].tolist()


def ones(kind, model, batch, features) -> list[int]:
    return [1] * len(batch["labels"])


def changed(prepared, change) -> Prepared:
    """The task with dev rows changed: ``change(row, language)`` is the row's new columns, None to leave it out."""
    dev = {
        code: [row | new for row in rows if (new := change(row, code)) is not None]
        for code, rows in prepared.data.evaluation["dev"].items()
    }
    return replace(prepared, data=replace(prepared.data, evaluation={"dev": dev}))


def test_each_output_finds_its_way_back_to_its_row(model, task, monkeypatch):
    monkeypatch.setattr(Classification, "outputs", true_labels)
    assert score(model, task("classification"), "dev", ("en", "de")) == {
        "en": {"accuracy": 1.0},
        "de": {"accuracy": 1.0},
    }


def test_languages_are_scored_apart(model, task, monkeypatch):
    prepared = changed(task("classification"), lambda row, language: {"label": int(language == "de")})
    monkeypatch.setattr(Classification, "outputs", ones)
    assert score(model, prepared, "dev", ("en", "de")) == {"en": {"accuracy": 0.0}, "de": {"accuracy": 1.0}}


def test_only_the_languages_asked_for_are_scored(model, task):
    assert set(score(model, task("classification"), "dev", ("de", "sw"))) == {"de"}


def test_no_language_that_is_there_has_no_scores(model, task):
    assert score(model, task("classification"), "dev", ("sw",)) == {}
    assert score(model, task("classification"), "test", ("en",)) == {}


@pytest.mark.parametrize(("ahead", "batch"), [(4096, 128), (8, 4), (5, 3), (1, 1)])
def test_every_text_goes_through_the_model_once_whatever_is_in_memory_together(ahead, batch, model, task, monkeypatch):
    monkeypatch.setattr(scoring, "AHEAD", ahead)
    monkeypatch.setattr(scoring, "BATCH", batch)

    def told(row, language):
        return {"text": f"{row['text']} {language} {row['item']}"} if language == "de" or row["item"] < 7 else None

    prepared = changed(task("classification"), told)
    seen, widths = [], []

    def outputs(kind, model, batch, features):
        assert batch["attention_mask"].sum(-1).tolist() == [length(feature) for feature in features]
        seen.extend(str(feature["input_ids"]) for feature in features)
        widths.append(batch["input_ids"].shape[1])
        return true_labels(kind, model, batch, features)

    monkeypatch.setattr(Classification, "outputs", outputs)
    assert score(model, prepared, "dev", ("en", "de")) == {"en": {"accuracy": 1.0}, "de": {"accuracy": 1.0}}
    assert len(set(seen)) == len(seen) == 17
    assert widths == sorted(widths)


def test_texts_that_read_alike_go_through_the_model_once(model, task, monkeypatch):
    seen = []
    monkeypatch.setattr(
        Classification,
        "outputs",
        lambda kind, model, batch, features: seen.extend(features) or ones(kind, model, batch, features),
    )
    score(model, task("classification"), "dev", ("en", "de"))
    assert len(seen) == len({str(feature["input_ids"]) for feature in seen}) < 20


def test_texts_that_the_model_is_told_other_languages_of_do_not_read_alike(tiny, undisturbed, monkeypatch):
    encoder = tiny("xlm")
    rows = [{"text": "Wien", "text_pair": None, "label": 1}]
    data = TaskData("classification", ("no", "yes"), None, {"dev": dict.fromkeys(("en", "de", "sw"), rows)})
    prepared = Prepared(data, encoder, 16)
    (model,) = build(encoder.weights, [prepared])
    seen = []

    def outputs(kind, model, batch, features):
        seen.extend(feature["langs"][0] for feature in features)
        return batch["langs"][:, 0].tolist()

    monkeypatch.setattr(Classification, "outputs", outputs)
    # German's number is 1, and the label too; Swahili, which the model does not know, reads as English.
    assert score(model, prepared, "dev", ("en", "de", "sw")) == {
        "en": {"accuracy": 0.0},
        "de": {"accuracy": 1.0},
        "sw": {"accuracy": 0.0},
    }
    assert sorted(seen) == [0, 1]


def test_answers_stand_where_their_own_context_has_them(task, undisturbed, monkeypatch):
    """The same tokens at other characters are no twins."""
    contexts = {"en": "Kenya and Suomi", "de": "  Kenya   and   Suomi"}

    def spaced(row, language):
        context = contexts[language]
        return {"context": context, "answers": {"text": ["Suomi"], "answer_start": [context.index("Suomi")]}}

    def outputs(kind, model, batch, features):
        places = ([f["_spans"][f[name]] for name in ("start_positions", "end_positions")] for f in features)
        spans = (_Span(1.0, first[0], last[1]) for first, last in places)
        return [_Said(span, 0.0, span) for span in spans]

    prepared = changed(task("question_answering"), spaced)
    (model,) = build(prepared.encoder.weights, [prepared])
    monkeypatch.setattr(QuestionAnswering, "outputs", outputs)
    scores = score(model, prepared, "dev", ("en", "de"))
    assert scores == {code: dict.fromkeys(QuestionAnswering.metrics, 1.0) for code in ("en", "de")}
    assert scores["en"] == score_pairs(model, prepared, "dev", [("de", "en"), ("en", "de")])["de-en"]


@pytest.mark.parametrize("kind", SCORED)
def test_every_metric_of_a_kind_lies_between_none_and_all(kind, task, undisturbed):
    prepared = task(kind)
    (model,) = build(prepared.encoder.weights, [prepared])
    scores = score(model, prepared, "dev", ("en", "de"))
    assert set(scores) == {"en", "de"}
    for metrics in scores.values():
        assert sorted(metrics) == sorted(prepared.kind.metrics)
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


def german(prepared):
    """The task with its second text in German another one."""
    return changed(prepared, lambda row, language: {"text_pair": "Deutschland"} if language == "de" else {})


def test_a_pair_has_its_first_text_in_one_language_and_its_second_in_the_other(model, task, monkeypatch):
    prepared = german(task("classification"))
    seen = []
    encode = Classification.encode
    monkeypatch.setattr(
        Classification, "encode", lambda kind, rows, *rest: seen.extend(rows) or encode(kind, rows, *rest)
    )
    found = score_pairs(model, prepared, "dev", [("en", "de"), ("de", "en"), ("en", "fr")])
    assert list(found) == ["en-de", "de-en"]
    mixed = seen[-20:]
    assert [row["text_pair"] == "Deutschland" for row in mixed] == [True] * 10 + [False] * 10
    assert [row["language"] for row in mixed] == ["en"] * 10 + ["de"] * 10


def test_items_are_joined_by_their_number_not_by_their_place(model, task):
    prepared = changed(
        task("classification"), lambda row, language: {} if language == "en" or row["item"] != 3 else None
    )
    mixed = prepared.mixed("dev", "en", "de")
    assert [row["item"] for row in mixed.rows] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    by_item = {row["item"]: row for row in prepared.data.evaluation["dev"]["de"]}
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
        ("question_answering_mlqa", True),
        ("ranking", True),
        ("tagging", False),
        ("retrieval", False),
        ("mining", False),
        ("dense_retrieval", False),
        ("masked_language_modelling", False),
    ],
)
def test_tasks_of_two_texts_generalize(kind, two, task):
    assert task(kind).generalizes("dev", ("en", "de")) is two
    assert not task(kind).generalizes("dev", ("en", "sw"))


def test_classification_of_one_text_does_not_generalize(task):
    assert not changed(task("classification"), lambda row, language: {"text_pair": None}).generalizes(
        "dev", ("en", "de")
    )


def test_rows_that_say_nothing_about_each_other_do_not_generalize(task):
    prepared = task("classification")
    dev = {
        code: [{name: value for name, value in row.items() if name != "item"} for row in rows]
        for code, rows in prepared.data.evaluation["dev"].items()
    }
    assert not replace(prepared, data=replace(prepared.data, evaluation={"dev": dev})).generalizes("dev", ("en", "de"))


@pytest.mark.parametrize("kind", [kind for kind in TRAINED if KINDS[kind].metrics and KINDS[kind].by_row])
def test_every_kind_that_is_scored_by_row_is_scored_on_its_training_rows(kind, task, undisturbed):
    prepared = task(kind)
    scores = score_trained(build(prepared.encoder.weights, [prepared])[0], prepared, 7)
    assert tuple(scores) == KINDS[kind].metrics
    assert all(0 <= score <= 1 for score in scores.values())


def test_training_rows_are_scored_as_dev_rows_of_the_same_words_are(model, task):
    prepared = task("classification")
    rows = prepared.drawn(9).rows
    as_dev = replace(prepared, data=replace(prepared.data, evaluation={"dev": {"en": rows}}))
    assert score(model, as_dev, "dev", ("en",)) == {"en": score_trained(model, prepared, 9)}


def test_drawn_rows_are_the_first_of_one_order_of_the_training_rows(task):
    """The same ones whatever the number, the stage and its seed: they come from nothing but their number in the training set."""
    prepared, again = task("classification"), task("classification", max_length=64)
    rows = prepared.drawn(10).rows
    assert rows[:4] == prepared.drawn(4).rows == again.drawn(4).rows
    whole = [{"language": "en"} | row for row in prepared.train_rows]
    assert prepared.drawn(24).rows != whole
    assert sorted(map(str, prepared.drawn(24).rows)) == sorted(map(str, whole))
    assert sum(row in whole for row in rows) == 10


def test_fewer_training_rows_than_are_to_be_drawn_are_all_drawn_once(task):
    assert len(task("classification").drawn(1000).rows) == 24


def test_drawn_rows_are_tokenized_once(task):
    prepared = task("classification")
    assert prepared.drawn(5) is prepared.drawn(5)
