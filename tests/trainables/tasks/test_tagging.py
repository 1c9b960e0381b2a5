from random import Random
from types import SimpleNamespace

import pytest

from trainables.data import load_encoded_dataset
from trainables.encoders import IGNORED_LABEL
from trainables.tasks._tagging import SEQEVAL_1_F1, Tagging, TaggingByPrecision, score_chunks
from trainables.training._stage import build_models

KIND = Tagging()
MARK = "\u200f"
"""A sign of direction alone, of which mBERT makes no piece."""
LABELS = ("O", "B-PLACE", "I-PLACE", "B-DAY", "I-DAY")
ROWS = [
    {"words": ["Uruguay", "Republic", "and", "Monday"], "tags": [1, 2, 0, 3]},
    {"words": ["Kenya"], "tags": [1]},
]


def spread(feature: dict, tags: list[int]) -> list[int]:
    """Output by token that says `tags` of the words and nonsense of every other piece."""
    left = iter(tags)
    return [next(left) if label != IGNORED_LABEL else 4 for label in feature["labels"]]


def scored(encoder, said: list[list[int]], max_length: int = 32) -> dict[str, float]:
    encoded = KIND.encode(ROWS, encoder.tokenizer, max_length)
    outputs = [spread(feature, tags) for feature, tags in zip(encoded.features, said, strict=True)]
    return KIND.score(ROWS, encoded, outputs, LABELS)


def test_only_the_first_piece_of_a_word_has_a_label(encoder):
    for feature, row in zip(KIND.encode(ROWS, encoder.tokenizer, 32).features, ROWS, strict=True):
        assert len(feature["input_ids"]) > len(row["words"]) + 2
        assert [label for label in feature["labels"] if label != IGNORED_LABEL] == row["tags"]
        assert feature["labels"][0] == feature["labels"][-1] == IGNORED_LABEL


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


LONG = {"words": [f"Kenya {n}" for n in range(20)], "tags": [n % 3 for n in range(20)]}


def test_a_sentence_that_is_too_long_becomes_several_features_that_have_all_of_its_words(encoder):
    encoded = KIND.encode([ROWS[0], LONG, ROWS[1]], encoder.tokenizer, 16)
    features = [feature for row, feature in zip(encoded.rows, encoded.features, strict=True) if row == 1]
    assert list(encoded.rows) == sorted(encoded.rows)
    assert len(features) > 3
    assert [word for feature in features for word in feature["_words"]] == list(range(20))
    labels = [label for feature in features for label in feature["labels"] if label != IGNORED_LABEL]
    assert labels == LONG["tags"]
    assert max(len(feature["input_ids"]) for feature in features) == 16


def test_a_sentence_in_several_features_is_scored_as_one(encoder):
    rows = [ROWS[0], LONG, ROWS[1]]
    whole, several = (KIND.encode(rows, encoder.tokenizer, length) for length in (256, 16))
    wrong = {(1, 3), (1, 17), (0, 1)}
    scores = []
    for encoded in (whole, several):
        outputs = []
        for row, feature in zip(encoded.rows, encoded.features, strict=True):
            told = iter(feature["_words"])
            outputs.append(
                [
                    label if label == IGNORED_LABEL else 3 if (row, next(told)) in wrong else label
                    for label in feature["labels"]
                ]
            )
        scores.append(KIND.score(rows, encoded, outputs, LABELS))
    assert scores[0] == scores[1]
    assert scores[0]["accuracy"] == pytest.approx(1 - 3 / 25)


def test_a_word_that_is_too_long_by_itself_has_its_tag_and_the_next_ones_too(encoder):
    row = {"words": ["a", "Kenya" * 20, "b"], "tags": [0, 1, 2]}
    features = KIND.encode([row], encoder.tokenizer, 16).features
    assert [label for feature in features for label in feature["labels"] if label != IGNORED_LABEL] == [0, 1, 2]


@pytest.mark.parametrize("words", [["Kenya", MARK], ["Kenya", MARK, "Suomi"], [MARK, "Kenya"]])
def test_a_word_without_pieces_counts_as_the_first_label(words, tiny):
    encoder = tiny("mbert")
    row = {"words": words, "tags": [1] * len(words)}
    encoded = KIND.encode([row], encoder.tokenizer, 64)
    (feature,) = encoded.features
    assert feature["_words"] == [number for number, word in enumerate(words) if word != MARK]
    accuracy = KIND.score([row], encoded, [feature["labels"]], LABELS)["accuracy"]
    assert accuracy == pytest.approx((len(words) - 1) / len(words))


def test_a_sentence_without_any_pieces_is_scored_all_the_same(tiny):
    row = {"words": [MARK, MARK], "tags": [0, 1]}
    encoded = KIND.encode([row], tiny("mbert").tokenizer, 64)
    assert KIND.score([row], encoded, [], LABELS)["accuracy"] == 0.5


def test_parts_of_speech_may_be_scored_by_the_precision_of_chunks_first():
    """One NOUN of two said, three words of four right."""
    rows, labels = [{"words": ["a", "b", "c", "d"], "tags": [0, 1, 1, 2]}], ("DET", "NOUN", "VERB")
    encoded = SimpleNamespace(rows=[0], features=[{"labels": [0, 1, 1, 2], "_words": [0, 1, 2, 3]}])
    scores = TaggingByPrecision().score(rows, encoded, [[0, 1, 2, 2]], labels)
    assert list(scores) == ["precision", "accuracy", "f1", SEQEVAL_1_F1]
    assert scores == pytest.approx({"precision": 1 / 3, "accuracy": 3 / 4, "f1": 1 / 3, SEQEVAL_1_F1: 1 / 3})


PARTS = ("ADJ", "ADP", "CCONJ", "DET", "INTJ", "NOUN", "PUNCT", "SCONJ", "SYM", "VERB", "X")


def chunks(sentences: list[list[int]]) -> set[tuple[int, int, int, str]]:
    """Sentence, first and last word and tag of each chunk, by the rule of seqeval 0.0.12 written anew: a tag's first letter is its place
    in a chunk, and the whole tag the chunk's kind. Of S each word is a chunk."""
    found = []
    for s, tags in enumerate(sentences):
        names = [PARTS[tag] for tag in tags]
        for i, name in enumerate(names):
            if i and name == names[i - 1] and name[0] != "S":
                found[-1][2] = i
            else:
                found.append([s, i, i, name])
    return {tuple(chunk) for chunk in found}


def test_parts_of_speech_are_told_apart_by_their_whole_names():
    random, newer = Random(0), 0
    for _ in range(300):
        truth = [
            [random.randrange(len(PARTS)) for _ in range(random.randint(1, 9))] for _ in range(random.randint(1, 4))
        ]
        said = [[random.choice((tag, random.randrange(len(PARTS)))) for tag in tags] for tags in truth]
        ours = score_chunks(truth, said, PARTS)
        one, other = chunks(truth), chunks(said)
        assert ours["precision"] == pytest.approx(len(one & other) / len(other))
        assert ours["f1"] == pytest.approx(2 * len(one & other) / (len(one) + len(other)))
        newer += ours[SEQEVAL_1_F1] != ours["f1"]
    assert newer > 30


def test_tags_of_chunks_have_one_f1_in_every_version():
    assert SEQEVAL_1_F1 not in score_chunks([[1, 2, 0]], [[1, 0, 0]], LABELS)


def test_padding_after_a_sentence_is_not_read(encoder):
    encoded = KIND.encode(ROWS, encoder.tokenizer, 32)
    outputs = [[*feature["labels"], 3, 3] for feature in encoded.features]
    assert KIND.score(ROWS, encoded, outputs, LABELS) == {"f1": 1.0, "accuracy": 1.0}


def test_the_head_has_a_label_for_each_tag(task, undisturbed):
    prepared = task("tagging")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert model.config.id2label == dict(enumerate(prepared.data.labels))


def test_every_word_of_every_language_has_a_label(encoder_folder):
    prepared = load_encoded_dataset("miniature", "tagging", encoder_folder, 128)
    assert prepared.languages("dev")
    for language in prepared.languages("dev"):
        scored_set = prepared.load_evaluation_set("dev", language)
        for row, feature in zip(scored_set.rows, scored_set.encoded.features, strict=True):
            assert [label for label in feature["labels"] if label != IGNORED_LABEL] == row["tags"], (language, row)
