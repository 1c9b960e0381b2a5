"""Mining of translations without training. Columns: source_sentence (any language), target_sentence (English)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from trainables.tasks.base import Encoded, Metrics, Row
from trainables.tasks.metrics import best_threshold, bitext_f1
from trainables.tasks.nearest import mine
from trainables.tasks.retrieval import Retrieval


@dataclass(frozen=True)
class Mining(Retrieval):
    """Pairs by ratio margin among all sentences, kept above a threshold from dev; scored by F1, as BUCC is.

    Sentences that read alike count once, as in BUCC's own scoring.
    """

    metrics = ("f1",)
    tuned = True
    threshold: float | None = None
    """None: the one that is best for the very rows that are scored."""

    def tune(self, rows: Iterable[Row], outputs: Sequence[Any]) -> "Mining":
        return replace(self, threshold=best_threshold(*_mined(rows, outputs)))

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        scored, gold = _mined(rows, outputs)
        threshold = best_threshold(scored, gold) if self.threshold is None else self.threshold
        return {"f1": bitext_f1([pair for pair, margin in scored.items() if margin >= threshold], gold)}


def _mined(rows: Iterable[Row], outputs: Sequence[Any]) -> tuple[dict[tuple[int, int], float], set[tuple[int, int]]]:
    """Mined pairs with their margins, and the true ones, by the numbers of different sentences."""
    told = list(rows)
    sides = [[row[column] for row in told] for column in ("source_sentence", "target_sentence")]
    vectors, numbers = [], []
    for side, found in zip(sides, (outputs[0::2], outputs[1::2]), strict=True):
        first = {text: place for place, text in reversed(list(enumerate(side)))}
        order = sorted(first.values())
        numbers.append({side[place]: number for number, place in enumerate(order)})
        vectors.append(np.ascontiguousarray(torch.stack([found[place] for place in order]).numpy(), dtype=np.float32))
    gold = {(numbers[0][source], numbers[1][target]) for source, target in zip(*sides, strict=True)}
    return mine(vectors[0], vectors[1]), gold
