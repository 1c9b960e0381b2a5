"""One step on made-up rows before any data are read."""

import pytest
import torch

from tests.tiny_architectures import eurobert, mt5
from trainables.encoders import load_encoder
from trainables.tasks import TASK_KINDS
from trainables.training import StepCheck, check_training_steps, has_memory_for_check
from trainables.training import _step_check as step_check
from trainables.validation import DataError


def test_every_kind_passes_on_an_xlm_r(encoder):
    found = list(check_training_steps(encoder, TASK_KINDS))
    assert all(isinstance(each, StepCheck) and not each.is_own_head for each in found)
    assert len(found) == len(TASK_KINDS)


def test_heads_of_ours_are_told(tmp_path):
    kinds = ["multiple_choice", "classification"]
    ours, theirs = check_training_steps(load_encoder.__wrapped__(eurobert(tmp_path)), kinds)
    assert ours == StepCheck("EncoderForMultipleChoice", is_own_head=True)
    assert theirs == StepCheck("EuroBertForSequenceClassification", is_own_head=False)


def test_a_missing_head_is_told_and_the_other_kinds_are_tried(tmp_path):
    kinds = ["masked_language_modelling", "tagging"]
    missing, there = check_training_steps(load_encoder.__wrapped__(mt5(tmp_path)), kinds)
    assert isinstance(missing, DataError)
    assert "AutoModelForMaskedLM" in str(missing)
    assert there == StepCheck("MT5ForTokenClassification", is_own_head=False)


def test_whatever_a_step_raises_is_told_in_a_line(encoder, monkeypatch):
    def fail(*_: object) -> None:
        raise StopIteration

    monkeypatch.setattr(step_check, "_train_once", fail)
    (found,) = check_training_steps(encoder, ["tagging"])
    assert isinstance(found, DataError)
    assert str(found).startswith("one step fails: StopIteration")


def test_numbers_that_are_not_finite_are_told(encoder, monkeypatch):
    monkeypatch.setattr(step_check, "is_finite", lambda gradient: False)
    (found,) = check_training_steps(encoder, ["tagging"])
    assert "gradient that is not finite" in str(found)


def test_a_check_leaves_random_numbers_threads_and_weights_as_they_are(encoder):
    weights = {name: each.clone() for name, each in encoder.weights.items()}
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    list(check_training_steps(encoder, ["classification"]))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert all(torch.equal(encoder.weights[name], each) for name, each in weights.items())


@pytest.mark.parametrize(("pages", "enough"), [(1, False), (2**40, True)])
def test_a_small_machine_tries_no_step(encoder, monkeypatch, pages, enough):
    monkeypatch.setattr(step_check.os, "sysconf", lambda name: pages)
    assert has_memory_for_check(encoder) is enough
