"""Evaluations: what a target is scored on, and its scores from the store."""

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
    """A split of a target, in single languages or in pairs of languages."""

    dataset: EncodedDataset
    split: Split
    languages: tuple[str, ...]
    pairs: tuple[LanguagePair, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the store."""
        return f"generalized-{self.split}" if self.pairs else self.split

    @property
    def has_rows(self) -> bool:
        """Whether the split has rows in any of the languages."""
        return not self.dataset.languages(self.split).isdisjoint(self.languages)

    @property
    def data_identity(self) -> JsonDocument:
        """The fingerprint of the rows, and the languages or pairs: stored scores are valid for the same ones only."""
        rows = self.dataset.evaluation_fingerprint(self.split, self.languages)
        if self.pairs:
            return {"data": rows, "pairs": [list(pair) for pair in self.pairs]}
        return {"data": rows, "languages": sorted(self.languages)}

    def explain_invalid(self, scores: object) -> str:
        """Why these cannot be scores of this evaluation, as text; empty if they can."""
        available = self.dataset.languages(self.split)
        pairs = {format_language_pair(*pair): pair for pair in self.pairs if set(pair) <= available}
        if isinstance(scores, dict):
            pairs = {name: pair for name, pair in pairs.items() if name in scores or self._share_rows(pair)}
        return explain_invalid_scores(
            scores, pairs if self.pairs else available & set(self.languages), self.dataset.kind.metrics
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
    """The evaluations of a target: each split in the trial's languages, then in pairs of them if the trial asks for pairs and the target
    has two texts."""
    evaluations = [Evaluation(task, split, trial.languages) for split in splits]
    for split in splits if trial.pairs else ():
        if task.supports_language_pairs(split, trial.languages):
            apart = trial.few_shot.languages_apart if trial.few_shot else frozenset()
            available = [code for code in trial.languages if code in task.languages(split) and code not in apart]
            pairs = draw_language_pairs(available, trial.pairs, trial.pairs_seed)
            evaluations.append(Evaluation(task, split, trial.languages, pairs))
    return evaluations


def read_stored_scores(store: StageStore | None, key: str, evaluations: Sequence[Evaluation]) -> SplitScores:
    """A stage's stored scores by name of the evaluation, where they are of the same rows and languages; invalid ones are reported to the
    store and left out."""
    found: SplitScores = {}
    for evaluation in evaluations if store else ():
        document = store.read_scores(key, evaluation.name) if store else None
        if document is None or not evaluation.data_identity.items() <= document.items():
            continue
        scores = document.get("scores", {})
        if not (wrong := evaluation.explain_invalid(scores)):
            found[evaluation.name] = scores
        elif store:
            store.warn_once(key, f"its scores on {evaluation.name} {wrong}: they are not used")
    return found


def score_evaluations(
    evaluations: Sequence[Evaluation], model: PreTrainedModel, store: StageStore | None, key: str, claim: Claim | None
) -> SplitScores:
    """The scores of every evaluation by name: from the store where it has them, else computed, and stored if there is a claim."""
    scores = read_stored_scores(store, key, evaluations)
    for evaluation in evaluations:
        if evaluation.name not in scores:
            scores[evaluation.name] = evaluation.score(model)
            if store and claim:
                store.add_scores(
                    claim, evaluation.name, {**evaluation.data_identity, "scores": scores[evaluation.name]}
                )
    return scores
