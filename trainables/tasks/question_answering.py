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

from trainables.batches import Batch
from trainables.benchmarks.rows import Row
from trainables.tasks.answer_spans import NOTHING, best_spans, official_spans, own_tokens
from trainables.tasks.base import Encoded, Metrics, TaskKind, log_probabilities
from trainables.tasks.metrics import answer_scores, mlqa_normalise, official_answer_scores, squad_normalise
from trainables.tokens import LONGEST_QUESTION, Feature, Span, Tokens, row_languages
from trainables.transfer import OFFICIAL

STRIDE = 128
"""Tokens of a long context from the beginning of one window to that of the next, as in the XTREME scripts (``doc_stride``)."""
UNSAID = "empty"
"""What those scripts say where none of the spans that they look at is allowed."""


class QuestionAnswering(TaskKind):
    """A span of the context; scored by SQuAD's F1 and exact match.

    Ours is the best span of all windows, by the rule of `answer_scores`; the official numbers are of the span that the XTREME scripts
    choose (`official_spans`), by `official_answer_scores`. Rows of which some have no answer have no official numbers: the scripts are of
    SQuAD 1.1. What they do besides is not done: they find a span's characters again from its tokens, and where that fails take the whole
    words about it.
    """

    metrics = ("f1", "exact_match", f"{OFFICIAL}f1", f"{OFFICIAL}exact_match")
    second = ("question",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForQuestionAnswering.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        asked = [(second, first) for first, second in map(row_languages, rows)]
        sizes = tokens.sizes([row["question"] for row in rows], [language for language, _ in asked])
        alike = defaultdict[int, list[int]](list)
        for number, size in enumerate(sizes):
            alike[_shared(max_length, tokens.room(max_length) - min(size, LONGEST_QUESTION))].append(number)
        windows: list[tuple[int, Feature, list[Span | None]]] = []
        for shared, numbers in alike.items():
            features, source, spans = tokens.windows(
                [rows[number]["question"] for number in numbers],
                [rows[number]["context"] for number in numbers],
                max_length,
                shared,
                [asked[number] for number in numbers],
            )
            windows += zip((numbers[place] for place in source), features, spans, strict=True)
        windows.sort(key=itemgetter(0))
        source = [number for number, _, _ in windows]
        for (number, feature, where), own in zip(
            windows, own_tokens(source, [where for _, _, where in windows]), strict=True
        ):
            start, end = _token_span(rows[number]["answers"], where)
            feature |= {"start_positions": start, "end_positions": end, "_spans": where, "_own": own}
        return Encoded([feature for _, feature, _ in windows], source)

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The first answer stays as it is, and is the one answer left."""
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
        """Of the answer's start and of its end, over the tokens that are not padding."""
        padding = batch["attention_mask"] == 0
        return [
            log_probabilities(logits.masked_fill(padding, torch.finfo(logits.dtype).min))
            for logits in (output.start_logits, output.end_logits)
        ]

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """What each window says, a `_Said`."""
        inputs = {name: tensor for name, tensor in batch.items() if name not in ("start_positions", "end_positions")}
        said = model(**inputs)
        starts, ends = said.start_logits.double(), said.end_logits.double()
        read, context, own = (mask.to(starts.device) for mask in _masks(features))
        best = _placed(*best_spans(starts, ends, context, context), features)
        official = _placed(*official_spans(starts, ends, read, context, own), features)
        nothing = (said.start_logits[:, 0] + said.end_logits[:, 0]).float()
        return [_Said(*each) for each in zip(best, nothing.tolist(), official, strict=True)]

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        """A question is left without an answer only among rows of which some have none, by the likelier of the two."""
        told = list(rows)
        said: list[list[_Said]] = [[] for _ in told]
        for number, window in zip(encoded.rows, outputs, strict=True):
            said[number].append(window)
        answerable = all(row["answers"]["text"] for row in told)
        scores = [self._scores(row, windows, answerable) for row, windows in zip(told, said, strict=True)]
        return {metric: sum(each[metric] for each in scores) / len(scores) for metric in scores[0]}

    def _scores(self, row: Row, windows: Sequence["_Said"], answerable: bool) -> Metrics:
        """Of one row."""
        golds, normalised = row["answers"]["text"], partial(self.normalise, language=row["language"])
        best = max((window.best for window in windows), key=_score)
        silent = not answerable and min(window.nothing for window in windows) > best.score
        f1, exact = answer_scores("" if silent else row["context"][best.start : best.end], golds, normalised)
        scores = {"f1": f1, "exact_match": exact}
        if answerable:
            official = max((window.official for window in windows), key=_score)
            text = UNSAID if official.score == NOTHING else row["context"][official.start : official.end]
            f1, exact = official_answer_scores(text, golds, normalised)
            scores |= {f"{OFFICIAL}f1": f1, f"{OFFICIAL}exact_match": exact}
        return scores

    def normalise(self, answer: str, language: str) -> str:
        """An answer as it is compared with others: by SQuAD's rule in every language, as XQuAD and TyDiQA-GoldP are."""
        return squad_normalise(answer)


class QuestionAnsweringMLQA(QuestionAnswering):
    """The same, answers compared by MLQA's rules for each language."""

    def normalise(self, answer: str, language: str) -> str:
        return mlqa_normalise(answer, language)


class _Span(NamedTuple):
    """An answer, and how likely it is."""

    score: float
    """Of its first and last token together; `NOTHING` where there is none."""
    start: int
    """Its characters in the context, from `start` to `end`."""
    end: int


class _Said(NamedTuple):
    """What one window says."""

    best: _Span
    nothing: float
    """Score of there being no answer in the window."""
    official: _Span


def _shared(max_length: int, room: int) -> int:
    """Tokens that two windows share whose context has so much room: of short windows a third, lest there be very many."""
    return max(max_length // 3, room - STRIDE)


def _score(span: _Span) -> float:
    return span.score


def _masks(features: Sequence[Feature]) -> list[Tensor]:
    """Which tokens were read, which are of the context, and which are the window's own: bool, [windows, length]."""
    masks = []
    for feature in features:
        places = torch.arange(len(feature["_spans"]))
        context = torch.tensor([span is not None for span in feature["_spans"]])
        begin, stop = feature["_own"]
        masks.append((torch.ones_like(context), context, (begin <= places) & (places < stop)))
    return [pad_sequence(list(each), batch_first=True) for each in zip(*masks, strict=True)]


def _placed(places: Tensor, scores: Tensor, features: Sequence[Feature]) -> list[_Span]:
    """Spans of tokens as characters of the context."""
    return [
        _Span(score, (feature["_spans"][start] or (0, 0))[0], (feature["_spans"][end] or (0, 0))[1])
        for feature, (start, end), score in zip(features, places.tolist(), scores.tolist(), strict=True)
    ]


def _token_span(answers: dict[str, list[Any]], spans: Sequence[Sequence[int] | None]) -> tuple[int, int]:
    """First and last token of the first answer, or (0, 0), the start token, where this window does not hold it."""
    if not answers["text"]:
        return (0, 0)
    begin = answers["answer_start"][0]
    stop = begin + len(answers["text"][0])
    inside = [i for i, span in enumerate(spans) if span is not None and span[0] < stop and span[1] > begin]
    whole = inside and spans[inside[0]][0] <= begin and spans[inside[-1]][1] >= stop  # type: ignore[index]
    return (inside[0], inside[-1]) if whole else (0, 0)
