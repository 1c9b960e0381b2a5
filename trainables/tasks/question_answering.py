"""Extractive question answering. Columns: id, context, question, answers{text, answer_start}, as in SQuAD."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForQuestionAnswering, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import Encoded, Feature, Metrics, Row, TaskKind, log_probabilities
from trainables.tasks.metrics import answer_scores, mlqa_normalise, squad_normalise
from trainables.tokens import Tokens, row_languages

STRIDE = 128
"""Tokens that two windows of a long context share, as in the XTREME scripts."""
LONGEST_ANSWER = 30
"""Tokens in an answer at most, as in the XTREME scripts."""


class QuestionAnswering(TaskKind):
    """A span of the context; scored by SQuAD's F1 and exact match."""

    metrics = ("f1", "exact_match")
    second = ("question",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForQuestionAnswering.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        features, source, spans = tokens.windows(
            [row["question"] for row in rows],
            [row["context"] for row in rows],
            max_length,
            min(STRIDE, max_length // 3),
            # The question is read first, but its language is the second one: see `second`.
            [(second, first) for first, second in map(row_languages, rows)],
        )
        for feature, row, where in zip(features, source, spans, strict=True):
            start, end = _token_span(rows[row]["answers"], where)
            feature |= {"start_positions": start, "end_positions": end, "_spans": where}
        return Encoded(features, source)

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
        """Each window's `_Span`."""
        inputs = {name: tensor for name, tensor in batch.items() if name not in ("start_positions", "end_positions")}
        said = model(**inputs)
        context = pad_sequence(
            [torch.tensor([span is not None for span in feature["_spans"]]) for feature in features], batch_first=True
        ).to(said.start_logits.device)
        places, scores = _best_spans(said.start_logits.double(), said.end_logits.double(), context)
        nothing = (said.start_logits[:, 0] + said.end_logits[:, 0]).float()
        return [
            _Span(score, (feature["_spans"][start] or (0, 0))[0], (feature["_spans"][end] or (0, 0))[1], silent)
            for feature, (start, end), score, silent in zip(
                features, places.tolist(), scores.tolist(), nothing.tolist(), strict=True
            )
        ]

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        """A question is left without an answer only among rows of which some have none, by the likelier of the two."""
        told = list(rows)
        best: dict[int, _Span] = {}
        nothing: dict[int, float] = {}
        for number, span in zip(encoded.rows, outputs, strict=True):
            nothing[number] = min(nothing.get(number, span.nothing), span.nothing)
            if number not in best or span.score > best[number].score:
                best[number] = span
        unanswerable = any(not row["answers"]["text"] for row in told)
        f1 = exact = 0.0
        for number, row in enumerate(told):
            span = best[number]
            silent = unanswerable and nothing[number] > span.score
            said = "" if silent else row["context"][span.start : span.end]
            normalised = partial(self.normalise, language=row["language"])
            scores = answer_scores(said, row["answers"]["text"], normalised)
            f1, exact = f1 + scores[0], exact + scores[1]
        return {"f1": f1 / len(told), "exact_match": exact / len(told)}

    def normalise(self, answer: str, language: str) -> str:
        """An answer as it is compared with others: by SQuAD's rule in every language, as XQuAD and TyDiQA-GoldP are."""
        return squad_normalise(answer)


class QuestionAnsweringMLQA(QuestionAnswering):
    """The same, answers compared by MLQA's rules for each language."""

    def normalise(self, answer: str, language: str) -> str:
        return mlqa_normalise(answer, language)


class _Span(NamedTuple):
    """What one window says."""

    score: float
    """Of the best answer."""
    start: int
    """Its characters in the context, from `start` to `end`."""
    end: int
    nothing: float
    """Score of there being no answer in the window."""


def _token_span(answers: dict[str, list[Any]], spans: Sequence[Sequence[int] | None]) -> tuple[int, int]:
    """First and last token of the first answer, or (0, 0), the start token, where this window does not hold it."""
    if not answers["text"]:
        return (0, 0)
    begin = answers["answer_start"][0]
    stop = begin + len(answers["text"][0])
    inside = [i for i, span in enumerate(spans) if span is not None and span[0] < stop and span[1] > begin]
    whole = inside and spans[inside[0]][0] <= begin and spans[inside[-1]][1] >= stop  # type: ignore[index]
    return (inside[0], inside[-1]) if whole else (0, 0)


def _best_spans(starts: Tensor, ends: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
    """First and last tokens of the best spans of at most `LONGEST_ANSWER` tokens, and their scores: [batch, 2] and [batch].

    Args:
        starts: scores of each token as the first one, [batch, length].
        ends: as the last one.
        context: whether a token is of the context, bool; at least one of each row is.
    """
    low = torch.finfo(starts.dtype).min
    starts, ends = starts.masked_fill(~context, low), ends.masked_fill(~context, low)
    reach = pad(ends, (0, LONGEST_ANSWER - 1), value=low).unfold(1, LONGEST_ANSWER, 1)
    scores, places = (starts.unsqueeze(-1) + reach).flatten(1).max(1)
    first = places // LONGEST_ANSWER
    return torch.stack([first, first + places % LONGEST_ANSWER], dim=-1), scores
