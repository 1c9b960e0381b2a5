"""How long texts are cut: pairs to a length, contexts into windows beside a question."""

MAX_QUESTION_TOKENS = 64
"""Tokens of a question that are read beside a context, as in the XTREME scripts; later ones are cut off."""


def truncate_pair(first: list[int], second: list[int], most: int) -> None:
    """Take tokens off the end of the longer text, of the second at a tie, until both have `most` tokens together."""
    while len(first) + len(second) > max(most, 0):
        (first if len(first) > len(second) else second).pop()


def compute_question_budget(free: int, stride: int) -> int:
    """Tokens of a question in windows of `free` tokens: the context has half, and more than two windows share."""
    return max(0, min(MAX_QUESTION_TOKENS, free // 2, free - stride - 1))


def compute_window_starts(tokens: int, room: int, stride: int) -> range:
    """Where windows of `room` tokens begin that share `stride`: the last is the first that reaches the end."""
    return range(0, max(tokens - stride, 1), max(room - stride, 1))
