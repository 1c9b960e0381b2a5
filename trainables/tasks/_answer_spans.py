"""Which tokens of a window make the answer: the best ones, and those that the benchmarks' script takes."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from trainables.encoders import Span

MAX_ANSWER_TOKENS = 30
"""Tokens in an answer at most, as in the XTREME scripts."""
N_BEST = 20
"""How many starts, and how many ends, of a window those scripts look at (``n_best_size``)."""
NO_SPAN_SCORE = float("-inf")
"""Score where no span is allowed."""


def find_best_spans(starts: Tensor, ends: Tensor, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """First and last tokens of the best spans of at most `MAX_ANSWER_TOKENS` tokens, and their scores: [batch, 2] and [batch].

    Args:
        starts: scores of each token as the first one, [batch, length].
        ends: as the last one.
        first: whether a token may be the first one, bool.
        last: whether it may be the last one.
    """
    starts, ends = starts.masked_fill(~first, NO_SPAN_SCORE), ends.masked_fill(~last, NO_SPAN_SCORE)
    reach = pad(ends, (0, MAX_ANSWER_TOKENS - 1), value=NO_SPAN_SCORE).unfold(1, MAX_ANSWER_TOKENS, 1)
    scores, places = (starts.unsqueeze(-1) + reach).flatten(1).max(1)
    begin = places // MAX_ANSWER_TOKENS
    return torch.stack([begin, begin + places % MAX_ANSWER_TOKENS], dim=-1), scores


def find_official_spans(
    starts: Tensor, ends: Tensor, read: Tensor, context: Tensor, own: Tensor
) -> tuple[Tensor, Tensor]:
    """The same by the rule of the XTREME scripts (``compute_predictions_logits`` of transformers 2).

    Only the `N_BEST` starts and ends of all tokens that were read are looked at, question and special tokens among them, and an
    answer begins where the token has its maximum context. Padding, which the scripts rank as well, is left out.

    Args:
        starts: scores of each token as the first one, [batch, length].
        ends: as the last one.
        read: whether a token is none of the padding, bool.
        context: whether it is of the context.
        own: whether no other window has more context for it; see `assign_tokens_to_windows`.
    """
    return find_best_spans(
        starts, ends, _select_n_best(starts, read) & context & own, _select_n_best(ends, read) & context
    )


def _select_n_best(scores: Tensor, read: Tensor) -> Tensor:
    """Whether a token is among the `N_BEST`; of equal ones the first are."""
    order = scores.masked_fill(~read, NO_SPAN_SCORE).argsort(dim=-1, descending=True, stable=True)
    return (order.argsort(dim=-1) < N_BEST) & read


def assign_tokens_to_windows(rows: Sequence[int], spans: Sequence[Sequence[Span | None]]) -> list[list[int]]:
    """For each window the tokens that no other window of its row has more context for, from the first to the one after the last.

    Context is the lesser of the tokens to the left and to the right within the window, a hundredth of its length being added (SQuAD's
    ``token_is_max_context``); of windows that have as much the first counts.

    Args:
        rows: the row of each window; windows of a row follow each other.
        spans: of each window's tokens the characters of the context, None for others.
    """
    found: list[list[int]] = []
    for _, group in groupby(zip(rows, spans, strict=True), key=itemgetter(0)):
        windows = [window for _, window in group]
        places = [[place for place, span in enumerate(window) if span is not None] for window in windows]
        contexts = [[span for span in window if span is not None] for window in windows]
        offsets = np.cumsum([0, *(_find_window_offset(one, other) for one, other in pairwise(contexts))])
        found += _assign_tokens(places, offsets)
    return found


def _find_window_offset(one: Sequence[Span], other: Sequence[Span]) -> int:
    """How many tokens of a window come before the next one begins."""
    for start in range(1, len(one)):
        if one[start] == other[0] and one[start:] == other[: len(one) - start]:
            return start
    return len(one)


def _assign_tokens(places: Sequence[Sequence[int]], offsets: np.ndarray) -> list[list[int]]:
    """Each window's own tokens, given where its context stands and at which token of the whole context it begins."""
    if len(places) == 1:
        return [[places[0][0], places[0][-1] + 1] if places[0] else [0, 0]]
    sizes = np.array([len(each) for each in places])
    tokens = np.arange((offsets + sizes).max())
    left = tokens - offsets[:, None]
    right = sizes[:, None] - 1 - left
    context = np.minimum(left, right) + 0.01 * sizes[:, None]
    owner = np.where((left >= 0) & (right >= 0), context, NO_SPAN_SCORE).argmax(0)
    own = []
    for window, (each, offset) in enumerate(zip(places, offsets, strict=True)):
        numbers = np.flatnonzero(owner == window) - offset
        own.append([each[numbers[0]], each[numbers[-1]] + 1] if len(numbers) else [0, 0])
    return own
