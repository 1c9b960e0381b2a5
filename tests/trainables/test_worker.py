from dataclasses import replace

import pytest
import torch
from datasets.utils.logging import enable_progress_bar, is_progress_bar_enabled
from transformers.utils import logging

from trainables.checkpoints import StageStore
from trainables.trial import run_trial
from trainables.worker import run_trial_in_worker


@pytest.fixture
def chatty():
    """Gives this process its threads and its chatter back."""
    verbosity, threads = logging.get_verbosity(), torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()
    enable_progress_bar()


def test_a_worker_runs_the_trial_into_the_store(trial, tmp_path, chatty):
    trial = replace(trial, targets=trial.targets[:1])
    outcome = run_trial_in_worker(trial, str(tmp_path), ["dev"], threads=1)
    assert outcome.transfer == run_trial(trial, None).transfer
    assert all(StageStore(tmp_path).read_record(stage.key, weights=True) for stage in outcome.stages)


def test_a_worker_without_a_store_runs_the_trial_too(trial, chatty):
    trial = replace(trial, targets=())
    assert run_trial_in_worker(trial, None, ["dev"], threads=1).stages[0].trained


def test_a_worker_keeps_to_its_threads_and_is_silent(trial, chatty, capfd):
    run_trial_in_worker(replace(trial, targets=()), None, ["dev"], threads=2)
    assert torch.get_num_threads() == 2
    assert not is_progress_bar_enabled()
    assert capfd.readouterr() == ("", "")
