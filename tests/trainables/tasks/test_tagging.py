import pytest

from trainables.prepared import prepare
from trainables.stage import build
from trainables.tasks.tagging import IGNORED, Tagging

KIND = Tagging()
LABELS = ("O", "B-PLACE", "I-PLACE", "B-DAY", "I-DAY")
ROWS = [
    {"words": ["Uruguay", "Republic", "and", "Monday"], "tags": [1, 2, 0, 3]},
    {"words": ["Kenya"], "tags": [1]},
]


def spread(feature: dict, tags: list[int]) -> list[int]:
    """Output by token that says `tags` of the words and nonsense of every other piece."""
    left = iter(tags)
    return [next(left) if label != IGNORED else 4 for label in feature["labels"]]


def scored(encoder, said: list[list[int]], max_length: int = 32) -> dict[str, float]:
    encoded = KIND.encode(ROWS, encoder.tokens, max_length)
    outputs = [spread(feature, tags) for feature, tags in zip(encoded.features, said, strict=True)]
    return KIND.score(ROWS, encoded, outputs, LABELS)


def test_only_the_first_piece_of_a_word_has_a_label(encoder):
    for feature, row in zip(KIND.encode(ROWS, encoder.tokens, 32).features, ROWS, strict=True):
        assert len(feature["input_ids"]) > len(row["words"]) + 2
        assert [label for label in feature["labels"] if label != IGNORED] == row["tags"]
        assert feature["labels"][0] == feature["labels"][-1] == IGNORED


def test_all_right_is_one(encoder):
    assert scored(encoder, [[1, 2, 0, 3], [1]]) == {"f1": 1.0, "accuracy": 1.0}


def test_a_name_half_found_counts_for_its_words_but_not_for_f1(encoder):
    found = scored(encoder, [[1, 0, 0, 3], [1]])
    assert found["accuracy"] == pytest.approx(4 / 5)
    assert found["f1"] == pytest.approx(2 / 3)


def test_a_name_of_the_wrong_kind_is_not_found(encoder):
    found = scored(encoder, [[1, 2, 0, 1], [1]])
    assert found["f1"] == pytest.approx(2 / 3)


def test_f1_is_the_harmonic_mean_of_precision_and_recall(encoder):
    found = scored(encoder, [[1, 2, 3, 0], [0]])
    precision, recall = 1 / 2, 1 / 3
    assert found["f1"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_nothing_found_is_zero_without_a_warning(encoder):
    assert scored(encoder, [[0, 0, 0, 0], [0]]) == {"f1": 0.0, "accuracy": pytest.approx(1 / 5)}


def test_words_that_were_cut_off_count_as_untagged(encoder):
    row = {"words": ["Kenya"] * 20, "tags": [1] * 20}
    encoded = KIND.encode([row], encoder.tokens, 16)
    labels = encoded.features[0]["labels"]
    kept = sum(label != IGNORED for label in labels)
    assert 0 < kept < 20
    assert KIND.score([row], encoded, [labels], LABELS)["accuracy"] == pytest.approx(kept / 20)


def test_padding_after_a_sentence_is_not_read(encoder):
    encoded = KIND.encode(ROWS, encoder.tokens, 32)
    outputs = [[*feature["labels"], 3, 3] for feature in encoded.features]
    assert KIND.score(ROWS, encoded, outputs, LABELS) == {"f1": 1.0, "accuracy": 1.0}


def test_the_head_has_a_label_for_each_tag(task, undisturbed):
    prepared = task("tagging")
    (model,) = build(prepared.encoder.weights, [prepared])
    assert model.config.id2label == dict(enumerate(prepared.data.labels))


def test_every_word_of_every_language_has_a_label(encoder_folder):
    prepared = prepare("miniature", "tagging", encoder_folder, 128)
    assert prepared.languages("dev")
    for language in prepared.languages("dev"):
        scored_set = prepared.scored("dev", language)
        for row, feature in zip(scored_set.rows, scored_set.encoded.features, strict=True):
            assert [label for label in feature["labels"] if label != IGNORED] == row["tags"], (language, row)
