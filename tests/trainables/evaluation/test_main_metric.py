"""The main metric of a task: computed by language, beside the kind's own, and in no key but that of the scores that hold it."""

from dataclasses import replace

import pytest
from sklearn.metrics import f1_score, matthews_corrcoef

from trainables.data import EncodedDataset
from trainables.evaluation import Evaluation, read_stored_scores, score_evaluations
from trainables.evaluation._scoring import _compute_outputs, score_languages
from trainables.training._models import build_models


def with_metric(prepared: EncodedDataset, metric: str) -> EncodedDataset:
    return replace(prepared, data=replace(prepared.data, metric=metric))


@pytest.fixture
def model(task, undisturbed):
    prepared = task("classification")
    return build_models(prepared.encoder.weights, [prepared])[0]


def test_every_language_has_the_metric_of_the_task_and_that_of_the_kind_as_before(task, model):
    plain = task("classification")
    before = score_languages(model, plain, "dev", ("en", "de"))
    sets = {code: plain.load_evaluation_set("dev", code) for code in ("en", "de")}
    outputs = _compute_outputs(model, plain, sets)
    for metric in ("macro_f1", "matthews", "f1:yes"):
        after = score_languages(model, with_metric(plain, metric), "dev", ("en", "de"))
        for code, row in after.items():
            assert row.keys() == {metric, "accuracy"}
            assert row["accuracy"] == before[code]["accuracy"]
            truth, found = [each["label"] for each in sets[code].rows], outputs[code]
            expected = {
                "macro_f1": f1_score(truth, found, average="macro", zero_division=0),
                "matthews": max(0.0, matthews_corrcoef(truth, found)),
                "f1:yes": f1_score(truth, found, pos_label=1, zero_division=0),
            }
            assert row[metric] == pytest.approx(expected[metric])
    assert all(row.keys() == {"accuracy"} for row in before.values())


def test_the_metric_enters_the_key_of_scores_alone_and_only_where_the_kind_would_not_compute_it(task):
    plain = task("classification")
    chosen, same = with_metric(plain, "macro_f1"), with_metric(plain, "accuracy")
    assert plain.fingerprint == chosen.fingerprint == same.fingerprint
    of = [each.evaluation_fingerprint("dev", ("en", "de")) for each in (plain, chosen, same)]
    assert of[0] == of[2] != of[1]


def test_scores_in_the_store_are_used_for_the_metric_that_they_hold(task, model, store, recwarn):
    plain = task("classification")
    kept = [Evaluation(with_metric(plain, metric), "dev", ("en", "de")) for metric in ("f1:yes", "", "macro_f1")]
    first, default, other = kept
    key = "0" * 32
    scores = score_evaluations([first], model, None, key, None)["dev"]
    assert first.explain_invalid(scores) == ""
    assert other.explain_invalid(scores) == "of en lack a metric"
    assert default.explain_invalid(scores) == "of en have an invalid metric name"
    assert first.data_identity != default.data_identity != other.data_identity
    assert read_stored_scores(store, key, kept) == {}


def test_the_label_of_an_f1_is_one_of_the_task(task):
    with pytest.raises(ValueError, match="names a label that the task does not have: its labels are no, yes"):
        _ = with_metric(task("classification"), "f1:maybe").kind


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        ("tagging", "precision"),
        ("question_answering", "exact_match"),
        ("ranking", "mrr"),
        ("retrieval", "ndcg"),
        ("regression", "spearman"),
        ("multi_label", "macro_f1"),
        ("dense_retrieval", "ndcg@20"),
    ],
)
def test_kinds_of_all_sorts_are_scored_by_another_metric(kind, metric, task, undisturbed):
    prepared = with_metric(task(kind), metric)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    before = score_languages(model, task(kind), "dev", ("en", "de"))
    after = score_languages(model, prepared, "dev", ("en", "de"))
    assert prepared.kind.metrics[0] == metric
    for code, row in after.items():
        assert 0 <= row[metric] <= 1
        assert row.items() >= before[code].items()
    assert Evaluation(prepared, "dev", ("en", "de")).explain_invalid(after) == ""
