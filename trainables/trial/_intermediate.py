"""Trains the intermediate stages of a trial, or reads them from the store."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from trainables.curriculum import Stage
from trainables.encoders import Weights, load_encoder
from trainables.evaluation import (
    RetainedScores,
    RetentionScorer,
    extract_heads,
    join_heads,
    keep_heads_in_memory,
    read_heads_from_store,
)
from trainables.failure import note_stage_on_error
from trainables.store import Claim, JsonDocument
from trainables.training import StageNode, extract_encoder_weights, train_stage
from trainables.trial._result import TrialResult
from trainables.trial._stage_tree import StageTree


@dataclass(frozen=True, slots=True)
class IntermediateTrainer:
    """Trains a curriculum, stage by stage."""

    tree: StageTree
    result: TrialResult

    @note_stage_on_error
    def train(self, stage: Stage, parent: StageNode) -> StageNode:
        """The node of a stage, trained by this process or by another one, and added to the result.

        The weights of a stage in the store are read when they are first needed; a stage whose weights turn out damaged is trained again.
        """
        store, node = self.tree.store, self.tree.make_child(stage, parent)
        before = self.result.runs.get(node.key)

        def find() -> JsonDocument | None:
            return store.read_record(node.key, node.identity, weights=True) if store else None

        with self.tree.claim_turn(node, find) as (record, claim):
            found = record is not None
            if record is None:
                record = self._train(stage, node, parent, claim)
            elif store:
                train_again = partial(self.train, stage, parent)
                node.read_weights = partial(self._read_weights, node.key, train_again)
                node.trained_tasks = parent.trained_tasks | read_heads_from_store(
                    store, node.key, self.tree.load_datasets(stage), train_again
                )
        # After the claim is released: scoring makes a claim of its own, and may find weights damaged.
        retained = self._score_retention(node)
        if self.result.runs.get(node.key) is before:  # else the stage was trained again, and added then
            self.result.add_stage(stage, node, trained=not found, record=record, retained=retained)
        return node

    def _train(self, stage: Stage, node: StageNode, parent: StageNode, claim: Claim | None) -> JsonDocument:
        """Train the stage, publish it, and return its record."""
        datasets = self.tree.load_datasets(stage)
        trained = train_stage(stage, node.random_seed, parent.weights(), list(datasets.values()), node.synonyms)
        record = node.build_record(trained)
        weights = extract_encoder_weights(trained.models[0], parent.weights())
        heads = extract_heads(datasets, trained.models, weights)
        if self.tree.store and claim:
            self.tree.store.publish(claim, record, weights, join_heads(heads))
        node.read_weights = lambda: weights
        node.trained_tasks = parent.trained_tasks | keep_heads_in_memory(datasets, heads)
        return record

    def _read_weights(self, key: str, train_again: Callable[[], StageNode]) -> Weights:
        """The encoder's weights after a stage in the store; if they are gone or damaged by now, those of the stage trained again."""
        expected = load_encoder(self.tree.trial.encoder).weights
        weights = self.tree.store and self.tree.store.read_encoder(key, expected)
        return weights or train_again().weights()

    def _score_retention(self, node: StageNode) -> RetainedScores:
        with self.result.time_scoring():
            return RetentionScorer(self.tree.trial.retention, self.tree.store).score_after(node)
