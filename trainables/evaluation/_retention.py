"""Retention: how well earlier intermediate tasks are still done after later stages. Its loss is forgetting.

After every intermediate stage its own tasks and those of all earlier stages are scored, each with the head that was trained in its own
stage on top of the encoder after the present one. Forgetting is a task's score right after its own stage minus its score after a later
stage: backward transfer (Lopez-Paz & Ranzato, NeurIPS 2017, section 3) with the opposite sign.

Intermediate tasks have training rows only, so the scores are of a fixed sample of these (`EncodedDataset.sample_train_rows`): they
measure retention of the training data, not generalisation. Task kinds without metrics, and those that cannot be scored row by row
(`TaskKind.scored_by_row`), are left out. Retention does not enter a stage's identity, and training does not depend on it.
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
from trainables.store import HEAD_FILE, JsonDocument
from trainables.training import StageNode, TrainedTask, describe_head_weights, extract_head_weights, restore_model
from trainables.validation import explain_invalid_metrics

RETENTION_SCORES = "retained"
"""Name of these scores in the store, in place of a split."""

RetainedScores = dict[str, dict[str, float]]
"""Every metric by task."""


def select_scorable_tasks(tasks: Mapping[str, EncodedDataset]) -> dict[str, EncodedDataset]:
    """The tasks of a stage that can be scored on their own training rows."""
    return {
        name: task
        for name, task in tasks.items()
        if task.kind.metrics and task.kind.scored_by_row and task.data.train is not None
    }


def extract_heads(
    tasks: Mapping[str, EncodedDataset], models: Sequence[PreTrainedModel], encoder: Weights
) -> dict[str, Weights]:
    """The heads of a trained stage by task, for `select_scorable_tasks`.

    Args:
        tasks: of the stage, by name.
        models: one for each task.
        encoder: the weights of the encoder that they share.
    """
    wanted = select_scorable_tasks(tasks)
    return {
        name: extract_head_weights(model, encoder) for name, model in zip(tasks, models, strict=True) if name in wanted
    }


def join_heads(heads: Mapping[str, Weights]) -> Weights:
    """Heads joined for the store: the names of all weights get their task as a prefix."""
    return {f"{task}/{name}": weight for task, head in heads.items() for name, weight in head.items()}


def split_head(heads: Weights, task: str) -> Weights | None:
    """The head of a task from joined ones (`join_heads`); None if it is not among them."""
    prefix = f"{task}/"
    return {name.removeprefix(prefix): heads[name] for name in heads if name.startswith(prefix)} or None


def keep_heads_in_memory(tasks: Mapping[str, EncodedDataset], heads: Mapping[str, Weights]) -> dict[str, TrainedTask]:
    """The trained tasks of a stage whose heads are in memory."""
    return {name: TrainedTask(tasks[name], partial(heads.get, name)) for name in heads}


def read_heads_from_store(
    store: StageStore, key: str, tasks: Mapping[str, EncodedDataset], train_again: Callable[[], StageNode]
) -> dict[str, TrainedTask]:
    """The trained tasks of a stage in the store; their heads are read when needed. A stage that was published before heads were stored has none.

    Args:
        store: that has the stage.
        key: of the stage.
        tasks: of the stage, by name.
        train_again: trains the stage again, if its heads are damaged.
    """

    def read(task: str) -> Weights | None:
        expected = dict(zip(tasks, describe_head_weights(list(tasks.values())), strict=True))
        heads = store.read_head(key, join_heads({name: expected[name] for name in select_scorable_tasks(tasks)}))
        if heads is not None:
            return split_head(heads, task)
        record = store.read_record(key)
        return (
            train_again().trained_tasks[task].read_head()
            if record is not None and HEAD_FILE in record["files"]
            else None
        )

    return {name: TrainedTask(task, partial(read, name)) for name, task in select_scorable_tasks(tasks).items()}


@dataclass(frozen=True, slots=True)
class RetentionScorer:
    """Scores the tasks of a curriculum after each of its stages."""

    rows: int
    """Most training rows on which each task is scored; 0: nothing is scored."""
    store: StageStore | None

    def score_after(self, node: StageNode) -> RetainedScores:
        """Every metric, in 0..1, by task, of the tasks trained down to `node`, in the order of their stages.

        Scores are read from the store where it has them; others are computed and stored. A task without a head is left out.
        """
        if not self.rows:
            return {}
        known = self._read_scores(node)
        read = {name: learnt.read_head() for name, learnt in node.trained_tasks.items() if name not in known}
        missing = {name: head for name, head in read.items() if head is not None}
        if not missing:
            return known
        weights = node.weights()  # before the claim: a damaged stage is trained again, under a claim of its own

        def find() -> RetainedScores | None:
            known = self._read_scores(node)
            return known if missing.keys() <= known.keys() else None

        with self.store.claim_turn(node.key, find) if self.store else nullcontext((None, None)) as (found, claim):
            if found is not None:
                return found
            measured = self._read_scores(node) | self._score_tasks(node, weights, missing)
            scores = {name: measured[name] for name in node.trained_tasks if name in measured}
            if self.store and claim:
                self.store.add_scores(claim, RETENTION_SCORES, self._get_identity(node) | {"scores": scores})
        return scores

    def _read_scores(self, node: StageNode) -> RetainedScores:
        """The scores in the store, if they are of as many rows and by the same metrics."""
        document = self.store.read_scores(node.key, RETENTION_SCORES) if self.store else None
        if self.store is None or document is None:
            return {}
        if {name: document[name] for name in ("rows", "metrics") if name in document} != self._get_identity(node):
            return {}
        found: RetainedScores = {}
        scores = read if isinstance(read := document.get("scores"), dict) else {}
        for name, learnt in node.trained_tasks.items():
            if name in scores and (wrong := explain_invalid_metrics(scores[name], learnt.dataset.kind.metrics)):
                self.store.warn_once(node.key, f"its scores of {name}, {RETENTION_SCORES}, {wrong}: they are not used")
            elif name in scores:
                found[name] = scores[name]
        return found

    def _get_identity(self, node: StageNode) -> JsonDocument:
        """The number of rows, and the metrics that the kinds of tasks do not always compute: scores are valid for the same ones only."""
        added = {name: learnt.dataset.data.added_metric for name, learnt in node.trained_tasks.items()}
        metrics = {name: metric for name, metric in added.items() if metric}
        return {"rows": self.rows, "metrics": metrics} if metrics else {"rows": self.rows}

    def _score_tasks(self, node: StageNode, encoder: Weights, heads: Mapping[str, Weights]) -> RetainedScores:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            return {
                name: score_train_sample(restore_model(encoder, head, data), data, self.rows)
                for name, head in heads.items()
                for data in (node.trained_tasks[name].dataset,)
            }
