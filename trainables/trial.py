"""Runs a trial: walks its curriculum, trains every target on top of it, scores them in every language."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from transformers import PreTrainedModel

from trainables import encoders
from trainables.arithmetic import arithmetic, environment
from trainables.benchmarks import own_synonyms
from trainables.curriculum import Stage, Trial
from trainables.encoders import Weights
from trainables.failure import tells_stage
from trainables.node import Node
from trainables.noise.substitution import Synonyms
from trainables.noise.substitution import load as read_synonyms
from trainables.outcome import Outcome, StageRun, loss_points
from trainables.prepared import Prepared, prepare
from trainables.readings import Reading, known, readings_of, score_all
from trainables.retention import Retained, Retention, heads, in_memory, in_store, joined
from trainables.stage import Looks, encoder_weights, head_weights, heads_like, restore, train
from trainables.store.identity import draws, identity, key
from trainables.store.leases import Claim, Use
from trainables.store.records import HEAD, Document
from trainables.store.tree import Store
from trainables.tasks.retrieval import Pooled
from trainables.transfer import Scores, Split, Transfer

Report = Callable[[StageRun], None]
Partial = Callable[[str, float, Outcome], None]
"""Hears the latest target, which part of its training is done, and what the trial came to so far."""
Found = TypeVar("Found")


def run(
    trial: Trial,
    store: Store | None,
    splits: Sequence[Split] = ("dev",),
    on_stage: Report = lambda run: None,
    keep: bool = False,
    data: str | None = None,
    on_partial: Partial | None = None,
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
        trainables.optimise.DivergedError: when a stage's loss is not a number any more.
    """
    started = time.monotonic()
    with store.in_use() if store else nullcontext() as use:
        walk = _Walk(trial, store, use, tuple(splits), on_stage, keep, data, on_partial, parts, started)
        trunk = walk.root()
        for stage in trial.curriculum:
            trunk = walk.intermediate(stage, trunk)
        left = list(trial.targets)
        while left:
            walk.target(left.pop(0 if on_partial else walk.idle(left, trunk)), trunk)
    return walk.outcome()


@dataclass(slots=True)
class _Walk:
    """One walk from the root of the stage tree to the targets."""

    trial: Trial
    store: Store | None
    use: Use | None
    splits: tuple[Split, ...]
    on_stage: Report
    keep: bool
    data: str | None
    on_partial: Partial | None
    parts: int
    started: float
    scores: dict[str, Scores] = field(default_factory=dict)
    generalized: dict[str, Scores] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    runs: dict[str, StageRun] = field(default_factory=dict)
    scoring_seconds: float = 0.0

    def outcome(self, running: StageRun | None = None, scored: Scores | None = None) -> Outcome:
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

    def root(self) -> Node:
        encoder = encoders.load(self.trial.encoder)
        return Node(encoder.hash, path=(self.trial.encoder,), read=lambda: encoder.weights)

    @tells_stage
    def intermediate(self, stage: Stage, parent: Node) -> Node:
        """Walk on to an intermediate stage, trained by whoever comes first."""
        node = self._child(stage, parent)
        before = self.runs.get(node.key)

        def find() -> Document | None:
            return self.store.record(node.key, node.described, weights=True) if self.store else None

        with self._turn(node, find) as (record, mine):
            found = record is not None
            if record is None:
                record = self._trained(stage, node, parent, mine)
            elif self.store:
                again = partial(self.intermediate, stage, parent)
                node.read = partial(self._stored, node.key, again)
                node.learnt = parent.learnt | in_store(self.store, node.key, self._tasks(stage), again)
        # After the turn: measuring takes one of its own, and finds out what is damaged.
        retained = self._retained(node)
        if self.runs.get(node.key) is before:  # else it was trained again, and noted
            self._note(stage, node, trained=not found, record=record, retained=retained)
        return node

    def _trained(self, stage: Stage, node: Node, parent: Node, mine: Claim | None) -> Document:
        """Train an intermediate stage, publish it, and return its record."""
        tasks = self._tasks(stage)
        trained = train(stage, node.draws, parent.weights(), list(tasks.values()), node.synonyms)
        record = node.record(trained)
        weights = encoder_weights(trained.models[0], parent.weights())
        own = heads(tasks, trained.models, weights)
        if self.store and mine:
            self.store.publish(mine, record, weights, joined(own))
        node.read = lambda: weights
        node.learnt = parent.learnt | in_memory(tasks, own)
        return record

    def _retained(self, node: Node) -> Retained:
        """How well the tasks so far are done after an intermediate stage."""
        started = time.monotonic()
        found = Retention(self.trial.retention, self.store).after(node)
        self.scoring_seconds += time.monotonic() - started
        return found

    def _stored(self, key: str, again: Callable[[], Node]) -> Weights:
        """The weights of a stage that the store had a moment ago, trained again if they are gone or damaged after all."""
        weights = self.store and self.store.encoder(key, encoders.load(self.trial.encoder).weights)
        return weights or again().weights()

    def idle(self, targets: Sequence[Stage], parent: Node) -> int:
        """The place of a target that no other process is at, so that nobody waits who could work."""
        if self.store:
            for place, stage in enumerate(targets):
                if not self.store.busy(self._child(stage, parent).key):
                    return place
        return 0

    @tells_stage
    def target(self, stage: Stage, parent: Node) -> None:
        """Train a target on top of `parent` and score it, as far as the store does not know it all; report it."""
        self._target(stage, parent)
        if self.on_partial and self.scores[stage.task].get("dev"):
            self.on_partial(stage.task, 1.0, self.outcome())

    def _target(self, stage: Stage, parent: Node) -> None:
        (task,) = self._data(stage)
        node = self._child(stage, parent)
        self.metrics[stage.task] = task.kind.metrics[0]
        readings = readings_of(task, self.trial, self.splits)
        if not any(reading.rows for reading in readings) and not self.keep:
            # Nothing to score it on: benchmarks have no dev set for some targets.
            self._heard(stage.task, readings, {reading.name: {} for reading in readings})
            self._note(stage, node, trained=False, record={"seconds": 0.0, "environment": environment()})
            return

        def find() -> tuple[Document, Scores] | None:
            if self.store is None:
                return None
            record = self.store.record(node.key, node.described, weights=self.keep)
            scores = known(self.store, node.key, readings)
            return None if record is None or len(scores) < len(readings) else (record, scores)

        with self._turn(node, find) as (found, mine):
            if found is not None:
                record, scores = found
                self._heard(stage.task, readings, scores)
                self._note(stage, node, trained=False, record=record)
                return
            restored = self._restored(node, task)
            if restored is not None:
                model, record = restored
            else:
                trained = train(
                    stage, node.draws, parent.weights(), [task], node.synonyms, self._looks(stage, node, readings)
                )
                model, record = trained.models[0], node.record(trained)
                if self.store and mine:
                    weights = parent.weights()
                    self.store.publish(mine, record, encoder_weights(model, weights), head_weights(model, weights))
            self._heard(stage.task, readings, self._score(node, readings, model, mine))
        self._note(stage, node, trained=restored is None, record=record)

    def _looks(self, stage: Stage, node: Node, readings: Sequence[Reading]) -> Looks:
        """Reports within a target's training, at equal parts of its steps."""
        on_partial, begun, scored = self.on_partial, time.monotonic(), self.scoring_seconds
        dev = next((each for each in readings if each.split == "dev" and not each.pairs and each.rows), None)
        if on_partial is None or dev is None:
            return {}

        def look(part: int, models: Sequence[PreTrainedModel]) -> None:
            started = time.monotonic()
            seconds = started - begun - (self.scoring_seconds - scored)
            scores: Scores = {"dev": dev.score(models[0])}
            self.scoring_seconds += time.monotonic() - started
            told: dict[str, Any] = {"seconds": seconds, "whole": False, "environment": environment()}
            running = StageRun(key=node.key, task=stage.task, target=True, trained=True, **told)
            on_partial(stage.task, part / self.parts, self.outcome(running, scores))

        return {stage.steps * part // self.parts: partial(look, part) for part in range(1, self.parts)}

    def _restored(self, node: Node, task: Prepared) -> tuple[PreTrainedModel, Document] | None:
        """A target's model from the store, and its record; None if the store lacks it."""
        if self.store is None or (record := self.store.record(node.key, node.described, weights=True)) is None:
            return None
        (like,) = heads_like([task])
        encoder, head = self.store.encoder(node.key, task.encoder.weights), self.store.head(node.key, like)
        if encoder is None or (head is None and (like or HEAD in record["files"])):
            return None
        return restore(encoder, head or {}, task), record

    def _score(self, node: Node, readings: Sequence[Reading], model: PreTrainedModel, mine: Claim | None) -> Scores:
        started = time.monotonic()
        scores = score_all(readings, model, self.store, node.key, mine)
        self.scoring_seconds += time.monotonic() - started
        return scores

    def _heard(self, task: str, readings: Sequence[Reading], scores: Scores) -> None:
        self.scores[task] = {str(each.split): scores[each.name] for each in readings if not each.pairs}
        if generalized := {str(each.split): scores[each.name] for each in readings if each.pairs}:
            self.generalized[task] = generalized

    def _child(self, stage: Stage, parent: Node) -> Node:
        rows = "+".join(task.fingerprint for task in self._data(stage))
        replaced = self._synonyms(stage)
        data = rows if replaced is None else f"{rows}+{replaced.digest}"
        described = identity(stage, parent.key, data, target=stage in self.trial.targets, arithmetic=arithmetic())
        if self.use:
            self.use.add(parent.key)
        return Node(key(described), described, draws(stage, rows), (*parent.path, str(stage)), replaced)

    def _turn(
        self, node: Node, find: Callable[[], Found | None]
    ) -> AbstractContextManager[tuple[Found | None, Claim | None]]:
        return self.store.turn(node.key, find) if self.store else nullcontext((None, None))

    def _data(self, stage: Stage) -> list[Prepared]:
        place = (self.trial.encoder, stage.max_length, Pooled(stage.layer, stage.pooling), self.data)
        return [prepare(self.trial.benchmark, task, *place) for task in stage.tasks]

    def _synonyms(self, stage: Stage) -> Synonyms | None:
        if stage.noise.method != "augmentation":
            return None
        return read_synonyms(self.trial.synonyms) if self.trial.synonyms else own_synonyms(self.trial.benchmark)

    def _tasks(self, stage: Stage) -> dict[str, Prepared]:
        return dict(zip(stage.tasks, self._data(stage), strict=True))

    def _note(
        self, stage: Stage, node: Node, *, trained: bool, record: Document, retained: Retained | None = None
    ) -> None:
        run = StageRun(
            key=node.key,
            task=stage.task,
            target=stage in self.trial.targets,
            trained=trained,
            seconds=record["seconds"],
            native=record.get("native", {}),
            losses=loss_points(record.get("losses", ())),
            environment=record.get("environment", {}),
            retained=retained or {},
        )
        self.runs[node.key] = run
        self.on_stage(run)
