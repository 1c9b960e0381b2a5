from trainables.tasks._classification import Classification, compute_accuracy
from trainables.training._stage import build_models

KIND = Classification()


def test_accuracy_is_the_share_of_rows_that_are_right():
    assert compute_accuracy([{"label": 0}, {"label": 1}, {"label": 2}, {"label": 2}], [0, 1, 1, 2]) == {
        "accuracy": 0.75
    }


def test_the_head_has_a_label_for_each_name(task, undisturbed):
    prepared = task("classification")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert model.config.id2label == {0: "no", 1: "yes"}
    assert model.config.label2id == {"no": 0, "yes": 1}
    assert model.classifier.out_proj.out_features == 2


def test_a_pair_is_encoded_as_a_pair(encoder):
    rows = [{"text": "Kenya", "text_pair": "Africa", "label": 1}]
    (feature,) = KIND.encode(rows, encoder.tokenizer, 32).features
    assert feature["input_ids"] == encoder.pretrained_tokenizer("Kenya", "Africa")["input_ids"]
    assert feature["labels"] == 1


def test_a_single_text_is_encoded_alone(encoder):
    alone = encoder.pretrained_tokenizer("Kenya")["input_ids"]
    for row in ({"text": "Kenya", "label": 0}, {"text": "Kenya", "text_pair": None, "label": 0}):
        assert KIND.encode([row], encoder.tokenizer, 32).features[0]["input_ids"] == alone


def test_the_output_is_the_label_with_the_highest_logit(task, undisturbed):
    prepared = task("classification")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    model.classifier.out_proj.weight.data.zero_()
    model.classifier.out_proj.bias.data.copy_(model.classifier.out_proj.bias.new_tensor([0.0, 1.0]))
    batch = dict(prepared.encoder.pretrained_tokenizer(["Kenya", "Suomi"], padding=True, return_tensors="pt"))
    assert KIND.compute_outputs(model, batch, [{}, {}]) == [1, 1]
