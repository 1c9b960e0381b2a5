"""Cuts the dev and test sets that a task's files lack, by a rule that depends on a row's content alone."""

import hashlib
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence

from trainables.own_tasks import OwnTask

Part = tuple[str, str]
"""A split and a language."""


def cut_missing_splits(
    own: OwnTask, parts: "Mapping[Part, array[int]]", keys: Sequence[bytes]
) -> "tuple[dict[Part, array[int]], list[str]]":
    """The parts of a task with dev and test sets in every language, for a target, and notes about what was cut.

    In each language: a missing dev set is the share `OwnTask.dev_share` of the training rows, or, where there is only a test set, half of
    that; a missing test set is half of dev. A row's side is decided by a hash of its item, or of its texts, and the seed, so that rows with
    the same item, in any language, come to the same side. Where that leaves a
    side empty and the share is at least one item, the item next to it is moved.

    Args:
        own: the task; the parts of one that is no target stay as they are.
        parts: numbers of rows by split and language.
        keys: a digest of each row's item.
    """
    cut = {part: array("q", numbers) for part, numbers in parts.items()}
    if not own.is_target:
        return cut, []
    made: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    for language in sorted({language for _, language in parts}):
        for source, missing, share in _list_cuts(own, cut, language):
            numbers = cut.pop((source, language))
            positions = {n: _compute_position(keys[n], own.split_seed, missing) for n in numbers}
            border = _find_border(share, positions.values())
            taken = array("q", (n for n in numbers if positions[n] < border))
            left = array("q", (n for n in numbers if positions[n] >= border))
            cut |= {part: rows for part, rows in (((missing, language), taken), ((source, language), left)) if rows}
            made.setdefault((missing, source), []).append((language, len(taken), len(numbers)))
    return cut, [_describe_cut(missing, source, counts) for (missing, source), counts in made.items()]


def _describe_cut(missing: str, source: str, counts: Sequence[tuple[str, int, int]]) -> str:
    """What was cut in which languages, in one line."""
    if len(counts) == 1:
        ((language, taken, of),) = counts
        return f"{language}: {missing} is {taken:,} of the {of:,} rows of {source}"
    listed = ", ".join(f"{language} {taken:,} of {of:,}" for language, taken, of in counts)
    return f"{missing} is cut from {source} in {len(counts)} languages: {listed}"


def _find_border(share: float, positions: Collection[float]) -> float:
    """The share, moved so that neither side of a small set is empty where the share is at least one item."""
    first, last = min(positions), max(positions)
    if first == last or share * len(set(positions)) < 1:
        return share
    if first >= share:
        return min((each for each in positions if each > first), default=share)
    return last if last < share else share


def _list_cuts(own: OwnTask, parts: Mapping[Part, object], language: str) -> Iterator[tuple[str, str, float]]:
    """The split that is cut, the one that is made of it, and the share."""
    if ("dev", language) not in parts:
        if ("train", language) in parts:
            yield "train", "dev", own.dev_share
        elif ("test", language) in parts:
            yield "test", "dev", 0.5
    if ("test", language) not in parts and ("dev", language) in parts:
        yield "dev", "test", 0.5


def _compute_position(key: bytes, seed: int, split: str) -> float:
    """A number in [0, 1) that a row's key, the seed and the split decide."""
    digest = hashlib.blake2b(key, digest_size=8, salt=f"{seed} {split}".encode()[:16]).digest()
    return int.from_bytes(digest) / 2**64
