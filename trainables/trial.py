"""Runs a trial: walks its curriculum, trains every target on top of it, scores them in every language."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from transformers import PreTrainedModel

from trainables.benchmarks import load_benchmark_synonyms
from trainables.checkpoints import StageStore
from trainables.curriculum import Stage, Trial
from trainables.data import EncodedDataset, load_encoded_dataset
from trainables.encoders import Weights, load_encoder
from trainables.evaluation import (
    Evaluation,
    RetainedScores,
    RetentionScorer,
    extract_heads,
    join_heads,
    keep_heads_in_memory,
    plan_evaluations,
    read_heads_from_store,
    read_stored_scores,
    score_evaluations,
)
from trainables.failure import note_stage_on_error
from trainables.outcome import Outcome, StageRun, summarise_losses
from trainables.store import (
    HEAD_FILE,
    Claim,
    JsonDocument,
    UseLease,
    build_stage_identity,
    compute_stage_key,
    derive_random_seed,
)
from trainables.synonyms import Synonyms, load_synonyms
from trainables.tasks import SentencePooling
from trainables.training import (
    StageNode,
    StepCallbacks,
    describe_environment,
    describe_head_weights,
    extract_encoder_weights,
    extract_head_weights,
    get_arithmetic,
    restore_model,
    train_stage,
)
from trainables.transfer import Split, SplitScores, Transfer

StageCallback = Callable[[StageRun], None]
PartialCallback = Callable[[str, float, Outcome], None]
"""Hears the latest target, which part of its training is done, and what the trial came to so far."""
Result = TypeVar("Result")


def run_trial(
    trial: Trial,
    store: StageStore | None,
    splits: Sequence[Split] = ("dev",),
    on_stage: StageCallback = lambda run: None,
    keep: bool = False,
    data: str | None = None,
    on_partial: PartialCallback | None = None,
    parts: int = 1,
) -> Outcome:
    """Run a trial, or what of it the store does not hold yet.

    Args:
        trial: what to run.
        store: where stages are looked up and published; None trains every stage afresh and keeps nothing.
        splits: what to score on; ``test`` is for finalists, at the end.
        on_stage: called after each stage.
        keep: whether the weights of every target must be in the store afterwards, trained again if it gave them up.
        data: the folder of tables that rows and tokens are kept in; None for one that goes with the process.
        on_partial: called `parts` times a target that is scored on dev, which come in the trial's order then; what it raises ends the trial.
        parts: how often; above 1 within the target's training too, on dev, unless the store has the target.

    Raises:
        trainables.training.DivergedError: when a stage's loss is not a number any more.
    """
    started = time.monotonic()
    with store.open_use_lease() if store else nullcontext() as use:
        walk = _TrialRun(trial, store, use, tuple(splits), on_stage, keep, data, on_partial, parts, started)
        trunk = walk.root()
        for stage in trial.curriculum:
            trunk = walk.intermediate(stage, trunk)
        left = list(trial.targets)
        while left:
            walk.target(left.pop(0 if on_partial else walk.find_unclaimed(left, trunk)), trunk)
    return walk.outcome()


@dataclass(slots=True)
class _TrialRun:
    """One walk from the root of the stage tree to the targets."""

    trial: Trial
    store: StageStore | None
    use: UseLease | None
    splits: tuple[Split, ...]
    on_stage: StageCallback
    keep: bool
    data: str | None
    on_partial: PartialCallback | None
    parts: int
    started: float
    scores: dict[str, SplitScores] = field(default_factory=dict)
    generalized: dict[str, SplitScores] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    runs: dict[str, StageRun] = field(default_factory=dict)
    scoring_seconds: float = 0.0

    def outcome(self, running: StageRun | None = None, scored: SplitScores | None = None) -> Outcome:
        """What the trial came to so far, and what a target that is being trained has cost and scored."""
        scores, runs = dict(self.scores), list(self.runs.values())
        if running is not None and scored is not None:
            scores[running.task] = scored
            runs.append(running)
        order = [stage.task for stage in self.trial.targets if stage.task in scores]
        return Outcome(
            transfer=Transfer(
                {task: scores[task] for task in order},
                {task: self.metrics[task] for task in order},
                {task: self.generalized[task] for task in order if task in self.generalized},
            ),
            stages=tuple(sorted(runs, key=lambda run: order.index(run.task) if run.target else -1)),
            seconds=time.monotonic() - self.started,
            scoring_seconds=self.scoring_seconds,
        )

    def root(self) -> StageNode:
        encoder = load_encoder(self.trial.encoder)
        return StageNode(encoder.hash, path=(self.trial.encoder,), read_weights=lambda: encoder.weights)

    @note_stage_on_error
    def intermediate(self, stage: Stage, parent: StageNode) -> StageNode:
        """Walk on to an intermediate stage, trained by whoever comes first."""
        node = self._make_child(stage, parent)
        before = self.runs.get(node.key)

        def find() -> JsonDocument | None:
            return self.store.read_record(node.key, node.identity, weights=True) if self.store else None

        with self._claim_turn(node, find) as (record, mine):
            found = record is not None
            if record is None:
                record = self._train_intermediate(stage, node, parent, mine)
            elif self.store:
                again = partial(self.intermediate, stage, parent)
                node.read_weights = partial(self._read_weights, node.key, again)
                node.trained_tasks = parent.trained_tasks | read_heads_from_store(
                    self.store, node.key, self._load_datasets_by_task(stage), again
                )
        # After the turn: measuring takes one of its own, and finds out what is damaged.
        retained = self._score_retention(node)
        if self.runs.get(node.key) is before:  # else it was trained again, and noted
            self._report_stage(stage, node, trained=not found, record=record, retained=retained)
        return node

    def _train_intermediate(self, stage: Stage, node: StageNode, parent: StageNode, mine: Claim | None) -> JsonDocument:
        """Train an intermediate stage, publish it, and return its record."""
        tasks = self._load_datasets_by_task(stage)
        trained = train_stage(stage, node.random_seed, parent.weights(), list(tasks.values()), node.synonyms)
        record = node.build_record(trained)
        weights = extract_encoder_weights(trained.models[0], parent.weights())
        own = extract_heads(tasks, trained.models, weights)
        if self.store and mine:
            self.store.publish(mine, record, weights, join_heads(own))
        node.read_weights = lambda: weights
        node.trained_tasks = parent.trained_tasks | keep_heads_in_memory(tasks, own)
        return record

    def _score_retention(self, node: StageNode) -> RetainedScores:
        """How well the tasks so far are done after an intermediate stage."""
        started = time.monotonic()
        found = RetentionScorer(self.trial.retention, self.store).score_after(node)
        self.scoring_seconds += time.monotonic() - started
        return found

    def _read_weights(self, key: str, again: Callable[[], StageNode]) -> Weights:
        """The weights of a stage that the store had a moment ago, trained again if they are gone or damaged after all."""
        weights = self.store and self.store.read_encoder(key, load_encoder(self.trial.encoder).weights)
        return weights or again().weights()

    def find_unclaimed(self, targets: Sequence[Stage], parent: StageNode) -> int:
        """The place of a target that no other process is at, so that nobody waits who could work."""
        if self.store:
            for place, stage in enumerate(targets):
                if not self.store.is_claimed(self._make_child(stage, parent).key):
                    return place
        return 0

    @note_stage_on_error
    def target(self, stage: Stage, parent: StageNode) -> None:
        """Train a target on top of `parent` and score it, as far as the store does not know it all; report it."""
        self._train_target(stage, parent)
        if self.on_partial and self.scores[stage.task].get("dev"):
            self.on_partial(stage.task, 1.0, self.outcome())

    def _train_target(self, stage: Stage, parent: StageNode) -> None:
        (task,) = self._load_datasets(stage)
        node = self._make_child(stage, parent)
        self.metrics[stage.task] = task.kind.metrics[0]
        readings = plan_evaluations(task, self.trial, self.splits)
        if not any(reading.has_rows for reading in readings) and not self.keep:
            # Nothing to score it on: benchmarks have no dev set for some targets.
            self._record_scores(stage.task, readings, {reading.name: {} for reading in readings})
            self._report_stage(
                stage, node, trained=False, record={"seconds": 0.0, "environment": describe_environment()}
            )
            return

        def find() -> tuple[JsonDocument, SplitScores] | None:
            if self.store is None:
                return None
            record = self.store.read_record(node.key, node.identity, weights=self.keep)
            scores = read_stored_scores(self.store, node.key, readings)
            return None if record is None or len(scores) < len(readings) else (record, scores)

        with self._claim_turn(node, find) as (found, mine):
            if found is not None:
                record, scores = found
                self._record_scores(stage.task, readings, scores)
                self._report_stage(stage, node, trained=False, record=record)
                return
            restored = self._restore_model(node, task)
            if restored is not None:
                model, record = restored
            else:
                trained = train_stage(
                    stage,
                    node.random_seed,
                    parent.weights(),
                    [task],
                    node.synonyms,
                    self._build_step_callbacks(stage, node, readings),
                )
                model, record = trained.models[0], node.build_record(trained)
                if self.store and mine:
                    weights = parent.weights()
                    self.store.publish(
                        mine, record, extract_encoder_weights(model, weights), extract_head_weights(model, weights)
                    )
            self._record_scores(stage.task, readings, self._score_target(node, readings, model, mine))
        self._report_stage(stage, node, trained=restored is None, record=record)

    def _build_step_callbacks(self, stage: Stage, node: StageNode, readings: Sequence[Evaluation]) -> StepCallbacks:
        """Reports within a target's training, at equal parts of its steps."""
        on_partial, begun, scored = self.on_partial, time.monotonic(), self.scoring_seconds
        dev = next((each for each in readings if each.split == "dev" and not each.pairs and each.has_rows), None)
        if on_partial is None or dev is None:
            return {}

        def look(part: int, models: Sequence[PreTrainedModel]) -> None:
            started = time.monotonic()
            seconds = started - begun - (self.scoring_seconds - scored)
            scores: SplitScores = {"dev": dev.score(models[0])}
            self.scoring_seconds += time.monotonic() - started
            told: dict[str, Any] = {"seconds": seconds, "whole": False, "environment": describe_environment()}
            running = StageRun(key=node.key, task=stage.task, target=True, trained=True, **told)
            on_partial(stage.task, part / self.parts, self.outcome(running, scores))

        return {stage.steps * part // self.parts: partial(look, part) for part in range(1, self.parts)}

    def _restore_model(self, node: StageNode, task: EncodedDataset) -> tuple[PreTrainedModel, JsonDocument] | None:
        """A target's model from the store, and its record; None if the store lacks it."""
        if self.store is None or (record := self.store.read_record(node.key, node.identity, weights=True)) is None:
            return None
        (like,) = describe_head_weights([task])
        encoder, head = self.store.read_encoder(node.key, task.encoder.weights), self.store.read_head(node.key, like)
        if encoder is None or (head is None and (like or HEAD_FILE in record["files"])):
            return None
        return restore_model(encoder, head or {}, task), record

    def _score_target(
        self, node: StageNode, readings: Sequence[Evaluation], model: PreTrainedModel, mine: Claim | None
    ) -> SplitScores:
        started = time.monotonic()
        scores = score_evaluations(readings, model, self.store, node.key, mine)
        self.scoring_seconds += time.monotonic() - started
        return scores

    def _record_scores(self, task: str, readings: Sequence[Evaluation], scores: SplitScores) -> None:
        self.scores[task] = {str(each.split): scores[each.name] for each in readings if not each.pairs}
        if generalized := {str(each.split): scores[each.name] for each in readings if each.pairs}:
            self.generalized[task] = generalized

    def _make_child(self, stage: Stage, parent: StageNode) -> StageNode:
        rows = "+".join(task.fingerprint for task in self._load_datasets(stage))
        replaced = self._synonyms(stage)
        data = rows if replaced is None else f"{rows}+{replaced.digest}"
        described = build_stage_identity(
            stage, parent.key, data, target=stage in self.trial.targets, arithmetic=get_arithmetic()
        )
        if self.use:
            self.use.add(parent.key)
        return StageNode(
            compute_stage_key(described),
            described,
            derive_random_seed(stage, rows),
            (*parent.path, str(stage)),
            replaced,
        )

    def _claim_turn(
        self, node: StageNode, find: Callable[[], Result | None]
    ) -> AbstractContextManager[tuple[Result | None, Claim | None]]:
        return self.store.claim_turn(node.key, find) if self.store else nullcontext((None, None))

    def _load_datasets(self, stage: Stage) -> list[EncodedDataset]:
        place = (self.trial.encoder, stage.max_length, SentencePooling(stage.layer, stage.pooling), self.data)
        return [load_encoded_dataset(self.trial.benchmark, task, *place) for task in stage.tasks]

    def _synonyms(self, stage: Stage) -> Synonyms | None:
        if stage.noise.method != "augmentation":
            return None
        return (
            load_synonyms(self.trial.synonyms) if self.trial.synonyms else load_benchmark_synonyms(self.trial.benchmark)
        )

    def _load_datasets_by_task(self, stage: Stage) -> dict[str, EncodedDataset]:
        return dict(zip(stage.tasks, self._load_datasets(stage), strict=True))

    def _report_stage(
        self,
        stage: Stage,
        node: StageNode,
        *,
        trained: bool,
        record: JsonDocument,
        retained: RetainedScores | None = None,
    ) -> None:
        run = StageRun(
            key=node.key,
            task=stage.task,
            target=stage in self.trial.targets,
            trained=trained,
            seconds=record["seconds"],
            native=record.get("native", {}),
            losses=summarise_losses(record.get("losses", ())),
            environment=record.get("environment", {}),
            retained=retained or {},
        )
        self.runs[node.key] = run
        self.on_stage(run)
