"""Runs trials in a worker process: fixes its threads, silences libraries, frees GPU memory afterwards."""

from collections.abc import Callable, Sequence

import torch
from datasets.utils.logging import disable_progress_bar
from transformers.utils import logging

from trainables.checkpoints import StageStore
from trainables.curriculum import Trial
from trainables.outcome import Outcome
from trainables.training import make_deterministic
from trainables.transfer import Split
from trainables.trial import PartialCallback, StageCallback, run_trial


def silence_libraries() -> None:
    """Keep the progress bars and warnings of datasets and transformers off the terminal."""
    disable_progress_bar()
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def run_trial_in_worker(
    trial: Trial,
    stages: str | None,
    splits: Sequence[Split],
    threads: int,
    on_stage: StageCallback = lambda run: None,
    keep: bool = False,
    tell: Callable[[str], None] = lambda note: None,
    data: str | None = None,
    on_partial: PartialCallback | None = None,
    parts: int = 1,
) -> Outcome:
    """Run a trial in this process; see `trainables.trial.run_trial`.

    Args:
        trial: what to run.
        stages: folder or URL of the stage store; None: no store.
        splits: what to score on.
        threads: of torch, on the CPU.
        on_stage: called after each stage.
        keep: whether the store must hold the targets' weights afterwards.
        tell: called with each problem of the store: a damaged stage, no permission to write.
        data: folder of the cached tables; None for a temporary one.
        on_partial: called `parts` times for each target.
        parts: reports of a target.
    """
    torch.set_num_threads(threads)
    make_deterministic()
    silence_libraries()
    try:
        return run_trial(
            trial, StageStore(stages, tell) if stages else None, splits, on_stage, keep, data, on_partial, parts
        )
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
