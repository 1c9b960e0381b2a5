"""The code in the cards of exported models: run as it stands, without this package, against what the search's own code predicts."""

import re
import sys

import pytest
import torch

from search.exporter._snippets import MODEL_PLACEHOLDER, Usage
from trainables.encoders import pad_features

ROWS = 12


def snippets_of(folder) -> list[str]:
    """The Python of a card, with the folder in place of the placeholder."""
    found = re.findall(r"^```python\n(.*?)^```$", (folder / "README.md").read_text(), re.M | re.S)
    assert all(MODEL_PLACEHOLDER in each for each in found)
    return [each.replace(MODEL_PLACEHOLDER, str(folder)) for each in found]


def run(code: str, monkeypatch) -> dict:
    """The names that the code leaves, run where neither of our packages can be imported."""
    names: dict = {}
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "search", None)
        patch.setitem(sys.modules, "trainables", None)
        exec(compile(code, "card", "exec"), names)
    return names


@pytest.fixture
def predict(exported, monkeypatch, capsys):
    """What a target's snippet leaves, and rows of its dev set with the outputs of the task kind, in Swahili."""

    def make(target):
        folder = exported.out / "models" / target
        names = run(snippets_of(folder)[0], monkeypatch)
        assert capsys.readouterr().out.strip(), "it prints a prediction"
        dataset = exported.load_datasets()[target]
        found = dataset.load_evaluation_set("dev", "sw")
        features = [
            feature for feature, row in zip(found.encoded.features, found.encoded.rows, strict=True) if row < ROWS
        ]
        outputs = dataset.kind.compute_outputs(
            names["model"], pad_features(features, dataset.encoder.tokenizer.pad_id), features
        )
        return names, [found.rows[number] for number in range(ROWS)], outputs, dataset

    return make


def test_a_classifier_gives_labels_of_pairs_of_texts(predict):
    names, rows, outputs, dataset = predict("inference")
    found = names["predict"]([row["text"] for row in rows], [row["text_pair"] for row in rows])
    assert [label for label, _ in found] == [dataset.data.labels[number] for number in outputs]
    assert all(1 / 3 < probability <= 1 for _, probability in found)


def test_multiple_choice_gives_the_number_of_a_choice(predict):
    names, rows, outputs, _ = predict("choice")
    assert [names["predict"](row["context"], row["choices"]) for row in rows] == outputs


def test_a_tagger_tags_every_word_of_a_long_sentence_too(predict):
    names, rows, _, dataset = predict("tagging")
    words = [word for row in rows for word in row["words"]]
    assert len(names["tokenizer"](words, is_split_into_words=True)["input_ids"]) > 2 * dataset.max_length
    for each in (words, rows[0]["words"]):
        row = {"words": each, "tags": [0] * len(each), "language": "sw"}
        encoded = dataset.kind.encode([row], dataset.encoder.tokenizer, dataset.max_length)
        wanted = {}
        for feature in encoded.features:
            batch = pad_features([feature], dataset.encoder.tokenizer.pad_id)
            (output,) = dataset.kind.compute_outputs(names["model"], batch, [feature])
            tags = [tag for label, tag in zip(feature["labels"], output, strict=False) if label != -100]
            wanted |= dict(zip(feature["_words"], tags, strict=True))
        assert names["predict"](each) == [dataset.data.labels[wanted.get(number, 0)] for number in range(len(each))]


def test_spans_are_decoded_without_a_pipeline_over_all_windows_of_a_long_context(predict):
    names, rows, _, dataset = predict("answer")
    long = [row | {"context": " ".join(other["context"] for other in rows)} for row in rows[:4]]
    windows = []
    for row in [*rows, *long]:
        row = row | {"answers": {"text": [], "answer_start": []}}
        encoded = dataset.kind.encode([row], dataset.encoder.tokenizer, dataset.max_length)
        windows.append(len(encoded.features))
        batch = pad_features(encoded.features, dataset.encoder.tokenizer.pad_id)
        outputs = dataset.kind.compute_outputs(names["model"], batch, encoded.features)
        best = max((output.best for output in outputs), key=lambda span: span.score)
        text, score = names["predict"](row["question"], row["context"])
        assert text == row["context"][best.start : best.end]
        assert score == pytest.approx(best.score, abs=1e-5)
    assert max(windows) > 3


def test_a_question_that_is_too_long_is_cut(predict):
    names, rows, *_ = predict("answer")
    text, _ = names["predict"](rows[0]["question"] * 20, rows[0]["context"])
    assert text and text in rows[0]["context"]


def test_sentence_vectors_are_of_the_layer_and_pooling_that_were_scored(predict):
    names, rows, outputs, _ = predict("retrieval")
    texts = [row[column] for row in rows for column in ("source_sentence", "target_sentence")]
    wanted = torch.nn.functional.normalize(torch.stack(outputs), dim=-1)
    assert torch.allclose(names["embed"](texts), wanted, atol=1e-6)


HEADS_WITHOUT_TARGET = ["label", "labels", "labels_of_pair", "number", "number_of_pair", "grade", "dense_vectors"]


@pytest.mark.parametrize("head", HEADS_WITHOUT_TARGET)
def test_the_snippets_of_heads_that_the_miniature_lacks_run(exported, head, monkeypatch, capsys):
    folder = exported.out / "models" / ("retrieval" if head == "dense_vectors" else "inference")
    usage = Usage(head=head, architecture="any", max_length=48, layer=1, layers=1)
    (code, *_) = re.findall(r"^```python\n(.*?)^```$", usage.build_snippet(), re.M | re.S)
    names = run(code.replace(MODEL_PLACEHOLDER, str(folder)), monkeypatch)
    printed = capsys.readouterr().out
    texts = ["Nairobi", "Kenya"]
    model, tokenizer = names["model"], names["tokenizer"]
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        if head == "dense_vectors":
            wanted = torch.nn.functional.normalize(model(**inputs).last_hidden_state[:, 0], dim=-1)
            assert torch.allclose(names["embed"](texts), wanted, atol=1e-6)
            assert len(names["embed"](texts, texts)) == 2
            return
        logits = model(**inputs).logits
    labels = [model.config.id2label[number] for number in range(3)]
    if head == "label":
        assert [label for label, _ in names["predict"](texts)] == [labels[n] for n in logits.argmax(-1).tolist()]
    elif head == "labels":
        wanted = [[name for name, x in zip(labels, row, strict=True) if x > 0] for row in logits.tolist()]
        assert names["predict"](texts) == wanted
    elif head == "number":
        assert names["predict"](texts) == pytest.approx(logits[:, 0].tolist())
    elif head == "grade":
        found = names["predict"]("Kenya", texts)
        assert [grade for _, grade in found] == sorted((grade for _, grade in found), reverse=True)
        assert {text for text, _ in found} == {*texts}
    else:
        assert len(names["predict"](texts, texts)) == 2
    assert printed


def test_a_model_that_plain_transformers_cannot_run_is_said_to_be_one():
    usage = Usage(head="tags", architecture="XLMForTokenClassification", note="XLM's tokenizer knows no words")
    text = usage.build_snippet()
    assert "AutoModelForTokenClassification.from_pretrained" in text
    assert "def predict" not in text
    assert "does not predict with plain transformers: XLM's tokenizer knows no words" in text


def test_every_head_has_a_snippet_that_is_tested():
    from search.exporter._snippet_templates import HEADS

    assert {*HEADS} == {*HEADS_WITHOUT_TARGET, "label_of_pair", "choice", "tags", "span", "sentence_vectors"}
