"""Extractive question answering. Columns: id, context, question, answers{text, answer_start}, as in SQuAD."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForQuestionAnswering, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import MAX_QUESTION_TOKENS, Batch, EncoderTokenizer, Feature, Span, get_row_languages
from trainables.tasks._answer_spans import NO_SPAN_SCORE, assign_tokens_to_windows, find_best_spans, find_official_spans
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities
from trainables.tasks._heads import build_head_model
from trainables.tasks._metrics import (
    normalise_mlqa_answer,
    normalise_squad_answer,
    score_answer,
    score_answer_officially,
)
from trainables.transfer import OFFICIAL_PREFIX

WINDOW_STRIDE = 128
"""Tokens from the beginning of one window of a long context to that of the next, as in the XTREME scripts (``doc_stride``)."""
EMPTY_ANSWER = "empty"
"""The answer of those scripts where none of the spans that they consider is allowed."""


class QuestionAnswering(TaskKind):
    """A span of the context as the answer; scored by SQuAD's F1 and exact match.

    F1 and exact match are of the best span of all windows, by `score_answer`. The official metrics are of the span that the XTREME
    scripts choose (`find_official_spans`), by `score_answer_officially`; there are none where some rows have no answer, since the scripts
    are those of SQuAD 1.1. One step of the scripts is left out: they recover a span's characters from its tokens, and take whole words
    where that fails.
    """

    metrics = ("f1", "exact_match", f"{OFFICIAL_PREFIX}f1", f"{OFFICIAL_PREFIX}exact_match")
    second_columns = ("question",)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.num_labels = 2  # start and end, whatever the encoder was fine-tuned on before
        return build_head_model(AutoModelForQuestionAnswering, config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        languages = [(second, first) for first, second in map(get_row_languages, rows)]
        sizes = tokens.count_tokens([row["question"] for row in rows], [language for language, _ in languages])
        by_overlap = defaultdict[int, list[int]](list)
        for number, size in enumerate(sizes):
            by_overlap[
                _compute_overlap(max_length, tokens.max_pair_tokens(max_length) - min(size, MAX_QUESTION_TOKENS))
            ].append(number)
        windows: list[tuple[int, Feature, list[Span | None]]] = []
        for shared, numbers in by_overlap.items():
            features, source, spans = tokens.encode_windows(
                [rows[number]["question"] for number in numbers],
                [rows[number]["context"] for number in numbers],
                max_length,
                shared,
                [languages[number] for number in numbers],
            )
            windows += zip((numbers[place] for place in source), features, spans, strict=True)
        windows.sort(key=itemgetter(0))
        source = [number for number, _, _ in windows]
        for (number, feature, where), own in zip(
            windows, assign_tokens_to_windows(source, [where for _, _, where in windows]), strict=True
        ):
            start, end = _find_token_span(rows[number]["answers"], where)
            feature |= {"start_positions": start, "end_positions": end, "_spans": where, "_own": own}
        return EncodedRows([feature for _, feature, _ in windows], source)

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with question and context rewritten around the first answer, which is kept; other answers are dropped."""
        if not row["answers"]["text"]:
            return row | {name: rewrite(row[name]) for name in ("question", "context")}
        answer, start = row["answers"]["text"][0], row["answers"]["answer_start"][0]
        before = rewrite(row["context"][:start])
        return row | {
            "question": rewrite(row["question"]),
            "context": before + answer + rewrite(row["context"][start + len(answer) :]),
            "answers": {"text": [answer], "answer_start": [len(before)]},
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        """For the answer's start and for its end, over the tokens that are not padding."""
        padding = batch["attention_mask"] == 0
        return [
            compute_log_probabilities(logits.masked_fill(padding, torch.finfo(logits.dtype).min))
            for logits in (output.start_logits, output.end_logits)
        ]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """A `_WindowAnswer` for each window."""
        inputs = {name: tensor for name, tensor in batch.items() if name not in ("start_positions", "end_positions")}
        output = model(**inputs)
        starts, ends = output.start_logits.double(), output.end_logits.double()
        read, context, own = (mask.to(starts.device) for mask in _build_masks(features))
        best = _to_character_spans(*find_best_spans(starts, ends, context, context), features)
        official = _to_character_spans(*find_official_spans(starts, ends, read, context, own), features)
        no_answer = (output.start_logits[:, 0] + output.end_logits[:, 0]).float()
        return [_WindowAnswer(*each) for each in zip(best, no_answer.tolist(), official, strict=True)]

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        """Every metric, in 0..1; the empty answer is predicted, where it is likelier, only if some of the rows have no answer."""
        materialised = list(rows)
        windows_by_row: list[list[_WindowAnswer]] = [[] for _ in materialised]
        for number, window in zip(encoded.rows, outputs, strict=True):
            windows_by_row[number].append(window)
        answerable = all(row["answers"]["text"] for row in materialised)
        scores = [
            self._score_row(row, windows, answerable) for row, windows in zip(materialised, windows_by_row, strict=True)
        ]
        return {metric: sum(each[metric] for each in scores) / len(scores) for metric in scores[0]}

    def _score_row(self, row: Row, windows: Sequence["_WindowAnswer"], answerable: bool) -> Metrics:
        """The metrics of one row."""
        golds, normalised = row["answers"]["text"], partial(self.normalise, language=row["language"])
        best = max((window.best for window in windows), key=_get_span_score)
        unanswered = not answerable and min(window.no_answer_score for window in windows) > best.score
        f1, exact = score_answer("" if unanswered else row["context"][best.start : best.end], golds, normalised)
        scores = {"f1": f1, "exact_match": exact}
        if answerable:
            official = max((window.official for window in windows), key=_get_span_score)
            text = EMPTY_ANSWER if official.score == NO_SPAN_SCORE else row["context"][official.start : official.end]
            f1, exact = score_answer_officially(text, golds, normalised)
            scores |= {f"{OFFICIAL_PREFIX}f1": f1, f"{OFFICIAL_PREFIX}exact_match": exact}
        return scores

    def normalise(self, answer: str, language: str) -> str:
        """An answer normalised for comparison: by SQuAD's rule in every language, as for XQuAD and TyDiQA-GoldP."""
        return normalise_squad_answer(answer)


class QuestionAnsweringMLQA(QuestionAnswering):
    """Question answering with answers normalised by MLQA's rules for each language."""

    def normalise(self, answer: str, language: str) -> str:
        return normalise_mlqa_answer(answer, language)


class _AnswerSpan(NamedTuple):
    """An answer and its score."""

    score: float
    """Sum of the scores of the first and the last token; `NO_SPAN_SCORE` where there is no span."""
    start: int
    """First character in the context; `end` is the one after the last."""
    end: int


class _WindowAnswer(NamedTuple):
    """The answers of one window."""

    best: _AnswerSpan
    no_answer_score: float
    """Score of the empty answer."""
    official: _AnswerSpan


def _compute_overlap(max_length: int, room: int) -> int:
    """Tokens that two windows with `room` tokens of context share: at least a third of `max_length`, so that short windows are not too
    many."""
    return max(max_length // 3, room - WINDOW_STRIDE)


def _get_span_score(span: _AnswerSpan) -> float:
    return span.score


def _build_masks(features: Sequence[Feature]) -> list[Tensor]:
    """Masks of the tokens that are not padding, of those of the context, and of the window's own: bool, [windows, length]."""
    masks = []
    for feature in features:
        places = torch.arange(len(feature["_spans"]))
        context = torch.tensor([span is not None for span in feature["_spans"]])
        begin, stop = feature["_own"]
        masks.append((torch.ones_like(context), context, (begin <= places) & (places < stop)))
    return [pad_sequence(list(each), batch_first=True) for each in zip(*masks, strict=True)]


def _to_character_spans(places: Tensor, scores: Tensor, features: Sequence[Feature]) -> list[_AnswerSpan]:
    """Spans of tokens converted to characters of the context."""
    return [
        _AnswerSpan(score, (feature["_spans"][start] or (0, 0))[0], (feature["_spans"][end] or (0, 0))[1])
        for feature, (start, end), score in zip(features, places.tolist(), scores.tolist(), strict=True)
    ]


def _find_token_span(answers: dict[str, list[Any]], spans: Sequence[Sequence[int] | None]) -> tuple[int, int]:
    """First and last token of the first answer; (0, 0), the start token, if this window does not contain it."""
    if not answers["text"]:
        return (0, 0)
    begin = answers["answer_start"][0]
    stop = begin + len(answers["text"][0])
    inside = [i for i, span in enumerate(spans) if span is not None and span[0] < stop and span[1] > begin]
    whole = inside and spans[inside[0]][0] <= begin and spans[inside[-1]][1] >= stop  # type: ignore[index]
    return (inside[0], inside[-1]) if whole else (0, 0)
