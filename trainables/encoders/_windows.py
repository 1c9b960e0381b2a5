"""How long texts are cut: pairs to a length, contexts into windows beside a question."""

MAX_QUESTION_TOKENS = 64
"""Most tokens of a question beside a context, as in the XTREME scripts; later ones are cut off."""


def truncate_pair(first: list[int], second: list[int], most: int) -> None:
    """Remove tokens from the end of the longer text (at a tie of the second) until both together have `most` tokens."""
    while len(first) + len(second) > max(most, 0):
        (first if len(first) > len(second) else second).pop()


def compute_question_budget(free: int, stride: int) -> int:
    """Most tokens of a question in windows of `free` tokens: the context gets at least half, and more than two windows share."""
    return max(0, min(MAX_QUESTION_TOKENS, free // 2, free - stride - 1))


def compute_window_starts(tokens: int, room: int, stride: int) -> range:
    """The first tokens of windows of `room` tokens that overlap by `stride`; the last window is the first to reach the end."""
    return range(0, max(tokens - stride, 1), max(room - stride, 1))
