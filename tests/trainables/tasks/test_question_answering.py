from copy import deepcopy
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from trainables.encoders import pad_features
from trainables.tasks import TASK_KINDS, get_model_inputs
from trainables.tasks._answer_spans import MAX_ANSWER_TOKENS, N_BEST, NO_SPAN_SCORE
from trainables.tasks._metrics import normalise_squad_answer, score_answer
from trainables.tasks._question_answering import (
    EMPTY_ANSWER,
    WINDOW_STRIDE,
    QuestionAnswering,
    QuestionAnsweringMLQA,
    _AnswerSpan,
    _WindowAnswer,
)
from trainables.training._models import build_models

KIND = QuestionAnswering()
WORDS = [f"w{i}" for i in range(60)]
LONG = " ".join(WORDS)


def row(answer: str, context: str = LONG, question: str = "Africa", language: str = "en") -> dict:
    answers = {"text": [answer], "answer_start": [context.index(answer)]}
    return {"id": "", "context": context, "question": question, "answers": answers, "language": language}


def perfect(feature: dict) -> _WindowAnswer:
    """What a model says that finds the answer where the window holds it."""
    return said(feature, feature["start_positions"], feature["end_positions"], 10.0)


def said(feature: dict, start: int, end: int, logit: float = 1.0) -> _WindowAnswer:
    return span(feature, {i: (logit * (i == start), logit * (i == end)) for i in (start, end)})


def span(feature: dict, points: dict[int, tuple[float, float]]) -> _WindowAnswer:
    """What is made of start and end logits that are zero but at some tokens."""
    told = torch.zeros(1, len(feature["input_ids"]), 2)
    for place, logits in points.items():
        told[0, place] = torch.tensor(logits)
    return outputs([feature], told)[0]


def chosen(start: int, end: int, score: float = 1.0, nothing: float = 0.0) -> _WindowAnswer:
    """What a window says whose best span is the official one as well."""
    span = _AnswerSpan(score, start, end)
    return _WindowAnswer(span, nothing, span)


def all_of(score: float) -> dict[str, float]:
    """Every metric alike."""
    return dict.fromkeys(KIND.metrics, score)


def outputs(features: list[dict], logits: torch.Tensor) -> list[_WindowAnswer]:
    """What is made of start and end logits [windows, length, 2]."""
    return KIND.compute_outputs(
        lambda: SimpleNamespace(start_logits=logits[..., 0], end_logits=logits[..., 1]), {}, features
    )


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
    assert score_answer(answer, [gold], normalise_squad_answer)[0] == pytest.approx(f1)


def test_normalising_takes_out_case_punctuation_articles_and_space():
    assert normalise_squad_answer("  The  U.S. and an   Ant-Eater ") == "us and anteater"


def test_the_best_gold_answer_counts(encoder):
    rows = [row("w3 w4")]
    rows[0]["answers"]["text"].append("w3")
    encoded = KIND.encode(rows, encoder.tokenizer, 128 * 8)
    (feature,) = encoded.features
    first = feature["start_positions"]
    last = max(i for i, span in enumerate(feature["_spans"]) if span and span[1] <= LONG.index("w3") + 2)
    assert KIND.score(rows, encoded, [said(feature, first, last)], ()) == all_of(1.0)


def test_an_encoder_that_was_fine_tuned_on_three_labels_gets_a_head_for_start_and_end(encoder):
    config = deepcopy(encoder.config)
    config.num_labels = 3
    assert KIND.build_model(config, ()).qa_outputs.out_features == 2


def test_scores_are_means_over_rows(encoder):
    rows = [row("w3"), row("w9 w10")]
    encoded = KIND.encode(rows, encoder.tokenizer, 128 * 8)
    first, second = encoded.features
    shorter = max(i for i, span in enumerate(second["_spans"]) if span and span[1] <= LONG.index("w9") + 2)
    outputs = [perfect(first), said(second, second["start_positions"], shorter)]
    found = KIND.score(rows, encoded, outputs, ())
    ours = {"f1": (1 + 2 / 3) / 2, "exact_match": 0.5}
    assert found == pytest.approx(ours | {f"official_{metric}": score for metric, score in ours.items()})


@pytest.mark.parametrize("answer", ["w0", "w1 w2", "w30", "w58 w59"])
def test_a_long_context_is_windowed_and_the_answer_found_wherever_it_stands(answer, encoder):
    rows = [row(answer)]
    encoded = KIND.encode(rows, encoder.tokenizer, 36)
    assert len(encoded.features) > 2
    assert set(encoded.rows) == {0}
    assert max(len(feature["input_ids"]) for feature in encoded.features) == 36
    assert KIND.score(rows, encoded, [perfect(f) for f in encoded.features], ()) == all_of(1.0)


def test_the_windows_cover_the_context_and_overlap(encoder):
    spans = [
        [span for span in feature["_spans"] if span]
        for feature in KIND.encode([row("w9")], encoder.tokenizer, 36).features
    ]
    assert spans[0][0][0] == 0
    assert spans[-1][-1][1] == len(LONG)
    for window, following in pairwise(spans):
        assert following[0][0] < window[-1][1]


def test_a_window_without_the_answer_points_at_the_start_token(encoder):
    features = KIND.encode([row("w0")], encoder.tokenizer, 36).features
    assert (features[0]["start_positions"], features[0]["end_positions"]) != (0, 0)
    assert {(feature["start_positions"], feature["end_positions"]) for feature in features[2:]} == {(0, 0)}


def test_windows_know_their_rows(encoder):
    rows = [row("w3", "w3 w4"), row("w3"), row("w4", "w3 w4")]
    encoded = KIND.encode(rows, encoder.tokenizer, 36)
    assert encoded.rows == [0, *[1] * (len(encoded.rows) - 2), 2]
    assert KIND.score(rows, encoded, [perfect(f) for f in encoded.features], ())["exact_match"] == 1.0


def test_positions_of_training_cover_the_answer_and_no_more(encoder):
    rows = [row("Côte d’Ivoire", "日本, Côte d’Ivoire, Suomi")]
    (feature,) = KIND.encode(rows, encoder.tokenizer, 128).features
    begin = feature["_spans"][feature["start_positions"]][0]
    end = feature["_spans"][feature["end_positions"]][1]
    assert rows[0]["context"][begin:end].strip() == "Côte d’Ivoire"


def test_no_answer_is_taken_from_the_question(encoder):
    rows = [row("w3", "w3 w4 w5")]
    encoded = KIND.encode(rows, encoder.tokenizer, 64)
    (feature,) = encoded.features
    gold, stop = feature["start_positions"], feature["end_positions"]
    points = span(feature, {1: (9.0, 9.0), gold: (1.0, float(gold == stop)), stop: (float(gold == stop), 1.0)})
    assert KIND.score(rows, encoded, [points], ())["exact_match"] == 1.0


def test_no_answer_ends_before_it_begins(encoder):
    rows = [row("w5", "w3 w4 w5")]
    encoded = KIND.encode(rows, encoder.tokenizer, 64)
    (feature,) = encoded.features
    first = next(i for i, span in enumerate(feature["_spans"]) if span)
    gold, stop = feature["start_positions"], feature["end_positions"]
    assert first < gold < stop
    points = span(feature, {first: (0.0, 9.0), gold: (9.0, 0.0), stop: (0.0, 8.0)})
    assert KIND.score(rows, encoded, [points], ())["exact_match"] == 1.0


def test_no_answer_is_longer_than_the_longest(encoder):
    rows = [row(LONG)]
    encoded = KIND.encode(rows, encoder.tokenizer, 128 * 8)
    assert len([span for span in encoded.features[0]["_spans"] if span]) > MAX_ANSWER_TOKENS
    found = KIND.score(rows, encoded, [perfect(encoded.features[0])], ())
    assert found["exact_match"] == 0.0
    assert found["f1"] < 2 * MAX_ANSWER_TOKENS / (MAX_ANSWER_TOKENS + 60)


def test_spans_are_those_of_a_loop_over_all_of_them(encoder):
    """Of windows of any length, padded to the longest; among logits of few values many spans are equal, and the first one counts."""
    features = KIND.encode(
        [row("w0", LONG[:length]) for length in (2, 20, 90, 179)], encoder.tokenizer, 128 * 8
    ).features
    width = max(len(feature["input_ids"]) for feature in features)
    for seed in range(40):
        random = torch.Generator().manual_seed(seed)
        logits = (
            torch.randn(4, width, 2, generator=random)
            if seed % 2
            else torch.randint(3, (4, width, 2), generator=random).float()
        )
        for feature, (starts, ends), output in zip(
            features, logits.permute(0, 2, 1).tolist(), outputs(features, logits), strict=True
        ):
            assert output.best == best(feature["_spans"], starts, ends)
            assert output.no_answer_score == pytest.approx(starts[0] + ends[0])


def best(spans: list, starts: list[float], ends: list[float]) -> tuple:
    found, where = float("-inf"), None
    inside = [i for i, place in enumerate(spans) if place]
    for i in inside:
        for j in inside:
            if i <= j < i + MAX_ANSWER_TOKENS and starts[i] + ends[j] > found:
                found, where = starts[i] + ends[j], (spans[i][0], spans[j][1])
    return found, *where


def test_what_a_model_says_has_the_characters_of_its_own_window(encoder):
    """The same words at other places, the space between them being wider."""
    rows = [row("w2", "w1 w2 w3"), row("w2", "w1    w2 w3")]
    encoded = KIND.encode(rows, encoder.tokenizer, 64)
    first, second = encoded.features
    assert first["input_ids"] == second["input_ids"]
    assert get_model_inputs(first) != get_model_inputs(second)
    assert KIND.score(rows, encoded, [perfect(first), perfect(second)], ())["exact_match"] == 1.0


UNANSWERABLE = row("w3") | {"answers": {"text": [], "answer_start": []}}


def test_a_question_without_an_answer_points_at_the_start_token(encoder):
    (feature,) = KIND.encode([UNANSWERABLE], encoder.tokenizer, 128 * 8).features
    assert (feature["start_positions"], feature["end_positions"]) == (0, 0)


def silent(feature: dict, nothing: float) -> _WindowAnswer:
    """Says w3 with a score of 2, and nothing with another."""
    return said(feature, *w3(feature))._replace(no_answer_score=nothing)


def w3(feature: dict) -> tuple[int, int]:
    inside = [i for i, place in enumerate(feature["_spans"]) if place and "w3 ".find(LONG[slice(*place)].strip()) >= 0]
    found = [i for i in inside if feature["_spans"][i][0] in range(LONG.index("w3"), LONG.index("w3") + 2)]
    return found[0], found[-1]


@pytest.mark.parametrize(("nothing", "right"), [(2.1, (0, 1)), (1.9, (1, 0))])
def test_nothing_is_said_where_that_is_likelier_and_some_rows_have_no_answer(nothing, right, encoder):
    rows = [row("w3"), UNANSWERABLE]
    encoded = KIND.encode(rows, encoder.tokenizer, 128 * 8)
    outputs = [silent(feature, nothing) for feature in encoded.features]
    assert KIND.score(rows, encoded, outputs, ()) == {"f1": sum(right) / 2, "exact_match": sum(right) / 2}


def test_something_is_said_where_every_row_has_an_answer(encoder):
    rows = [row("w3")]
    encoded = KIND.encode(rows, encoder.tokenizer, 128 * 8)
    outputs = [silent(feature, 9.0) for feature in encoded.features]
    assert KIND.score(rows, encoded, outputs, ())["exact_match"] == 1.0


def test_nothing_is_as_likely_as_in_the_window_where_it_is_least_likely(encoder):
    """SQuAD 2.0's rule: one window that holds an answer is enough."""
    rows = [row("w3"), row("w3", "w3 w4") | {"answers": {"text": [], "answer_start": []}}]
    encoded = KIND.encode(rows, encoder.tokenizer, 36)
    windows = len(encoded.features) - 1
    assert windows > 2
    found = silent(encoded.features[0], nothing=1.0)
    others = [chosen(0, 2, score=0.5, nothing=9.0)] * (windows - 1)
    scores = KIND.score(rows, encoded, [found, *others, chosen(0, 2, score=0.0, nothing=5.0)], ())
    assert scores == {"f1": 1.0, "exact_match": 1.0}


def test_a_score_is_the_best_over_the_windows(encoder):
    rows = [row("w58")]
    encoded = KIND.encode(rows, encoder.tokenizer, 36)
    outputs = [chosen(0, 2, score=float(number)) for number, _ in enumerate(encoded.features)]
    at = LONG.index("w58")
    outputs[1] = chosen(at, at + 3, score=100.0)
    assert KIND.score(rows, encoded, outputs, ())["exact_match"] == 1.0


@pytest.mark.parametrize(("kind", "found"), [(KIND, 0.0), (QuestionAnsweringMLQA(), 1.0)])
@pytest.mark.parametrize(
    ("language", "context", "gold", "answer"),
    [
        ("de", "der Fluss Nil", "Fluss Nil", "der Fluss Nil"),
        ("es", "en el río Nilo", "río Nilo", "el río Nilo"),
        ("zh", "在北京。", "北京", "北京。"),
    ],
)
def test_mlqas_answers_are_compared_by_the_rules_of_their_language(
    language, context, gold, answer, kind, found, encoder
):
    rows = [row(gold, context, language=language)]
    encoded = kind.encode(rows, encoder.tokenizer, 64)
    start = context.index(answer)
    scores = kind.score(rows, encoded, [chosen(start, start + len(answer))], ())
    assert scores["exact_match"] == scores["official_exact_match"] == found


def test_the_kind_of_mlqa_is_one_of_its_own():
    assert type(TASK_KINDS["question_answering_mlqa"]) is QuestionAnsweringMLQA
    assert type(TASK_KINDS["question_answering"]) is QuestionAnswering


def test_a_models_own_logits_make_the_spans(task, undisturbed):
    prepared = task("question_answering", max_length=14)
    (model,) = build_models(prepared.encoder.weights, [prepared])
    features = prepared.load_evaluation_set("dev", "en").encoded.features[:5]
    batch = pad_features(features, prepared.encoder.tokenizer.pad_id)
    said = model.eval()(**batch)
    logits = torch.stack([said.start_logits, said.end_logits], dim=-1).detach()
    assert KIND.compute_outputs(model, batch, features) == outputs(features, logits)


def windows(features: list[dict], length: int) -> list[tuple[int, list]]:
    """Where the context of each window begins in the whole of a row's, and its spans."""
    contexts = [[span for span in feature["_spans"] if span] for feature in features]
    step = min(WINDOW_STRIDE, len(contexts[0]) - length // 3)
    return [(number * step, spans) for number, spans in enumerate(contexts)]


@pytest.mark.parametrize("question", ["Africa", "Africa and Asia, and Europe"])
@pytest.mark.parametrize("length", [36, 180, 384])
def test_windows_begin_128_tokens_apart_or_share_a_third(length, question, encoder):
    asked = row("w0", " ".join(WORDS * 12), question)
    whole = [span for span in KIND.encode([asked], encoder.tokenizer, 8192).features[0]["_spans"] if span]
    told = windows(KIND.encode([asked], encoder.tokenizer, length).features, length)
    assert len(told) > 2
    for start, spans in told:
        assert spans == whole[start : start + len(spans)]
    assert told[-1][0] + len(told[-1][1]) == len(whole)
    assert (told[1][0] == WINDOW_STRIDE) == (length == 384)


def test_rows_keep_their_order_whatever_the_length_of_their_questions(encoder):
    rows = [row("w3", LONG, "Africa " * count) for count in (9, 1, 30, 1)]
    encoded = KIND.encode(rows, encoder.tokenizer, 256)
    assert encoded.rows == sorted(encoded.rows)
    assert set(encoded.rows) == set(range(4))
    assert KIND.score(rows, encoded, [perfect(f) for f in encoded.features], ()) == all_of(1.0)


def official(feature: dict, starts: list[float], ends: list[float]) -> tuple[float, int, int]:
    """The official span by loops over the best starts and ends, in the order of their scores."""
    spans, (begin, stop) = feature["_spans"], feature["_own"]
    ranked = [sorted(range(len(spans)), key=lambda i, told=told: -told[i])[:N_BEST] for told in (starts, ends)]
    found = [
        (starts[i] + ends[j], i, j)
        for i in ranked[0]
        for j in ranked[1]
        if spans[i] and spans[j] and begin <= i < stop and i <= j < i + MAX_ANSWER_TOKENS
    ]
    score, i, j = max(found, key=lambda told: told[0], default=(NO_SPAN_SCORE, 0, 0))
    return score, (spans[i] or (0, 0))[0], (spans[j] or (0, 0))[1]


def test_official_spans_are_those_of_a_loop_over_the_likeliest_starts_and_ends(encoder):
    rows = [row("w0", LONG[:length]) for length in (2, 20, 90, 179)]
    features = KIND.encode(rows, encoder.tokenizer, 60).features
    width = max(len(feature["input_ids"]) for feature in features)
    other = 0
    for seed in range(40):
        logits = torch.randn(len(features), width, 2, generator=torch.Generator().manual_seed(seed)).double()
        for feature, (starts, ends), output in zip(
            features, logits.permute(0, 2, 1).tolist(), outputs(features, logits), strict=True
        ):
            size = len(feature["_spans"])
            assert output.official == official(feature, starts[:size], ends[:size])
            other += output.official != output.best
    assert 0 < other < 40 * len(features)


def test_where_no_official_span_is_allowed_the_scripts_word_for_it_is_said(encoder):
    rows = [row("w3", "w3 w4"), row(EMPTY_ANSWER, f"w3 {EMPTY_ANSWER}")]
    encoded = KIND.encode(rows, encoder.tokenizer, 64)
    silent = [output._replace(official=_AnswerSpan(NO_SPAN_SCORE, 0, 0)) for output in map(perfect, encoded.features)]
    scores = KIND.score(rows, encoded, silent, ())
    assert (scores["exact_match"], scores["official_exact_match"]) == (1.0, 0.5)


def contexts(windows: list[tuple[int, int]], token: int) -> list[float]:
    """SQuAD's measure of how much of a token's surroundings each window, of a start and a size, has."""
    return [
        min(token - start, start + size - 1 - token) + 0.01 * size if start <= token < start + size else NO_SPAN_SCORE
        for start, size in windows
    ]


@pytest.mark.parametrize("length", [24, 36, 100, 384])
def test_every_token_is_owned_by_the_window_that_has_most_context_for_it(length, encoder):
    for count in (1, 7, 60, 700):
        asked = row("w0", " ".join(f"w{i}" for i in range(count)))
        features = KIND.encode([asked], encoder.tokenizer, length).features
        told = [(start, len(spans)) for start, spans in windows(features, length)]
        owned = []
        for number, (feature, (start, _)) in enumerate(zip(features, told, strict=True)):
            first = next(i for i, span in enumerate(feature["_spans"]) if span)
            own = [start + i - first for i in range(*feature["_own"])]
            owned += own
            for token in own:
                measured = contexts(told, token)
                assert measured.index(max(measured)) == number
        assert sorted(owned) == list(range(sum(told[-1])))
