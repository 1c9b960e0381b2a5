"""Mining of translations without training. Columns: source_sentence (any language), target_sentence (English)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from trainables.cards import Row
from trainables.tasks._base import EncodedRows, Metrics
from trainables.tasks._metrics import compute_bitext_f1, find_best_threshold
from trainables.tasks._nearest_neighbours import Vectors, mine_translations
from trainables.tasks._retrieval import Retrieval


@dataclass(frozen=True)
class Mining(Retrieval):
    """Bitext mining by ratio margin, with a threshold tuned on dev; scored by F1, as BUCC is in XTREME.

    Each row is a gold pair. A sentence that occurs in several rows takes part in the mining, but its pairs are not returned, since they
    could belong to any of the rows.
    """

    metrics: tuple[str, ...] = ("f1",)
    has_threshold = True
    threshold: float | None = None
    """The threshold of the margin; None: the best one for the scored rows themselves."""

    def get_default_layer(self, layers: int) -> int:
        """XTREME's layer for BUCC: 8 of 12, and of more the fifth from the top, 20 of XLM-R large's 24.

        Its script takes number 7, from 0, of the last 12 hidden states. For models with fewer layers, which it does not support, this is
        8/12 of the layers.
        """
        return layers - 4 if layers >= 12 else round(layers * 8 / 12)

    def tune_threshold(self, rows: Iterable[Row], outputs: Sequence[Any]) -> "Mining":
        return replace(self, threshold=find_best_threshold(*_mine_rows(rows, outputs)))

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        scored, gold = _mine_rows(rows, outputs)
        threshold = find_best_threshold(scored, gold) if self.threshold is None else self.threshold
        return {"f1": compute_bitext_f1([pair for pair, margin in scored.items() if margin >= threshold], gold)}


def _mine_rows(
    rows: Iterable[Row], outputs: Sequence[Any]
) -> tuple[dict[tuple[int, int], float], set[tuple[int, int]]]:
    """Mined pairs with their margins, and the gold pairs, as pairs of row numbers; a gold pair is a row with itself."""
    materialised = list(rows)
    columns = ("source_sentence", "target_sentence")
    source, target = (
        _collect_sentences([row[name] for row in materialised], outputs[place::2]) for place, name in enumerate(columns)
    )
    pairs = mine_translations(source.vectors, target.vectors)
    numbered = {(source.rows[i], target.rows[j]): margin for (i, j), margin in pairs.items()}
    unique = {
        (i, j): margin
        for (i, j), margin in numbered.items()
        if margin > 0 and i not in source.repeated and j not in target.repeated
    }
    return unique, {(row, row) for row in range(len(materialised))}


@dataclass(frozen=True, slots=True)
class _SentenceSide:
    """The distinct sentences of one side."""

    rows: list[int]
    """The first row of each sentence."""
    repeated: set[int]
    """Those of `rows` whose sentence occurs in further rows."""
    vectors: Vectors


def _collect_sentences(texts: Sequence[str], vectors: Sequence[Tensor]) -> _SentenceSide:
    counts = Counter(text.strip() for text in texts)
    rows = sorted({text: row for row, text in reversed(list(enumerate(texts)))}.values())
    repeated = {row for row in rows if counts[texts[row].strip()] > 1}
    return _SentenceSide(rows, repeated, np.stack([vectors[row].numpy() for row in rows]).astype(np.float32))
