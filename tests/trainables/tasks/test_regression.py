from dataclasses import replace
from random import Random
from statistics import fmean
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from trainables.cards import ITEM_COLUMN, TaskData
from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Encoder
from trainables.evaluation._scoring import score_language_pairs, score_languages, score_train_sample
from trainables.tasks import EncodedRows
from trainables.tasks._regression import Regression
from trainables.training import train_stage
from trainables.training._models import build_models
from trainables.training.noise._interface import compute_symmetric_kl

KIND = Regression()
NONE = EncodedRows([], [])
PLACES = ("Kenya", "Suomi")
TEXTS = tuple(f"{one} {other}" for other in PLACES for one in PLACES)
STAGE = Stage(task="quality", learning_rate=1e-2, steps=60, batch_size=8, seed=1)
KEY = "0123456789abcdef" * 4


def quality(number: int, pair: bool) -> dict:
    """A row whose label, from 40 to 75, is a matter of where its texts say Suomi."""
    text, text_pair = TEXTS[number % 4], PLACES[number // 4 % 2] if pair else None
    return {
        "text": text,
        "text_pair": text_pair,
        "label": 40.0 + 20 * (number % 2) + 10 * (number // 2 % 2) + 5 * (text_pair == "Suomi"),
        ITEM_COLUMN: number,
    }


@pytest.fixture
def ready(tiny):
    """Makes the task for an encoder whose tokenizer knows the places."""

    def make(pair: bool = False, scale: float = 1.0, encoder: Encoder | None = None) -> EncodedDataset:
        def rows(count: int) -> list[dict]:
            made = [quality(number, pair) for number in range(count)]
            return [row | {"label": scale * row["label"]} for row in made]

        dev = {code: rows(24) for code in ("en", "de", "sw")}
        train = [{name: value for name, value in row.items() if name != ITEM_COLUMN} for row in rows(48)]
        return EncodedDataset(TaskData("regression", (), train, {"dev": dev}), encoder or tiny("xlm_r"), 32)

    return make


def test_the_head_has_one_output_and_the_loss_is_the_squared_error(ready, undisturbed):
    prepared = ready()
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert (model.config.num_labels, model.config.problem_type) == (1, "regression")
    batch = next(prepared.iterate_batches(8, Random(1)))
    output = model.eval()(**batch)
    assert output.logits.shape == (8, 1)
    assert output.loss.item() == pytest.approx((output.logits[:, 0] - batch["labels"]).square().mean().item())


def test_labels_are_standardised_by_the_training_rows_in_training_alone(ready):
    prepared = ready()
    labels = torch.tensor([row["label"] for row in prepared.train_rows])
    assert prepared.kind.mean == pytest.approx(labels.mean().item())
    assert prepared.kind.deviation == pytest.approx(labels.std(correction=0).item())
    batches = prepared.iterate_batches(6, Random(1))
    seen = torch.cat([next(batches)["labels"] for _ in range(16)])  # two epochs
    assert (seen.mean().item(), seen.std(correction=0).item()) == pytest.approx((0.0, 1.0), abs=1e-5)
    assert [feature["labels"] for feature in prepared.train.features] == labels.tolist()


def test_labels_that_are_all_equal_are_moved_only():
    assert KIND.fit_labels([{"label": 3}, {"label": 3}]) == replace(KIND, mean=3.0, deviation=1.0)


@pytest.mark.parametrize("pair", [False, True])
def test_training_lowers_the_loss_and_the_outputs_are_in_the_unit_of_the_rows(pair, ready):
    prepared = ready(pair)
    trained = train_stage(STAGE, KEY, prepared.encoder.weights, [prepared])
    assert fmean(trained.losses[-20:]) < 0.5 * fmean(trained.losses[:20])
    scores = score_languages(trained.models[0], prepared, "dev", ("en", "de", "sw"))
    assert set(scores) == {"en", "de", "sw"}
    assert all(tuple(row) == ("pearson", "spearman") and row["pearson"] > 0.8 for row in scores.values())
    found = prepared.load_evaluation_set("dev", "en")
    inputs = prepared.encoder.pretrained_tokenizer(
        [row["text"] for row in found.rows],
        [row["text_pair"] for row in found.rows] if pair else None,
        padding=True,
        return_tensors="pt",
    )
    outputs = torch.tensor(prepared.kind.compute_outputs(trained.models[0].eval(), dict(inputs), []))
    labels = torch.tensor([row["label"] for row in found.rows])
    assert (outputs - labels).square().mean().sqrt() < labels.std()
    assert score_train_sample(trained.models[0], prepared, 20)["pearson"] > 0.8


def test_the_unit_of_the_labels_does_not_matter(ready):
    scores = []
    for scale in (1.0, 1000.0):
        prepared = ready(scale=scale)
        (model,) = train_stage(replace(STAGE, steps=20), KEY, prepared.encoder.weights, [prepared]).models
        scores.append(score_languages(model, prepared, "dev", ("en",))["en"]["pearson"])
    assert scores[0] == pytest.approx(scores[1], abs=0.2)
    assert min(scores) > 0


def test_plain_transformers_gives_the_same_numbers(ready, tmp_path):
    prepared = ready()
    (model,) = train_stage(STAGE, KEY, prepared.encoder.weights, [prepared]).models
    model.save_pretrained(tmp_path)
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    inputs = prepared.encoder.pretrained_tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    ours = prepared.kind.compute_outputs(model.eval(), dict(inputs), [])
    assert again(**inputs).logits[:, 0].tolist() == pytest.approx(ours, rel=1e-4)
    assert again.config.problem_type == "regression"


def test_every_architectures_last_layer_is_rescaled(ready, architecture, undisturbed):
    prepared = ready(encoder=architecture)
    (model,) = build_models(architecture.weights, [prepared])
    batch = next(prepared.iterate_batches(4, Random(1)))
    before = model.eval()(**batch).logits
    kind = Regression(mean=70.0, deviation=3.0)
    assert torch.allclose(kind.finish_training(model)(**batch).logits, 3 * before + 70, rtol=1e-4)


def test_texts_in_two_languages_are_scored(ready, undisturbed):
    prepared = ready(pair=True)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert prepared.supports_language_pairs("dev", ("en", "de"))
    scores = score_language_pairs(model, prepared, "dev", [("en", "sw")])
    assert tuple(scores["en-sw"]) == ("pearson", "spearman")
    assert not ready().supports_language_pairs("dev", ("en", "de"))


def test_predictions_are_compared_by_their_squared_difference():
    one, other = (
        KIND.log_probabilities(SimpleNamespace(logits=torch.tensor(values).unsqueeze(-1)), {})
        for values in ([1.0, 2.0], [4.0, 2.5])
    )
    assert one[0].shape == (2,)
    assert compute_symmetric_kl(one, other).item() == pytest.approx((9 + 0.25) / 2)


def test_a_score_counts_no_negative_correlation():
    rows = [{"label": 1.0}, {"label": 2.0}, {"label": 4.0}]
    assert KIND.score(rows, NONE, [0.1, 0.2, 0.4], ()) == pytest.approx({"pearson": 1.0, "spearman": 1.0})
    assert KIND.score(rows, NONE, [4.0, 2.0, 1.0], ()) == {"pearson": 0.0, "spearman": 0.0}
