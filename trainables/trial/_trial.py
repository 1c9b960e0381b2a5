"""The course of one trial, from the pre-trained encoder to the scores of its targets."""

from collections.abc import Sequence
from contextlib import nullcontext

from trainables.checkpoints import StageStore
from trainables.curriculum import Trial
from trainables.outcome import Outcome
from trainables.transfer import Split
from trainables.trial._intermediate import IntermediateTrainer
from trainables.trial._result import StageCallback, TrialResult
from trainables.trial._stage_tree import StageTree
from trainables.trial._target import PartialCallback, TargetTrainer


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
    """Run a trial. Stages and scores that the store already holds are read from it.

    Args:
        trial: what to run.
        store: where stages are looked up and published; None trains every stage afresh and keeps nothing.
        splits: what to score on; ``test`` is for finalists, at the end.
        on_stage: called after each stage.
        keep: whether the store must hold the weights of every target afterwards; targets whose weights were evicted are trained again.
        data: the folder of the cached tables of rows and tokens; None for a temporary folder of this process.
        on_partial: called `parts` times for each target that has a dev split; the targets are then trained in the trial's order. An
            exception from it ends the trial.
        parts: how many reports a target makes; those before the last come while the target is trained, with scores on dev. A target
            read from the store makes the last report only.

    Raises:
        trainables.training.DivergedError: when the loss of a stage becomes infinite or NaN.
    """
    result = TrialResult(trial, on_stage)
    with store.open_use_lease() if store else nullcontext() as lease:
        tree = StageTree(trial, store, lease, data)
        intermediate = IntermediateTrainer(tree, result)
        target = TargetTrainer(tree, result, tuple(splits), keep, on_partial, parts)

        node = tree.make_root()
        for stage in trial.curriculum:
            node = intermediate.train(stage, node)

        waiting = list(trial.targets)
        while waiting:
            place = 0 if on_partial else tree.find_unclaimed(waiting, node)
            target.train(waiting.pop(place), node)
    return result.build_outcome()
