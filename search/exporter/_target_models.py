"""The models of a trial's targets: from the stage store, or trained again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from search.errors import UserError
from search.exporter._agreement import compare_scores
from trainables.curriculum import Stage, Trial
from trainables.outcome import FewShotRun, Outcome, StageRun
from trainables.store import HEAD_FILE

if TYPE_CHECKING:
    from trainables.data import EncodedDataset
    from trainables.encoders import Weights


class TargetModels:
    """The weights of a trial's targets: from the stage store, or trained again and compared with the recorded scores."""

    def __init__(
        self,
        trial: Trial,
        tasks: "Mapping[str, EncodedDataset]",
        recorded: Outcome,
        stages: str,
        data: str,
        threads: int,
        tell: Callable[[str], None],
    ) -> None:
        from trainables.checkpoints import StageStore

        self.trial, self.tasks, self.recorded, self.tell = trial, tasks, recorded, tell
        self.notes: list[str] = []
        self.store = StageStore(stages, self.notes.append)
        self._retrain = partial(retrain_trial, stages=stages, data=data, threads=threads, tell=self.notes.append)

    def load_target(self, target: Stage) -> "tuple[Weights, Weights, Outcome]":
        """Encoder and head of a target, and the outcome with its scores.

        Raises:
            UserError: if it was trained again and has other scores, or could not be stored.
        """
        found = self._load_from_store(target, self.recorded)
        if found is not None:
            return *found, self.recorded
        self.store.quarantine_weights(_find_run(target, self.recorded).key)
        again = self._retrain(replace(self.trial, targets=(target,)))
        self._compare(target, again)
        found = self._load_from_store(target, again)
        if found is None:
            raise UserError(f"the model of {target.task} could not be stored: {'; '.join(self.notes) or 'try again'}")
        return *found, again

    def load_continuation(self, target: Stage, run: FewShotRun) -> "tuple[Weights, Weights]":
        """Encoder and head of a few-shot continuation of a target.

        Raises:
            UserError: if it could not be trained again.
        """
        found = self._load_run(run)
        if found is None:
            self.store.quarantine_weights(run.key)
            again = self._retrain(replace(self.trial, targets=(target,)))
            runs = [each for each in again.few_shot_stages if each.shots == run.shots]
            found = self._load_run(runs[0]) if runs else None
        if found is None:
            raise UserError(
                f"the few-shot model of {target.task} could not be stored: {'; '.join(self.notes) or 'try again'}"
            )
        return found

    def _load_from_store(self, target: Stage, outcome: Outcome) -> "tuple[Weights, Weights] | None":
        return self._load_run(_find_run(target, outcome))

    def _load_run(self, run: StageRun) -> "tuple[Weights, Weights] | None":
        from trainables.training import describe_head_weights

        task = self.tasks[run.task]
        record = self.store.read_record(run.key, weights=True)
        if record is None or (encoder := self.store.read_encoder(run.key, task.encoder.weights)) is None:
            return None
        (like,) = describe_head_weights([task])
        head = self.store.read_head(run.key, like)
        return None if head is None and (like or HEAD_FILE in record["files"]) else (encoder, head or {})

    def _compare(self, target: Stage, again: Outcome) -> None:
        then, now = _find_run(target, self.recorded).environment, _find_run(target, again).environment
        scores = {target.task: self.recorded.transfer.scores[target.task]}
        found = compare_scores(scores, again.transfer, (then, now))
        if not found.is_acceptable:
            raise UserError(
                f"{target.task} was trained again, as its model is no longer in the stage store, and differs: {found}"
            )
        if not found.is_identical:
            self.tell(f"the model of {target.task} is no longer in the stage store and was trained again: {found}")


def _find_run(target: Stage, outcome: Outcome) -> StageRun:
    (run,) = (run for run in outcome.stages if run.target and run.task == target.task)
    return run


def retrain_trial(trial: Trial, stages: str, data: str, threads: int, tell: Callable[[str], None]) -> Outcome:
    """Train the stages of a trial that the store at `stages` lacks; afterwards it has the weights of the targets."""
    from trainables.worker import run_trial_in_worker

    return run_trial_in_worker(trial, stages, ("dev",), threads, keep=True, tell=tell, data=data)
