from random import Random

from trainables.tasks._multiple_choice import MultipleChoice
from trainables.training._stage import build_models

KIND = MultipleChoice()
ROWS = [
    {"context": "Kenya", "choices": ["Africa", "Asia", "Europe"], "label": 0},
    {"context": "Suomi", "choices": ["America", "Europe", "Asia"], "label": 1},
]


def test_every_choice_goes_with_its_own_context(encoder):
    encoded = KIND.encode(ROWS, encoder.tokenizer, 32)
    for feature, row in zip(encoded.features, ROWS, strict=True):
        pairs = [encoder.pretrained_tokenizer(row["context"], choice)["input_ids"] for choice in row["choices"]]
        assert feature["input_ids"] == pairs
        assert feature["labels"] == row["label"]
    assert encoded.rows == [0, 1]


def test_the_output_is_the_number_of_a_choice(task, undisturbed):
    prepared = task("multiple_choice")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    batch = next(prepared.iterate_batches(6, Random(0)))
    outputs = KIND.compute_outputs(model.eval(), batch, [])
    logits = model(**batch).logits
    assert logits.shape == (6, 2)
    assert outputs == [int(second > first) for first, second in logits.tolist()]


def test_accuracy_is_the_share_of_rows_that_are_right(encoder):
    encoded = KIND.encode(ROWS, encoder.tokenizer, 32)
    assert KIND.score(ROWS, encoded, [0, 2], ()) == {"accuracy": 0.5}
