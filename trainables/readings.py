"""What a target is scored on."""

from dataclasses import dataclass

from transformers import PreTrainedModel

from trainables.prepared import Prepared
from trainables.scoring import score, score_pairs
from trainables.store.records import Document
from trainables.transfer import LanguagePair, Split


@dataclass(frozen=True, slots=True)
class Reading:
    """A split, in single languages or in pairs of them."""

    task: Prepared
    split: Split
    languages: tuple[str, ...]
    pairs: tuple[LanguagePair, ...] = ()

    @property
    def name(self) -> str:
        """What the store calls it."""
        return f"generalized-{self.split}" if self.pairs else self.split

    @property
    def rows(self) -> bool:
        """Whether there are any."""
        return not self.task.languages(self.split).isdisjoint(self.languages)

    @property
    def scored_on(self) -> Document:
        """The very rows, and the languages or pairs."""
        rows = self.task.scored_fingerprint(self.split, self.languages)
        if self.pairs:
            return {"data": rows, "pairs": [list(pair) for pair in self.pairs]}
        return {"data": rows, "languages": sorted(self.languages)}

    def score(self, model: PreTrainedModel) -> dict[str, dict[str, float]]:
        """Every metric, by language or by pair of languages."""
        if self.pairs:
            return score_pairs(model, self.task, self.split, self.pairs)
        return score(model, self.task, self.split, self.languages)
