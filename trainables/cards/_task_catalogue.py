"""The tasks of a benchmark by name, with samples of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from trainables.cards._cards import TaskCard

SAMPLE_SEPARATOR = "@"
"""Separates a task from the number of its training examples to draw: ``mnli@1000``, or ``mnli@1000.7`` with seed 7 in place of 0."""


@dataclass(frozen=True, slots=True)
class TaskCatalogue(Mapping[str, TaskCard]):
    """The tasks of a benchmark by name; ``task@n`` and ``task@n.seed`` are low-resource tasks of n of its training examples."""

    cards: dict[str, TaskCard] = field(default_factory=dict)

    def __getitem__(self, name: str) -> TaskCard:
        plain, sampled, size = name.partition(SAMPLE_SEPARATOR)
        card = self.cards[plain]
        if not sampled:
            return card
        count, seeded, seed = size.partition(".")
        seed = seed if seeded else "0"
        numbers = count.isdecimal() and seed.isdecimal() and (count, seed) == (str(int(count)), str(int(seed)))
        if not (numbers and 0 < int(count) < card.train):
            raise KeyError(name)
        return replace(card, train=int(count), resource="low", sample=(int(count), int(seed)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.cards)

    def __len__(self) -> int:
        return len(self.cards)
