from itertools import pairwise

import pytest

from trainables.tasks.question_answering import LONGEST_ANSWER, QuestionAnswering, normalise, token_f1

KIND = QuestionAnswering()
WORDS = [f"w{i}" for i in range(60)]
LONG = " ".join(WORDS)


def row(answer: str, context: str = LONG, question: str = "Africa") -> dict:
    answers = {"text": [answer], "answer_start": [context.index(answer)]}
    return {"id": "", "context": context, "question": question, "answers": answers}


def perfect(feature: dict) -> tuple[list[float], list[float]]:
    """Logits of a model that finds the answer where the window holds it."""
    size = len(feature["input_ids"])
    return tuple(
        [10.0 if i == feature[name] else 0.0 for i in range(size)] for name in ("start_positions", "end_positions")
    )


def said(feature: dict, start: int, end: int) -> tuple[list[float], list[float]]:
    size = len(feature["input_ids"])
    return [float(i == start) for i in range(size)], [float(i == end) for i in range(size)]


@pytest.mark.parametrize(
    ("answer", "gold", "f1"),
    [
        ("the Red Sea", "Red Sea!", 1.0),
        ("Red Sea", "Sea", 2 / 3),
        ("a b c d", "c d e", 2 * (2 / 3) * (2 / 3) / (4 / 3)),
        ("one one two", "one two two", 2 / 3),
        ("north", "south", 0.0),
        ("", "south", 0.0),
        ("the", "", 1.0),
    ],
)
def test_f1_is_the_harmonic_mean_over_normalised_words(answer, gold, f1):
    assert token_f1(answer, gold) == pytest.approx(f1)


def test_normalising_takes_out_case_punctuation_articles_and_space():
    assert normalise("  The  U.S. and an   Ant-Eater ") == "us and anteater"


def test_the_best_gold_answer_counts(encoder):
    rows = [row("w3 w4")]
    rows[0]["answers"]["text"].append("w3")
    encoded = KIND.encode(rows, encoder.tokens, 128 * 8)
    (feature,) = encoded.features
    first = feature["start_positions"]
    last = max(i for i, span in enumerate(feature["_spans"]) if span and span[1] <= LONG.index("w3") + 2)
    assert KIND.score(rows, encoded, [said(feature, first, last)], ()) == {"f1": 1.0, "exact_match": 1.0}


def test_scores_are_means_over_rows(encoder):
    rows = [row("w3"), row("w9 w10")]
    encoded = KIND.encode(rows, encoder.tokens, 128 * 8)
    first, second = encoded.features
    shorter = max(i for i, span in enumerate(second["_spans"]) if span and span[1] <= LONG.index("w9") + 2)
    outputs = [perfect(first), said(second, second["start_positions"], shorter)]
    found = KIND.score(rows, encoded, outputs, ())
    assert found == pytest.approx({"f1": (1 + 2 / 3) / 2, "exact_match": 0.5})


@pytest.mark.parametrize("answer", ["w0", "w1 w2", "w30", "w58 w59"])
def test_a_long_context_is_windowed_and_the_answer_found_wherever_it_stands(answer, encoder):
    rows = [row(answer)]
    encoded = KIND.encode(rows, encoder.tokens, 36)
    assert len(encoded.features) > 2
    assert set(encoded.rows) == {0}
    assert max(len(feature["input_ids"]) for feature in encoded.features) == 36
    assert KIND.score(rows, encoded, [perfect(f) for f in encoded.features], ()) == {"f1": 1.0, "exact_match": 1.0}


def test_the_windows_cover_the_context_and_overlap(encoder):
    spans = [
        [span for span in feature["_spans"] if span]
        for feature in KIND.encode([row("w9")], encoder.tokens, 36).features
    ]
    assert spans[0][0][0] == 0
    assert spans[-1][-1][1] == len(LONG)
    for window, following in pairwise(spans):
        assert following[0][0] < window[-1][1]


def test_a_window_without_the_answer_points_at_the_start_token(encoder):
    features = KIND.encode([row("w0")], encoder.tokens, 36).features
    assert (features[0]["start_positions"], features[0]["end_positions"]) != (0, 0)
    assert {(feature["start_positions"], feature["end_positions"]) for feature in features[2:]} == {(0, 0)}


def test_windows_know_their_rows(encoder):
    rows = [row("w3", "w3 w4"), row("w3"), row("w4", "w3 w4")]
    encoded = KIND.encode(rows, encoder.tokens, 36)
    assert encoded.rows == [0, *[1] * (len(encoded.rows) - 2), 2]
    assert KIND.score(rows, encoded, [perfect(f) for f in encoded.features], ())["exact_match"] == 1.0


def test_positions_of_training_cover_the_answer_and_no_more(encoder):
    rows = [row("Côte d’Ivoire", "日本, Côte d’Ivoire, Suomi")]
    (feature,) = KIND.encode(rows, encoder.tokens, 128).features
    begin = feature["_spans"][feature["start_positions"]][0]
    end = feature["_spans"][feature["end_positions"]][1]
    assert rows[0]["context"][begin:end].strip() == "Côte d’Ivoire"


def logits(feature: dict, points: dict[int, tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Start and end logits that are zero but at some tokens."""
    rows = [points.get(i, (0.0, 0.0)) for i in range(len(feature["input_ids"]))]
    return [start for start, _ in rows], [end for _, end in rows]


def test_no_answer_is_taken_from_the_question(encoder):
    rows = [row("w3", "w3 w4 w5")]
    encoded = KIND.encode(rows, encoder.tokens, 64)
    (feature,) = encoded.features
    gold, stop = feature["start_positions"], feature["end_positions"]
    points = logits(feature, {1: (9.0, 9.0), gold: (1.0, float(gold == stop)), stop: (float(gold == stop), 1.0)})
    assert KIND.score(rows, encoded, [points], ())["exact_match"] == 1.0


def test_no_answer_ends_before_it_begins(encoder):
    rows = [row("w5", "w3 w4 w5")]
    encoded = KIND.encode(rows, encoder.tokens, 64)
    (feature,) = encoded.features
    first = next(i for i, span in enumerate(feature["_spans"]) if span)
    gold, stop = feature["start_positions"], feature["end_positions"]
    assert first < gold < stop
    points = logits(feature, {first: (0.0, 9.0), gold: (9.0, 0.0), stop: (0.0, 8.0)})
    assert KIND.score(rows, encoded, [points], ())["exact_match"] == 1.0


def test_no_answer_is_longer_than_the_longest(encoder):
    rows = [row(LONG)]
    encoded = KIND.encode(rows, encoder.tokens, 128 * 8)
    assert len([span for span in encoded.features[0]["_spans"] if span]) > LONGEST_ANSWER
    found = KIND.score(rows, encoded, [perfect(encoded.features[0])], ())
    assert found["exact_match"] == 0.0
    assert found["f1"] < 2 * LONGEST_ANSWER / (LONGEST_ANSWER + 60)
