"""Trains the targets of a trial and scores them, or reads models and scores from the store."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from transformers import PreTrainedModel

from trainables.benchmarks import list_trial_continuations
from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Weights
from trainables.evaluation import Evaluation, plan_evaluations, read_stored_scores, score_evaluations
from trainables.failure import note_stage_on_error
from trainables.outcome import FewShotRun, Outcome, StageRun, summarise_losses
from trainables.store import HEAD_FILE, Claim, JsonDocument
from trainables.training import (
    StageNode,
    StepCallbacks,
    describe_environment,
    describe_head_weights,
    extract_encoder_weights,
    extract_head_weights,
    restore_model,
    train_stage,
)
from trainables.transfer import Split, SplitScores
from trainables.trial._result import TrialResult
from trainables.trial._stage_tree import StageTree

PartialCallback = Callable[[str, float, Outcome], None]
"""Called with the latest target, the part of its training that is done (above 0, at most 1), and the trial's outcome so far."""


@dataclass(frozen=True, slots=True)
class TargetTrainer:
    """Trains and scores the targets, each on top of the same node."""

    tree: StageTree
    result: TrialResult
    splits: tuple[Split, ...]
    keep_weights: bool
    """Whether the store must hold the targets' weights afterwards."""
    on_partial: PartialCallback | None
    parts: int
    """Calls of `on_partial` for each target."""

    @note_stage_on_error
    def train(self, stage: Stage, parent: StageNode) -> None:
        """Train a target on top of `parent`, score it, and add both to the result; what the store holds is read from it."""
        scored = self._train_and_score(stage, parent)
        if self.on_partial and self.result.scores[stage.task].get("dev"):
            self.on_partial(stage.task, 1.0, self.result.build_outcome())
        if scored and (continuations := list_trial_continuations(self.tree.trial, stage)):
            self._continue_few_shot(stage, continuations, parent, *scored)

    def _train_and_score(self, stage: Stage, parent: StageNode) -> "tuple[SplitScores, PreTrainedModel | None] | None":
        """Train and score; returns all scores, and the model unless the store has it. None for a target without rows to score."""
        (dataset,) = self.tree.load_datasets(stage).values()
        node = self.tree.make_child(stage, parent)
        self.result.metrics[stage.task] = dataset.kind.metrics[0]
        evaluations = plan_evaluations(dataset, self.tree.trial, self.splits)
        if not any(each.has_rows for each in evaluations) and not self.keep_weights:
            # Benchmarks have no dev set for some targets: such a target is not trained for a score on dev.
            self.result.add_scores(stage.task, evaluations, {each.name: {} for each in evaluations})
            record: JsonDocument = {"seconds": 0.0, "environment": describe_environment()}
            self.result.add_stage(stage, node, trained=False, record=record)
            return None
        model: PreTrainedModel | None = None
        with self.tree.claim_turn(node, partial(self._find_in_store, node, evaluations)) as (found, claim):
            if found is not None:
                record, scores = found
                trained = False
            else:
                restored = self._restore_model(node, dataset)
                model, record = restored or self._train_model(stage, node, parent, dataset, evaluations, claim)
                with self.result.time_scoring():
                    scores = score_evaluations(evaluations, model, self.tree.store, node.key, claim)
                trained = restored is None
            self.result.add_scores(stage.task, evaluations, scores)
        self.result.add_stage(stage, node, trained=trained, record=record)
        return {str(each.split): scores[each.name] for each in evaluations if not each.pairs}, model

    def _continue_few_shot(
        self,
        stage: Stage,
        continuations: Sequence[Stage],
        parent: StageNode,
        zero_shot: SplitScores,
        model: PreTrainedModel | None,
    ) -> None:
        """Train and score every few-shot continuation of a target, each on top of the target's own model."""
        (dataset,) = self.tree.load_datasets(stage).values()
        start = _StartingPoint(self, stage, parent, dataset, model)
        for each in continuations:
            if (shots := dataset.continue_on(each.shots)) is not None:
                self._train_continuation(each, shots, start, zero_shot)

    def _train_continuation(
        self, stage: Stage, dataset: EncodedDataset, start: "_StartingPoint", zero_shot: SplitScores
    ) -> None:
        rows = Counter(row["language"] for row in dataset.train_rows)
        codes = tuple(code for code in self.tree.trial.languages if code in rows)
        evaluations = [Evaluation(dataset, split, codes) for split in self.splits]
        node = self.tree.make_continuation(stage, start.node, dataset)
        with self.tree.claim_turn(node, partial(self._find_in_store, node, evaluations)) as (found, claim):
            if found is not None:
                (record, scores), trained = found, False
            else:
                restored = self._restore_model(node, dataset)
                model, record = restored or self._train_from_model(stage, node, start, dataset, claim)
                with self.result.time_scoring():
                    scores = score_evaluations(evaluations, model, self.tree.store, node.key, claim)
                trained = restored is None
        run = FewShotRun(
            key=node.key,
            task=stage.task,
            target=True,
            trained=trained,
            seconds=record["seconds"],
            native=record.get("native", {}),
            losses=summarise_losses(record.get("losses", ())),
            environment=record.get("environment", {}),
            shots={code: rows[code] for code in codes},
        )
        self.result.add_few_shot(stage, zero_shot, scores, run)

    def _train_from_model(
        self, stage: Stage, node: StageNode, start: "_StartingPoint", dataset: EncodedDataset, claim: Claim | None
    ) -> tuple[PreTrainedModel, JsonDocument]:
        encoder, head = start.weights
        trained = train_stage(stage, node.random_seed, encoder, [dataset], node.synonyms, head=head)
        record = node.build_record(trained)
        self._publish(trained.models[0], encoder, record, claim)
        return trained.models[0], record

    def _publish(self, model: PreTrainedModel, like: Weights, record: JsonDocument, claim: Claim | None) -> None:
        if self.tree.store and claim:
            self.tree.store.publish(
                claim, record, extract_encoder_weights(model, like), extract_head_weights(model, like)
            )

    def _find_in_store(
        self, node: StageNode, evaluations: Sequence[Evaluation]
    ) -> tuple[JsonDocument, SplitScores] | None:
        """The target's record and all its scores; None if the store lacks any of them."""
        if self.tree.store is None:
            return None
        record = self.tree.store.read_record(node.key, node.identity, weights=self.keep_weights)
        scores = read_stored_scores(self.tree.store, node.key, evaluations)
        return None if record is None or len(scores) < len(evaluations) else (record, scores)

    def _restore_model(self, node: StageNode, dataset: EncodedDataset) -> tuple[PreTrainedModel, JsonDocument] | None:
        """A target's model and record from the store; None if the store lacks them."""
        store = self.tree.store
        if store is None or (record := store.read_record(node.key, node.identity, weights=True)) is None:
            return None
        (expected,) = describe_head_weights([dataset])
        encoder, head = store.read_encoder(node.key, dataset.encoder.weights), store.read_head(node.key, expected)
        if encoder is None or (head is None and (expected or HEAD_FILE in record["files"])):
            return None
        return restore_model(encoder, head or {}, dataset), record

    def _train_model(
        self,
        stage: Stage,
        node: StageNode,
        parent: StageNode,
        dataset: EncodedDataset,
        evaluations: Sequence[Evaluation],
        claim: Claim | None,
    ) -> tuple[PreTrainedModel, JsonDocument]:
        """Train the target, publish it, and return its model and record."""
        weights = parent.weights()
        callbacks = self._build_step_callbacks(stage, node, evaluations)
        trained = train_stage(stage, node.random_seed, weights, [dataset], node.synonyms, callbacks)
        model, record = trained.models[0], node.build_record(trained)
        self._publish(model, weights, record, claim)
        return model, record

    def _build_step_callbacks(self, stage: Stage, node: StageNode, evaluations: Sequence[Evaluation]) -> StepCallbacks:
        """Callbacks at equal parts of the target's steps: each scores the model on dev and calls `on_partial`."""
        result, on_partial = self.result, self.on_partial
        started, scored_before = time.monotonic(), result.scoring_seconds
        dev = next((each for each in evaluations if each.split == "dev" and not each.pairs and each.has_rows), None)
        if on_partial is None or dev is None:
            return {}

        def report(part: int, models: Sequence[PreTrainedModel]) -> None:
            seconds = time.monotonic() - started - (result.scoring_seconds - scored_before)
            with result.time_scoring():
                scores: SplitScores = {"dev": dev.score(models[0])}
            running = StageRun(
                key=node.key,
                task=stage.task,
                target=True,
                trained=True,
                seconds=seconds,
                whole=False,
                environment=describe_environment(),
            )
            on_partial(stage.task, part / self.parts, result.build_outcome(running, scores))

        return {stage.steps * part // self.parts: partial(report, part) for part in range(1, self.parts)}


@dataclass(slots=True)
class _StartingPoint:
    """A target's model, from which few-shot continuations go on; it is read, or trained again, when it is first needed."""

    trainer: TargetTrainer
    stage: Stage
    parent: StageNode
    dataset: EncodedDataset
    model: PreTrainedModel | None
    _weights: tuple[Weights, Weights] | None = None

    @property
    def node(self) -> StageNode:
        return self.trainer.tree.make_child(self.stage, self.parent)

    @property
    def weights(self) -> tuple[Weights, Weights]:
        """Of the encoder, and of the head."""
        if self._weights is None:
            like, model = self.dataset.encoder.weights, self.model or self._load()
            self._weights, self.model = (extract_encoder_weights(model, like), extract_head_weights(model, like)), None
        return self._weights

    def _load(self) -> PreTrainedModel:
        """The model from the store; if its weights were evicted, trained again."""
        trainer, node = self.trainer, self.node
        restored = trainer._restore_model(node, self.dataset)
        if restored is None:
            with trainer.tree.claim_turn(node, lambda: None) as (_, claim):
                restored = trainer._train_model(self.stage, node, self.parent, self.dataset, (), claim)
        return restored[0]
