"""What a target is scored on."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel

from trainables.cards import ITEM_COLUMN
from trainables.checkpoints import StageStore
from trainables.curriculum import Trial
from trainables.data import EncodedDataset
from trainables.evaluation._scoring import score_language_pairs, score_languages
from trainables.store import Claim, JsonDocument
from trainables.transfer import LanguagePair, Split, SplitScores, draw_language_pairs, format_language_pair
from trainables.validation import explain_invalid_scores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A split, in single languages or in pairs of them."""

    dataset: EncodedDataset
    split: Split
    languages: tuple[str, ...]
    pairs: tuple[LanguagePair, ...] = ()

    @property
    def name(self) -> str:
        """What the store calls it."""
        return f"generalized-{self.split}" if self.pairs else self.split

    @property
    def has_rows(self) -> bool:
        """Whether there are any."""
        return not self.dataset.languages(self.split).isdisjoint(self.languages)

    @property
    def data_identity(self) -> JsonDocument:
        """The very rows, and the languages or pairs."""
        rows = self.dataset.evaluation_fingerprint(self.split, self.languages)
        if self.pairs:
            return {"data": rows, "pairs": [list(pair) for pair in self.pairs]}
        return {"data": rows, "languages": sorted(self.languages)}

    def explain_invalid(self, scores: object) -> str:
        """Why these are no scores of it, in words; empty if they are."""
        there = self.dataset.languages(self.split)
        pairs = {format_language_pair(*pair): pair for pair in self.pairs if set(pair) <= there}
        if isinstance(scores, dict):
            pairs = {name: pair for name, pair in pairs.items() if name in scores or self._share_rows(pair)}
        return explain_invalid_scores(
            scores, pairs if self.pairs else there & set(self.languages), self.dataset.kind.metrics
        )

    def _share_rows(self, pair: LanguagePair) -> bool:
        """Whether the two languages have a row in common."""
        one, other = (
            {row[ITEM_COLUMN] for row in self.dataset.load_evaluation_set(self.split, code).rows} for code in pair
        )
        return not one.isdisjoint(other)

    def score(self, model: PreTrainedModel) -> dict[str, dict[str, float]]:
        """Every metric, by language or by pair of languages."""
        if self.pairs:
            return score_language_pairs(model, self.dataset, self.split, self.pairs)
        return score_languages(model, self.dataset, self.split, self.languages)


def plan_evaluations(task: EncodedDataset, trial: Trial, splits: Sequence[Split]) -> list[Evaluation]:
    """What a trial scores a target on: its languages, then pairs of them where these are asked for and the target has two texts."""
    readings = [Evaluation(task, split, trial.languages) for split in splits]
    for split in splits if trial.pairs else ():
        if task.supports_language_pairs(split, trial.languages):
            there = [code for code in trial.languages if code in task.languages(split)]
            pairs = draw_language_pairs(there, trial.pairs, trial.pairs_seed)
            readings.append(Evaluation(task, split, trial.languages, pairs))
    return readings


def read_stored_scores(store: StageStore | None, key: str, readings: Sequence[Evaluation]) -> SplitScores:
    """A stage's stored scores, as far as they are of the very rows and languages of the readings; those that cannot be are told."""
    found: SplitScores = {}
    for reading in readings if store else ():
        document = store.read_scores(key, reading.name) if store else None
        if document is None or not reading.data_identity.items() <= document.items():
            continue
        scores = document.get("scores", {})
        if not (wrong := reading.explain_invalid(scores)):
            found[reading.name] = scores
        elif store:
            store.warn_once(key, f"its scores on {reading.name} {wrong}: they are not used")
    return found


def score_evaluations(
    readings: Sequence[Evaluation], model: PreTrainedModel, store: StageStore | None, key: str, mine: Claim | None
) -> SplitScores:
    """Scores of every reading, those that the store knows from there, and the others kept there if the claim is ours."""
    scores = read_stored_scores(store, key, readings)
    for reading in readings:
        if reading.name not in scores:
            scores[reading.name] = reading.score(model)
            if store and mine:
                store.add_scores(mine, reading.name, {**reading.data_identity, "scores": scores[reading.name]})
    return scores
