from dataclasses import replace
from random import Random
from statistics import fmean
from types import SimpleNamespace

import pytest
import torch
from sklearn.metrics import f1_score
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import AutoModelForSequenceClassification

from trainables.cards import ITEM_COLUMN, TaskData
from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Encoder, load_encoder
from trainables.evaluation._scoring import score_language_pairs, score_languages, score_train_sample
from trainables.tasks import EncodedRows
from trainables.tasks._multi_label import MultiLabel
from trainables.training import train_stage
from trainables.training._models import build_models
from trainables.training.noise._interface import compute_symmetric_kl

KIND = MultiLabel()
NONE = EncodedRows([], [])
PLACES = ("Kenya", "Suomi")
TEXTS = tuple(f"{one} {other}" for other in PLACES for one in PLACES)
EMOTIONS = ("joy", "anger", "fear", "surprise")
STAGE = Stage(task="emotions", learning_rate=1e-2, steps=20, batch_size=8, seed=1)
KEY = "0123456789abcdef" * 4


def emotion(number: int, pair: bool) -> dict:
    """A row with a label for the place that its first text begins with, and one that every row has."""
    text, text_pair = TEXTS[number % 4], PLACES[number // 4 % 2] if pair else None
    return {
        "text": text,
        "text_pair": text_pair,
        "labels": [number % 2, 2],
        ITEM_COLUMN: number,
    }


@pytest.fixture
def ready(tiny):
    """Makes the task for an encoder whose tokenizer knows the places."""

    def make(pair: bool = False, metric: str = "", encoder: Encoder | None = None) -> EncodedDataset:
        rows = [emotion(number, pair) for number in range(48)]
        train = [{name: value for name, value in row.items() if name != ITEM_COLUMN} for row in rows]
        dev = dict.fromkeys(("en", "de", "sw"), rows[:24])
        return EncodedDataset(
            TaskData("multi_label", EMOTIONS, train, {"dev": dev}, metric=metric), encoder or tiny("xlm_r"), 32
        )

    return make


def test_the_loss_is_the_binary_cross_entropy_over_every_label(ready, architecture, undisturbed):
    prepared = ready(encoder=architecture)
    (model,) = build_models(architecture.weights, [prepared])
    assert model.config.id2label == dict(enumerate(EMOTIONS))
    features = prepared.train.features[:4]
    batch = next(prepared.iterate_batches(8, Random(1)))
    output = model.eval()(**batch)
    has = torch.tensor([[float(label in row) for label in range(4)] for row in batch["labels"].tolist()])
    assert has.sum() > 0 and len(features) == 4
    assert output.loss.item() == pytest.approx(binary_cross_entropy_with_logits(output.logits, has).item(), rel=1e-5)


def test_a_row_may_have_no_label(encoder):
    rows = [{"text": "Kenya", "labels": []}, {"text": "Suomi", "labels": [2, 0]}]
    assert [feature["labels"] for feature in KIND.encode(rows, encoder.tokenizer, 16).features] == [
        [-100],
        [2, 0, -100],
    ]


@pytest.mark.parametrize("pair", [False, True])
def test_training_lowers_the_loss_and_every_language_is_scored(pair, ready):
    prepared = ready(pair, "f1:anger", load_encoder("miniature"))
    trained = train_stage(replace(STAGE, learning_rate=1e-3, steps=40), KEY, prepared.encoder.weights, [prepared])
    assert fmean(trained.losses[-10:]) < 0.5 * fmean(trained.losses[:10])
    scores = score_languages(trained.models[0], prepared, "dev", ("en", "de", "sw"))
    assert set(scores) == {"en", "de", "sw"}
    assert all(tuple(row) == ("f1:anger", "micro_f1", "macro_f1") for row in scores.values())
    assert all(row["micro_f1"] > 0.8 for row in scores.values())
    assert score_train_sample(trained.models[0], prepared, 20)["micro_f1"] > 0.8


def test_plain_transformers_gives_the_same_probabilities(ready, tmp_path):
    prepared = ready()
    (model,) = train_stage(STAGE, KEY, prepared.encoder.weights, [prepared]).models
    model.save_pretrained(tmp_path)
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    inputs = prepared.encoder.pretrained_tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    ours = torch.tensor(KIND.compute_outputs(model.eval(), dict(inputs), []))
    assert torch.allclose(again(**inputs).logits.sigmoid(), ours, atol=1e-5)
    assert again.config.problem_type == "multi_label_classification"
    assert again.config.id2label == dict(enumerate(EMOTIONS))


def test_texts_in_two_languages_are_scored(ready, undisturbed):
    prepared = ready(pair=True)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert tuple(score_language_pairs(model, prepared, "dev", [("en", "sw")])["en-sw"]) == ("micro_f1", "macro_f1")


def test_predictions_are_compared_label_by_label(undisturbed):
    logits = torch.randn(2, 3, 4)
    one, other = (KIND.log_probabilities(SimpleNamespace(logits=each), {}) for each in logits)
    assert one[0].shape == (12, 2)
    assert torch.allclose(one[0].exp().sum(-1), torch.ones(12))
    p, q = logits.sigmoid()
    by_hand = (p - q) * (logits[0] - logits[1])
    assert compute_symmetric_kl(one, other).item() == pytest.approx(by_hand.mean().item(), rel=1e-4)


def test_a_label_is_predicted_from_a_probability_of_one_half():
    rows = [{"labels": [0, 2]}, {"labels": []}, {"labels": [1]}]
    outputs = [[0.5, 0.1, 0.9], [0.7, 0.49, 0.2], [0.1, 0.2, 0.3]]
    truth, predicted = [[1, 0, 1], [0, 0, 0], [0, 1, 0]], [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert KIND.score(rows, NONE, outputs, EMOTIONS[:3]) == {
        "micro_f1": f1_score(truth, predicted, average="micro"),
        "macro_f1": f1_score(truth, predicted, average="macro"),
    }
