"""What a target is scored on."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel

from trainables.benchmarks.rows import ITEM
from trainables.curriculum import Trial
from trainables.prepared import Prepared
from trainables.scores import wrong_scores
from trainables.scoring import score, score_pairs
from trainables.store.leases import Claim
from trainables.store.records import Document
from trainables.store.tree import Store
from trainables.transfer import LanguagePair, Scores, Split, language_pairs, pair_name


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

    def wrong(self, scores: object) -> str:
        """Why these are no scores of it, in words; empty if they are."""
        there = self.task.languages(self.split)
        pairs = {pair_name(*pair): pair for pair in self.pairs if set(pair) <= there}
        if isinstance(scores, dict):
            pairs = {name: pair for name, pair in pairs.items() if name in scores or self._shared(pair)}
        return wrong_scores(scores, pairs if self.pairs else there & set(self.languages), self.task.kind.metrics)

    def _shared(self, pair: LanguagePair) -> bool:
        """Whether the two languages have a row in common."""
        one, other = ({row[ITEM] for row in self.task.scored(self.split, code).rows} for code in pair)
        return not one.isdisjoint(other)

    def score(self, model: PreTrainedModel) -> dict[str, dict[str, float]]:
        """Every metric, by language or by pair of languages."""
        if self.pairs:
            return score_pairs(model, self.task, self.split, self.pairs)
        return score(model, self.task, self.split, self.languages)


def readings_of(task: Prepared, trial: Trial, splits: Sequence[Split]) -> list[Reading]:
    """What a trial scores a target on: its languages, then pairs of them where these are asked for and the target has two texts."""
    readings = [Reading(task, split, trial.languages) for split in splits]
    for split in splits if trial.pairs else ():
        if task.generalizes(split, trial.languages):
            there = [code for code in trial.languages if code in task.languages(split)]
            pairs = language_pairs(there, trial.pairs, trial.pairs_seed)
            readings.append(Reading(task, split, trial.languages, pairs))
    return readings


def known(store: Store | None, key: str, readings: Sequence[Reading]) -> Scores:
    """A stage's stored scores, as far as they are of the very rows and languages of the readings; those that cannot be are told."""
    found: Scores = {}
    for reading in readings if store else ():
        document = store.scores(key, reading.name) if store else None
        if document is None or not reading.scored_on.items() <= document.items():
            continue
        scores = document.get("scores", {})
        if not (wrong := reading.wrong(scores)):
            found[reading.name] = scores
        elif store:
            store.note(key, f"its scores on {reading.name} {wrong}: they are not used")
    return found


def score_all(
    readings: Sequence[Reading], model: PreTrainedModel, store: Store | None, key: str, mine: Claim | None
) -> Scores:
    """Scores of every reading, those that the store knows from there, and the others kept there if the claim is ours."""
    scores = known(store, key, readings)
    for reading in readings:
        if reading.name not in scores:
            scores[reading.name] = reading.score(model)
            if store and mine:
                store.add_scores(mine, reading.name, {**reading.scored_on, "scores": scores[reading.name]})
    return scores
