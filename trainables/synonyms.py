"""Randomized smoothing by data augmentation: words replaced by their synonyms, afresh each time they are read."""

import hashlib
import json
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

from trainables.validation import parse_json, read_regular_file

PUNCTUATION = string.punctuation + "“”‘’«»…、。，"
POSSESSIVE_SUFFIXES = ("'s", "’s")


@dataclass(frozen=True, eq=False)
class Synonyms:
    """Neighbours of words, as published for counter-fitted vectors (Mrkšić et al., NAACL 2016)."""

    neighbours: Mapping[str, tuple[str, ...]]
    """By word, or phrase, in lower case; words without neighbours left out."""
    digest: str
    """SHA-256 of them all: part of the identity of the stages that use them."""
    max_phrase_words: int
    """Words in the longest phrase."""

    @classmethod
    def from_table(cls, table: Mapping[str, Iterable[str]]) -> "Synonyms":
        """From a table of neighbours by word; a word that stands among its own neighbours is not one."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for word, others in table.items():
            found[word.lower()] |= dict.fromkeys(other for other in others if other.lower() != word.lower())
        neighbours = {word: tuple(others) for word, others in sorted(found.items()) if others}
        digest = hashlib.sha256(json.dumps(neighbours, ensure_ascii=False).encode()).hexdigest()
        return cls(neighbours, digest, max((len(word.split()) for word in neighbours), default=0))

    def find_matches(self, text: str) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
        """The text's words, each with the punctuation around it; longest phrases of the table first.

        Yields:
            What stands before the word (white space, punctuation), the word or phrase, what stands after it, and its neighbours.
        """
        parts = re.split(r"(\s+)", text)
        at = 0
        while at < len(parts):
            for size in range(2 * min(self.max_phrase_words, len(parts) // 2 + 1) - 1, 0, -2):
                before, core, after = strip_punctuation("".join(parts[at : at + size]))
                others = self.neighbours.get(" ".join(core.lower().split()), ())
                if others and core == core.strip():
                    break
            else:
                size = 1
                before, core, after = strip_punctuation(parts[at])
                others = ()
            yield ("".join(parts[at - 1 : at]) if at else "") + before, core, after, others
            at += size + 1

    def replace_words(self, text: str, scale: float, rng: Random) -> str:
        """The text with words replaced.

        Args:
            text: words between white space, which stays as it is.
            scale: 1: each word is drawn uniformly from itself and its neighbours, as Huang et al. do; below, it stays itself more
                often: a word of n neighbours is replaced with probability scale x n / (n + 1).
            rng: what is drawn from.
        """
        said = []
        for before, core, after, others in self.find_matches(text):
            chosen = core
            if others and rng.random() < scale * len(others) / (len(others) + 1):
                chosen = match_case(rng.choice(others), core)
            said += [before, chosen, after]
        return "".join(said)


def strip_punctuation(word: str) -> tuple[str, str, str]:
    """A word and what is attached to it: punctuation before, the word, punctuation and the possessive after."""
    core = word.lstrip(PUNCTUATION)
    before = word[: len(word) - len(core)]
    stripped = core.rstrip(PUNCTUATION)
    if stripped.lower().endswith(POSSESSIVE_SUFFIXES):
        stripped = stripped[:-2]
    return before, stripped, core[len(stripped) :]


def match_case(word: str, like: str) -> str:
    """A synonym written as the word it replaces: in capitals, with a capital first, or as it is."""
    if len(like) > 1 and like.isupper():
        return word.upper()
    if like[:1].isupper():
        return word[:1].upper() + word[1:]
    return word


def load_synonyms(file: str) -> Synonyms:
    """The synonyms in a JSON file: ``{"word": ["neighbour", ...], ...}``, as published for counter-fitted vectors.

    Raises:
        ValueError: when the file is not that.
        OSError: when it cannot be read, is no plain file, or is larger than `trainables.validation.MAX_DOCUMENT_BYTES`.
    """
    return _load_synonyms(file, Path(file).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load_synonyms(file: str, changed: int) -> Synonyms:
    """`load_synonyms`, once for each state of the file, which `changed` tells."""
    try:
        table = parse_json(read_regular_file(Path(file)))
    except ValueError as error:
        raise ValueError(f"{file} is no JSON: {error}") from error
    if not isinstance(table, dict) or not all(
        isinstance(others, list) and all(isinstance(other, str) for other in others) for others in table.values()
    ):
        raise ValueError(f'{file} is no table of synonyms: it wants {{"word": ["neighbour", ...], ...}}')
    return Synonyms.from_table(table)
