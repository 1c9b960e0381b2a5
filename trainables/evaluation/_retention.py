"""What an intermediate task loses after later stages: forgetting.

After every intermediate stage its own tasks and those of all earlier stages of the curriculum are scored, each by the head that it got
in its own stage around the encoder as it is then. A task's score right after its own stage minus its score after a later one is what it
lost: backward transfer (Lopez-Paz & Ranzato, NeurIPS 2017, section 3) with the sign turned.

Intermediate tasks have training rows only, so it is measured on a fixed sample of these (`Prepared.drawn`): it tells what is kept of
what was taught, not how well a task is done on rows that were never seen. Kinds without metrics are left out, and those that cannot be
scored row by row (`TaskKind.by_row`). Nothing of it enters a stage's identity, and no bit of training depends on it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from transformers import PreTrainedModel

from trainables.checkpoints import StageStore
from trainables.data import EncodedDataset
from trainables.encoders import Weights
from trainables.evaluation._scoring import score_train_sample
from trainables.store import HEAD_FILE
from trainables.training import StageNode, TrainedTask, describe_head_weights, extract_head_weights, restore_model
from trainables.validation import explain_invalid_metrics

RETENTION_SCORES = "retained"
"""What the store calls it, among a stage's scores."""

RetainedScores = dict[str, dict[str, float]]
"""Every metric by task."""


def select_scorable_tasks(tasks: Mapping[str, EncodedDataset]) -> dict[str, EncodedDataset]:
    """Those of a stage's tasks that can be scored on their own training rows."""
    return {
        name: task
        for name, task in tasks.items()
        if task.kind.metrics and task.kind.scored_by_row and task.data.train is not None
    }


def extract_heads(
    tasks: Mapping[str, EncodedDataset], models: Sequence[PreTrainedModel], encoder: Weights
) -> dict[str, Weights]:
    """The heads of a stage that was trained, by task, as far as they are `select_scorable_tasks`.

    Args:
        tasks: of the stage, by name.
        models: one a task.
        encoder: what is within all of them.
    """
    wanted = select_scorable_tasks(tasks)
    return {
        name: extract_head_weights(model, encoder) for name, model in zip(tasks, models, strict=True) if name in wanted
    }


def join_heads(heads: Mapping[str, Weights]) -> Weights:
    """Heads as the store keeps them, in one file: every weight's name after that of its task."""
    return {f"{task}/{name}": weight for task, head in heads.items() for name, weight in head.items()}


def split_head(kept: Weights, task: str) -> Weights | None:
    """One of several heads that `join_heads` made one of; None if it is not among them."""
    prefix = f"{task}/"
    return {name.removeprefix(prefix): kept[name] for name in kept if name.startswith(prefix)} or None


def keep_heads_in_memory(tasks: Mapping[str, EncodedDataset], heads: Mapping[str, Weights]) -> dict[str, TrainedTask]:
    """What a stage has learnt, its heads being at hand."""
    return {name: TrainedTask(tasks[name], partial(heads.get, name)) for name in heads}


def read_heads_from_store(
    store: StageStore, key: str, tasks: Mapping[str, EncodedDataset], again: Callable[[], StageNode]
) -> dict[str, TrainedTask]:
    """What a stage has learnt that the store has: the heads of one published before heads were kept are not there.

    Args:
        store: that has it.
        key: the stage.
        tasks: its tasks, by name.
        again: trains the stage again, where its heads are damaged.
    """

    def read(task: str) -> Weights | None:
        like = dict(zip(tasks, describe_head_weights(list(tasks.values())), strict=True))
        kept = store.read_head(key, join_heads({name: like[name] for name in select_scorable_tasks(tasks)}))
        if kept is not None:
            return split_head(kept, task)
        record = store.read_record(key)
        return again().trained_tasks[task].read_head() if record is not None and HEAD_FILE in record["files"] else None

    return {name: TrainedTask(task, partial(read, name)) for name, task in select_scorable_tasks(tasks).items()}


@dataclass(frozen=True, slots=True)
class RetentionScorer:
    """Tells how well the tasks of a curriculum are done after each of its stages."""

    rows: int
    """Training rows that each task is scored on, at most; 0: nothing is told."""
    store: StageStore | None

    def score_after(self, node: StageNode) -> RetainedScores:
        """Every metric, in 0..1, of the tasks that `node` has learnt, in the order of their stages.

        What the store knows is not measured again; what is measured goes to the store. A task whose head is gone is left out.
        """
        if not self.rows:
            return {}
        known = self._read_scores(node)
        read = {name: learnt.read_head() for name, learnt in node.trained_tasks.items() if name not in known}
        missing = {name: head for name, head in read.items() if head is not None}
        if not missing:
            return known
        weights = node.weights()  # before the claim: a stage that is damaged is trained again, under a claim of its own

        def find() -> RetainedScores | None:
            known = self._read_scores(node)
            return known if missing.keys() <= known.keys() else None

        with self.store.claim_turn(node.key, find) if self.store else nullcontext((None, None)) as (found, mine):
            if found is not None:
                return found
            measured = self._read_scores(node) | self._score_tasks(node, weights, missing)
            told = {name: measured[name] for name in node.trained_tasks if name in measured}
            if self.store and mine:
                self.store.add_scores(mine, RETENTION_SCORES, {"rows": self.rows, "scores": told})
        return told

    def _read_scores(self, node: StageNode) -> RetainedScores:
        """What the store has, if it was measured on as many rows."""
        document = self.store.read_scores(node.key, RETENTION_SCORES) if self.store else None
        if self.store is None or document is None or document.get("rows") != self.rows:
            return {}
        found: RetainedScores = {}
        scores = told if isinstance(told := document.get("scores"), dict) else {}
        for name, learnt in node.trained_tasks.items():
            if name in scores and (wrong := explain_invalid_metrics(scores[name], learnt.dataset.kind.metrics)):
                self.store.warn_once(node.key, f"its scores of {name}, {RETENTION_SCORES}, {wrong}: they are not used")
            elif name in scores:
                found[name] = scores[name]
        return found

    def _score_tasks(self, node: StageNode, encoder: Weights, heads: Mapping[str, Weights]) -> RetainedScores:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            return {
                name: score_train_sample(restore_model(encoder, head, data), data, self.rows)
                for name, head in heads.items()
                for data in (node.trained_tasks[name].dataset,)
            }
