"""Runs a trial: walks its curriculum, trains every target on top of it, scores them in every language."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from trainables import encoders
from trainables.curriculum import Stage, Trial
from trainables.encoders import Weights
from trainables.outcome import Outcome, StageRun
from trainables.prepared import Prepared, prepare
from trainables.scoring import score
from trainables.stage import encoder_weights, head_weights, restore, train
from trainables.store import Store, identity, key
from trainables.transfer import Scores, Split, Transfer

Report = Callable[[StageRun], None]


def run(
    trial: Trial,
    store: Store | None,
    splits: Sequence[Split] = ("dev",),
    on_stage: Report = lambda run: None,
    keep: Collection[str] = (),
) -> Outcome:
    """Run a trial, or what of it the store does not hold yet.

    Args:
        trial: what to run.
        store: where stages are looked up and published; None trains every stage afresh and keeps nothing.
        splits: what to score on; ``test`` is for finalists, at the end.
        on_stage: called after each stage.
        keep: keys of targets whose weights must be in the store afterwards, trained again if it gave them up.

    Raises:
        trainables.optimise.DivergedError: when a stage's loss is not a number any more.
    """
    walk = _Walk(trial, store, tuple(splits), on_stage, frozenset(keep))
    started = time.monotonic()
    trunk = walk.root()
    for stage in trial.curriculum:
        trunk = walk.intermediate(stage, trunk)
    for stage in trial.targets:
        walk.target(stage, trunk)
    return Outcome(
        transfer=Transfer(walk.scores, walk.metrics),
        stages=tuple(walk.runs),
        seconds=time.monotonic() - started,
        scoring_seconds=walk.scoring_seconds,
    )


@dataclass(slots=True)
class _Node:
    """A place in the stage tree: a key, and weights that are read only if someone trains on top of them."""

    key: str
    read: Callable[[], Weights]

    def weights(self) -> Weights:
        found = self.read()
        self.read = lambda: found
        return found


@dataclass(slots=True)
class _Walk:
    """One walk from the root of the stage tree to the targets."""

    trial: Trial
    store: Store | None
    splits: tuple[Split, ...]
    on_stage: Report
    keep: frozenset[str]
    scores: dict[str, Scores] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    runs: list[StageRun] = field(default_factory=list)
    scoring_seconds: float = 0.0

    def root(self) -> _Node:
        encoder = encoders.load(self.trial.encoder)
        return _Node(encoder.hash, lambda: encoder.weights)

    def intermediate(self, stage: Stage, parent: _Node) -> _Node:
        node_key, described = self._identify(stage, parent)
        record = self.store.record(node_key) if self.store and self.store.has_weights(node_key) else None
        if self.store and record is not None:
            self._note(stage, node_key, trained=False, seconds=record["seconds"], target=False)
            store = self.store
            return _Node(node_key, lambda: store.encoder(node_key))
        trained = train(stage, node_key, parent.weights(), self._data(stage))
        weights = encoder_weights(trained.models[0], parent.weights())
        if self.store:
            self.store.publish(node_key, _record(described, trained.losses, trained.seconds), weights, {})
        self._note(stage, node_key, trained=True, seconds=trained.seconds, target=False)
        return _Node(node_key, lambda: weights)

    def target(self, stage: Stage, parent: _Node) -> None:
        (task,) = self._data(stage)
        node_key, described = self._identify(stage, parent)
        self.metrics[stage.task] = task.kind.metrics[0]
        scores = self.scores[stage.task] = {}
        record = self.store.record(node_key) if self.store else None
        if record is not None:
            scores.update(self._known(node_key, task))
        missing = [split for split in self.splits if split not in scores]
        if record is not None and not missing and node_key not in self.keep:
            self._note(stage, node_key, trained=False, seconds=record["seconds"], target=True)
            return
        if self.store and record is not None and self.store.has_weights(node_key):
            model = restore(self.store.encoder(node_key), self.store.head(node_key), task)
            seconds, fresh = record["seconds"], False
        else:
            trained = train(stage, node_key, parent.weights(), [task])
            model, seconds, fresh = trained.models[0], trained.seconds, True
            if self.store:
                published = _record(described, trained.losses, seconds)
                weights = parent.weights()
                self.store.publish(node_key, published, encoder_weights(model, weights), head_weights(model, weights))
        started = time.monotonic()
        for split in missing:
            scores[split] = score(model, task, split, self.trial.languages)
            if self.store:
                document = {**self._scored_on(task, split), "scores": scores[split]}
                self.store.add_scores(node_key, split, document)
        self.scoring_seconds += time.monotonic() - started
        self._note(stage, node_key, trained=fresh, seconds=seconds, target=True)

    def _known(self, node_key: str, task: Prepared) -> Scores:
        """Stored scores, as far as they are of this trial's very rows and languages."""
        assert self.store is not None
        documents = {split: self.store.scores(node_key, split) for split in self.splits}
        return {
            split: document["scores"]
            for split, document in documents.items()
            if document is not None and self._scored_on(task, split).items() <= document.items()
        }

    def _scored_on(self, task: Prepared, split: Split) -> dict[str, object]:
        return {"data": task.scored_fingerprint(split), "languages": sorted(self.trial.languages)}

    def _identify(self, stage: Stage, parent: _Node) -> tuple[str, dict[str, object]]:
        data = "+".join(task.fingerprint for task in self._data(stage))
        described = identity(stage, parent.key, data)
        return key(described), described

    def _data(self, stage: Stage) -> list[Prepared]:
        return [prepare(self.trial.benchmark, task, self.trial.encoder, stage.max_length) for task in stage.tasks]

    def _note(self, stage: Stage, node_key: str, *, trained: bool, seconds: float, target: bool) -> None:
        run = StageRun(key=node_key, task=stage.task, target=target, trained=trained, seconds=seconds)
        self.runs.append(run)
        self.on_stage(run)


def _record(described: dict[str, object], losses: Sequence[float], seconds: float) -> dict[str, object]:
    return {"identity": described, "seconds": seconds, "losses": [round(loss, 6) for loss in losses]}
