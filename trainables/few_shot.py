"""Few-shot transfer as plain data: how many labelled rows of which languages a target is trained on after its source languages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Annotated, Any

from pydantic import Field

from trainables.ranges import LearningRate, Seed

Shots = Annotated[int, Field(gt=0, le=100_000)]
"""Labelled rows of a language."""
LanguageShots = tuple[tuple[str, Shots], ...]
"""Pairs of a language and its number of rows, languages in alphabetical order."""

ZERO_SHOT = "0"
"""The number of rows, as text, of the model that is trained in the source languages alone."""
MAX_POOL_ROWS = 10_000
"""Rows of a language's training set, from its beginning, among which shots are chosen."""
MINIATURE_POOL_ROWS = 500
"""The same of the miniature, whose rows are made and not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FewShot:
    """What a search asks of few-shot transfer."""

    settings: tuple[LanguageShots, ...]
    """For each continuation, the rows of each language: one where languages were named, one a number of rows where numbers were."""
    apart: bool
    """Whether languages with rows are left out of zero-shot means: languages were named, and are not also zero-shot languages."""
    seed: Seed = 0
    """Seed of the choice of rows."""
    epochs: Annotated[int, Field(gt=0, le=1000)] = 10
    """Passes over the rows of a continuation."""
    learning_rate: LearningRate | None = None
    """Peak learning rate of a continuation; None: the target's."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages with rows in any continuation, in alphabetical order."""
        return tuple(sorted({code for setting in self.settings for code, _ in setting}))

    @property
    def languages_apart(self) -> frozenset[str]:
        """The languages that no zero-shot mean counts."""
        return frozenset(self.languages) if self.apart else frozenset()

    def get_most(self, language: str) -> int:
        """The greatest number of rows of a language."""
        return max((count for setting in self.settings for code, count in setting if code == language), default=0)

    def count_steps(self, rows: int, batch_size: int, most: int) -> int:
        """Optimiser steps of a continuation: `epochs` passes over its rows, at most `most` steps."""
        return min(most, self.epochs * ceil(rows / batch_size))

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> "FewShot | None":
        """The inverse of `to_json`; None for None."""
        if document is None:
            return None
        return cls(**{**document, "settings": tuple(to_language_shots(each) for each in document["settings"])})


def to_language_shots(pairs: Any) -> LanguageShots:
    """Pairs of language and rows as tuples, from a mapping, or from lists as JSON has them."""
    found = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple((str(code), int(count)) for code, count in found)
