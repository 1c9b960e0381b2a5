from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.trainables.conftest import SCORED, TRAINED
from trainables.cards import TaskData
from trainables.data import EncodedDataset
from trainables.encoders import get_feature_length
from trainables.evaluation import _scoring as scoring
from trainables.evaluation._scoring import score_language_pairs, score_languages, score_train_sample
from trainables.tasks import TASK_KINDS
from trainables.tasks._classification import Classification
from trainables.tasks._question_answering import QuestionAnswering, _AnswerSpan, _WindowAnswer
from trainables.training._stage import build_models


@pytest.fixture
def model(task, undisturbed):
    prepared = task("classification")
    return build_models(prepared.encoder.weights, [prepared])[0]


def true_labels(kind, model, batch, features) -> list[int]:
    assert [feature["labels"] for feature in features] == batch["labels"].tolist()
    return batch["labels"].tolist()


def ones(kind, model, batch, features) -> list[int]:
    return [1] * len(batch["labels"])


def changed(prepared, change) -> EncodedDataset:
    """The task with dev rows changed: ``change(row, language)`` is the row's new columns, None to leave it out."""
    dev = {
        code: [row | new for row in rows if (new := change(row, code)) is not None]
        for code, rows in prepared.data.evaluation["dev"].items()
    }
    return replace(prepared, data=replace(prepared.data, evaluation={"dev": dev}))


def test_each_output_finds_its_way_back_to_its_row(model, task, monkeypatch):
    monkeypatch.setattr(Classification, "compute_outputs", true_labels)
    assert score_languages(model, task("classification"), "dev", ("en", "de")) == {
        "en": {"accuracy": 1.0},
        "de": {"accuracy": 1.0},
    }


def test_languages_are_scored_apart(model, task, monkeypatch):
    prepared = changed(task("classification"), lambda row, language: {"label": int(language == "de")})
    monkeypatch.setattr(Classification, "compute_outputs", ones)
    assert score_languages(model, prepared, "dev", ("en", "de")) == {"en": {"accuracy": 0.0}, "de": {"accuracy": 1.0}}


def test_only_the_languages_asked_for_are_scored(model, task):
    assert set(score_languages(model, task("classification"), "dev", ("de", "sw"))) == {"de"}


def test_no_language_that_is_there_has_no_scores(model, task):
    assert score_languages(model, task("classification"), "dev", ("sw",)) == {}
    assert score_languages(model, task("classification"), "test", ("en",)) == {}


@pytest.mark.parametrize(("ahead", "batch"), [(4096, 128), (8, 4), (5, 3), (1, 1)])
def test_every_text_goes_through_the_model_once_whatever_is_in_memory_together(ahead, batch, model, task, monkeypatch):
    monkeypatch.setattr(scoring, "TEXTS_IN_MEMORY", ahead)
    monkeypatch.setattr(scoring, "EVALUATION_BATCH_SIZE", batch)

    def told(row, language):
        return {"text": f"{row['text']} {language} {row['item']}"} if language == "de" or row["item"] < 7 else None

    prepared = changed(task("classification"), told)
    seen, widths = [], []

    def outputs(kind, model, batch, features):
        assert batch["attention_mask"].sum(-1).tolist() == [get_feature_length(feature) for feature in features]
        seen.extend(str(feature["input_ids"]) for feature in features)
        widths.append(batch["input_ids"].shape[1])
        return true_labels(kind, model, batch, features)

    monkeypatch.setattr(Classification, "compute_outputs", outputs)
    assert score_languages(model, prepared, "dev", ("en", "de")) == {"en": {"accuracy": 1.0}, "de": {"accuracy": 1.0}}
    assert len(set(seen)) == len(seen) == 17
    assert widths == sorted(widths)


def test_texts_that_read_alike_go_through_the_model_once(model, task, monkeypatch):
    seen = []
    monkeypatch.setattr(
        Classification,
        "compute_outputs",
        lambda kind, model, batch, features: seen.extend(features) or ones(kind, model, batch, features),
    )
    score_languages(model, task("classification"), "dev", ("en", "de"))
    assert len(seen) == len({str(feature["input_ids"]) for feature in seen}) < 20


def test_texts_that_the_model_is_told_other_languages_of_do_not_read_alike(tiny, undisturbed, monkeypatch):
    encoder = tiny("xlm")
    rows = [{"text": "Wien", "text_pair": None, "label": 1}]
    data = TaskData("classification", ("no", "yes"), None, {"dev": dict.fromkeys(("en", "de", "sw"), rows)})
    prepared = EncodedDataset(data, encoder, 16)
    (model,) = build_models(encoder.weights, [prepared])
    seen = []

    def outputs(kind, model, batch, features):
        seen.extend(feature["langs"][0] for feature in features)
        return batch["langs"][:, 0].tolist()

    monkeypatch.setattr(Classification, "compute_outputs", outputs)
    # German's number is 1, and the label too; Swahili, which the model does not know, reads as English.
    assert score_languages(model, prepared, "dev", ("en", "de", "sw")) == {
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
        spans = (_AnswerSpan(1.0, first[0], last[1]) for first, last in places)
        return [_WindowAnswer(span, 0.0, span) for span in spans]

    prepared = changed(task("question_answering"), spaced)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    monkeypatch.setattr(QuestionAnswering, "compute_outputs", outputs)
    scores = score_languages(model, prepared, "dev", ("en", "de"))
    assert scores == {code: dict.fromkeys(QuestionAnswering.metrics, 1.0) for code in ("en", "de")}
    assert scores["en"] == score_language_pairs(model, prepared, "dev", [("de", "en"), ("en", "de")])["de-en"]


@pytest.mark.parametrize("kind", SCORED)
def test_every_metric_of_a_kind_lies_between_none_and_all(kind, task, undisturbed):
    prepared = task(kind)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    scores = score_languages(model, prepared, "dev", ("en", "de"))
    assert set(scores) == {"en", "de"}
    for metrics in scores.values():
        assert sorted(metrics) == sorted(prepared.kind.metrics)
        assert all(0 <= value <= 1 for value in metrics.values())


def test_scoring_switches_dropout_off(task, undisturbed):
    prepared = task("classification")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    model.classifier.dropout = nn.Dropout(0.9)
    model.train()
    score_languages(model, prepared, "dev", ("en",))
    assert not model.training


def test_scoring_draws_no_random_numbers(model, task):
    before = torch.get_rng_state()
    score_languages(model, task("classification"), "dev", ("en",))
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
    found = score_language_pairs(model, prepared, "dev", [("en", "de"), ("de", "en"), ("en", "fr")])
    assert list(found) == ["en-de", "de-en"]
    mixed = seen[-20:]
    assert [row["text_pair"] == "Deutschland" for row in mixed] == [True] * 10 + [False] * 10
    assert [row["language"] for row in mixed] == ["en"] * 10 + ["de"] * 10


def test_items_are_joined_by_their_number_not_by_their_place(model, task):
    prepared = changed(
        task("classification"), lambda row, language: {} if language == "en" or row["item"] != 3 else None
    )
    mixed = prepared.load_language_pair("dev", "en", "de")
    assert [row["item"] for row in mixed.rows] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    by_item = {row["item"]: row for row in prepared.data.evaluation["dev"]["de"]}
    assert all(row["text_pair"] == by_item[row["item"]]["text_pair"] for row in mixed.rows)


@pytest.mark.parametrize("kind", ["multiple_choice", "question_answering"])
def test_a_pair_of_one_language_with_itself_is_that_language(kind, task, undisturbed):
    prepared = task(kind)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    alone = score_languages(model, prepared, "dev", ["en"])["en"]
    assert score_language_pairs(model, prepared, "dev", [("en", "de")])["en-de"] == alone


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
    assert task(kind).supports_language_pairs("dev", ("en", "de")) is two
    assert not task(kind).supports_language_pairs("dev", ("en", "sw"))


def test_classification_of_one_text_does_not_generalize(task):
    assert not changed(task("classification"), lambda row, language: {"text_pair": None}).supports_language_pairs(
        "dev", ("en", "de")
    )


def test_rows_that_say_nothing_about_each_other_do_not_generalize(task):
    prepared = task("classification")
    dev = {
        code: [{name: value for name, value in row.items() if name != "item"} for row in rows]
        for code, rows in prepared.data.evaluation["dev"].items()
    }
    assert not replace(prepared, data=replace(prepared.data, evaluation={"dev": dev})).supports_language_pairs(
        "dev", ("en", "de")
    )


@pytest.mark.parametrize(
    "kind", [kind for kind in TRAINED if TASK_KINDS[kind].metrics and TASK_KINDS[kind].scored_by_row]
)
def test_every_kind_that_is_scored_by_row_is_scored_on_its_training_rows(kind, task, undisturbed):
    prepared = task(kind)
    scores = score_train_sample(build_models(prepared.encoder.weights, [prepared])[0], prepared, 7)
    assert tuple(scores) == TASK_KINDS[kind].metrics
    assert all(0 <= score <= 1 for score in scores.values())


def test_training_rows_are_scored_as_dev_rows_of_the_same_words_are(model, task):
    prepared = task("classification")
    rows = prepared.sample_train_rows(9).rows
    as_dev = replace(prepared, data=replace(prepared.data, evaluation={"dev": {"en": rows}}))
    assert score_languages(model, as_dev, "dev", ("en",)) == {"en": score_train_sample(model, prepared, 9)}


def test_drawn_rows_are_the_first_of_one_order_of_the_training_rows(task):
    """The same ones whatever the number, the stage and its seed: they come from nothing but their number in the training set."""
    prepared, again = task("classification"), task("classification", max_length=64)
    rows = prepared.sample_train_rows(10).rows
    assert rows[:4] == prepared.sample_train_rows(4).rows == again.sample_train_rows(4).rows
    whole = [{"language": "en"} | row for row in prepared.train_rows]
    assert prepared.sample_train_rows(24).rows != whole
    assert sorted(map(str, prepared.sample_train_rows(24).rows)) == sorted(map(str, whole))
    assert sum(row in whole for row in rows) == 10


def test_fewer_training_rows_than_are_to_be_drawn_are_all_drawn_once(task):
    assert len(task("classification").sample_train_rows(1000).rows) == 24


def test_drawn_rows_are_tokenized_once(task):
    prepared = task("classification")
    assert prepared.sample_train_rows(5) is prepared.sample_train_rows(5)
