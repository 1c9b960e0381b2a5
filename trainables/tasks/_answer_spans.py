"""The span of tokens that answers a question: the best one, and the one that the benchmarks' script takes."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from trainables.encoders import Span

MAX_ANSWER_TOKENS = 30
"""Most tokens of an answer, as in the XTREME scripts."""
N_BEST = 20
"""The number of starts, and of ends, that those scripts consider in a window (``n_best_size``)."""
NO_SPAN_SCORE = float("-inf")
"""The score where no span is allowed."""


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
    """The spans that `find_best_spans` would find under the rule of the XTREME scripts (``compute_predictions_logits`` of transformers 2).

    Only the `N_BEST` starts and ends among all tokens, including question and special tokens, are considered, and an answer must begin
    at a token that has its maximum context in this window. Padding, which the scripts rank as well, is left out.

    Args:
        starts: scores of each token as the first one, [batch, length].
        ends: as the last one.
        read: whether a token is not padding, bool.
        context: whether it is of the context.
        own: whether no other window has more context for it; see `assign_tokens_to_windows`.
    """
    return find_best_spans(
        starts, ends, _select_n_best(starts, read) & context & own, _select_n_best(ends, read) & context
    )


def _select_n_best(scores: Tensor, read: Tensor) -> Tensor:
    """Whether a token is among the `N_BEST`; among equal scores the first tokens are taken."""
    order = scores.masked_fill(~read, NO_SPAN_SCORE).argsort(dim=-1, descending=True, stable=True)
    return (order.argsort(dim=-1) < N_BEST) & read


def assign_tokens_to_windows(rows: Sequence[int], spans: Sequence[Sequence[Span | None]]) -> list[list[int]]:
    """For each window the tokens for which no other window of the row has more context: the first, and the one after the last.

    The context of a token is the smaller of the numbers of tokens to its left and to its right in the window, plus a hundredth of the
    window's length (SQuAD's ``token_is_max_context``); among windows with equal context the first is taken.

    Args:
        rows: the row of each window; the windows of a row are consecutive.
        spans: for each token of a window its characters in the context, None for other tokens.
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
    """The number of context tokens of a window before the next window begins."""
    for start in range(1, len(one)):
        if one[start] == other[0] and one[start:] == other[: len(one) - start]:
            return start
    return len(one)


def _assign_tokens(places: Sequence[Sequence[int]], offsets: np.ndarray) -> list[list[int]]:
    """Each window's own tokens, from the places of its context tokens and the offset of its first one in the whole context."""
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
