"""Extractive question answering. Columns: id, context, question, answers{text, answer_start}, as in SQuAD."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForQuestionAnswering, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import Encoded, Feature, Metrics, Row, log_probabilities

STRIDE = 128
"""Tokens that two windows of a long context share, as in the XTREME scripts."""
LONGEST_ANSWER = 30
"""Tokens in an answer at most, as in the XTREME scripts."""


class QuestionAnswering:
    """A span of the context; scored by SQuAD's F1 and exact match."""

    metrics = ("f1", "exact_match")
    second = ("question",)

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForQuestionAnswering.from_config(config)

    def encode(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        encoding = tokenizer(
            [row["question"] for row in rows],
            [row["context"] for row in rows],
            truncation="only_second",
            max_length=max_length,
            stride=min(STRIDE, max_length // 3),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        source = encoding.pop("overflow_to_sample_mapping")
        offsets = encoding.pop("offset_mapping")
        features: list[Feature] = []
        for i, row in enumerate(source):
            inside = [sequence == 1 for sequence in encoding.sequence_ids(i)]
            spans = [span if here else None for span, here in zip(offsets[i], inside, strict=True)]
            start, end = _token_span(rows[row]["answers"], spans)
            features.append(
                {key: values[i] for key, values in encoding.items()}
                | {"start_positions": start, "end_positions": end, "_spans": spans}
            )
        return Encoded(features, list(source))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The first answer stays as it is, and is the one answer left."""
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

    def outputs(self, model: PreTrainedModel, batch: Batch) -> list[Any]:
        inputs = {name: tensor for name, tensor in batch.items() if name not in ("start_positions", "end_positions")}
        said = model(**inputs)
        return list(zip(said.start_logits.float().tolist(), said.end_logits.float().tolist(), strict=True))

    def score(self, rows: Sequence[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        best: dict[int, tuple[float, str]] = {}
        for feature, row, output in zip(encoded.features, encoded.rows, outputs, strict=True):
            score, (start, end) = _best_span(feature["_spans"], *output)
            if row not in best or score > best[row][0]:
                best[row] = (score, rows[row]["context"][start:end])
        f1 = exact = 0.0
        for i, asked in enumerate(rows):
            golds = asked["answers"]["text"]
            f1 += max(token_f1(best[i][1], gold) for gold in golds)
            exact += max(normalise(best[i][1]) == normalise(gold) for gold in golds)
        return {"f1": f1 / len(rows), "exact_match": exact / len(rows)}


def _token_span(answers: dict[str, list[Any]], spans: Sequence[tuple[int, int] | None]) -> tuple[int, int]:
    """First and last token of the first answer, or (0, 0), the start token, where this window does not hold it."""
    begin = answers["answer_start"][0]
    stop = begin + len(answers["text"][0])
    inside = [i for i, span in enumerate(spans) if span is not None and span[0] < stop and span[1] > begin]
    whole = inside and spans[inside[0]][0] <= begin and spans[inside[-1]][1] >= stop  # type: ignore[index]
    return (inside[0], inside[-1]) if whole else (0, 0)


def _best_span(
    spans: Sequence[tuple[int, int] | None], starts: Sequence[float], ends: Sequence[float]
) -> tuple[float, tuple[int, int]]:
    """The score and the characters of the best span of at most `LONGEST_ANSWER` tokens."""
    context = [i for i, span in enumerate(spans) if span is not None]
    best, where = float("-inf"), (0, 0)
    for start in context:
        for end in range(start, min(start + LONGEST_ANSWER, context[-1] + 1)):
            if starts[start] + ends[end] > best:
                best, where = starts[start] + ends[end], (spans[start][0], spans[end][1])  # type: ignore[index]
    return best, where


def normalise(answer: str) -> str:
    """Lower case without ASCII punctuation, English articles and extra white space (Rajpurkar et al., EMNLP 2016)."""
    plain = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", plain).split())


def token_f1(answer: str, gold: str) -> float:
    """Harmonic mean of precision and recall over the words of the two, normalised."""
    said, true = normalise(answer).split(), normalise(gold).split()
    if not said or not true:
        return float(said == true)
    shared = sum((Counter(said) & Counter(true)).values())
    return 2 * shared / (len(said) + len(true))
