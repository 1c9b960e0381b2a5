from dataclasses import replace

import pytest
import torch

from trainables.tasks import Retrieval, SentencePooling
from trainables.tasks._mining import Mining
from trainables.tasks._retrieval import RetrievalFromEnglish, pool_mean
from trainables.training._stage import build_models

KIND = Retrieval()
ROWS = [{"source_sentence": f"eins {i}", "target_sentence": f"one {i}"} for i in range(4)]


def accuracy(sources: list[list[float]], targets: list[list[float]]) -> float:
    outputs = [torch.tensor(vector) for pair in zip(sources, targets, strict=True) for vector in pair]
    return KIND.score(ROWS[: len(sources)], None, outputs, ())["accuracy"]


def test_accuracy_is_the_share_of_sentences_whose_translation_is_nearest():
    targets = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]]
    sources = [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.9, 0.0, 0.1], [-0.9, 0.1, 0.0]]
    assert accuracy(targets, targets) == 1.0
    assert accuracy(sources, targets) == pytest.approx(0.75)


def test_the_length_of_a_vector_does_not_matter():
    assert accuracy([[1.0, 0.1], [0.1, 1.0]], [[0.01, 0.0], [50.0, 100.0]]) == 1.0


def test_the_sentences_of_a_row_follow_each_other(encoder):
    encoded = KIND.encode(ROWS, encoder.tokenizer, 32)
    assert encoded.rows == [0, 0, 1, 1, 2, 2, 3, 3]
    assert encoded.features[2]["input_ids"] == encoder.pretrained_tokenizer("eins 1")["input_ids"]
    assert encoded.features[3]["input_ids"] == encoder.pretrained_tokenizer("one 1")["input_ids"]


def test_the_mean_leaves_out_padding():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]])
    assert pool_mean(states, torch.tensor([[1, 1, 0]])).tolist() == [[2.0, 3.0]]


def test_a_sentence_has_the_same_vector_in_any_batch(task, undisturbed):
    prepared = task("retrieval")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    model.eval()
    tokenizer = prepared.encoder.pretrained_tokenizer
    (alone,) = KIND.compute_outputs(model, dict(tokenizer(["Kenya"], return_tensors="pt")), [])
    texts = ["Kenya", "Uruguay y más y más y más"]
    padded, _ = KIND.compute_outputs(model, dict(tokenizer(texts, padding=True, return_tensors="pt")), [])
    assert torch.allclose(alone, padded, atol=1e-5)


def hidden(task) -> tuple:
    """A model, a batch of two texts, and all its hidden states."""
    prepared = task("retrieval")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    model.eval()
    batch = dict(prepared.encoder.pretrained_tokenizer(["Kenya", "Uruguay y más"], padding=True, return_tensors="pt"))
    return model, batch, model(**batch, output_hidden_states=True).hidden_states


@pytest.mark.parametrize("layer", [0, 1])
def test_a_layer_is_counted_from_the_embeddings(layer, task, undisturbed):
    model, batch, states = hidden(task)
    outputs = Retrieval(SentencePooling(layer=layer)).compute_outputs(model, batch, [])
    assert torch.equal(torch.stack(outputs), pool_mean(states[layer], batch["attention_mask"]))


def test_the_first_token_alone_may_stand_for_a_sentence(task, undisturbed):
    model, batch, states = hidden(task)
    outputs = Retrieval(SentencePooling(layer=1, pooling="first")).compute_outputs(model, batch, [])
    assert torch.equal(torch.stack(outputs), states[1][:, 0])


@pytest.mark.parametrize(("layers", "pooled"), [(1, 1), (12, 7), (24, 14)])
def test_the_usual_layer_is_a_little_above_the_middle(layers, pooled):
    assert KIND.get_default_layer(layers) == RetrievalFromEnglish().get_default_layer(layers) == pooled


@pytest.mark.parametrize(("layers", "pooled"), [(2, 1), (6, 4), (12, 8), (16, 12), (24, 20)])
def test_the_usual_layer_of_mining_is_place_7_of_the_last_12_states_from_12_layers_on(layers, pooled):
    assert Mining().get_default_layer(layers) == pooled
    if layers >= 12:
        states = range(layers + 1)
        assert states[-12:][7] == pooled


def test_what_is_pooled_comes_from_the_stage(task):
    prepared = replace(task("retrieval"), sentence_pooling=SentencePooling(layer=0, pooling="first"))
    assert prepared.kind == Retrieval(SentencePooling(layer=0, pooling="first"))
    assert isinstance(replace(task("mining"), sentence_pooling=SentencePooling(layer=0)).kind, Mining)
    assert task("retrieval").kind == Retrieval()
