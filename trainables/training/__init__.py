"""Trains one stage: the loop, the optimizer, the device."""

from trainables.training._device import describe_environment, get_arithmetic, make_autocast, make_deterministic
from trainables.training._models import (
    describe_head_weights,
    extract_encoder_weights,
    extract_head_weights,
    restore_model,
)
from trainables.training._optimizer import OptimizerSettings, run_training_loop
from trainables.training._stage import StepCallbacks, train_stage
from trainables.training._stage_node import StageNode, TrainedTask
from trainables.training._step_check import StepCheck, check_training_steps, has_memory_for_check

__all__ = [
    "OptimizerSettings",
    "StageNode",
    "StepCallbacks",
    "StepCheck",
    "TrainedTask",
    "check_training_steps",
    "describe_environment",
    "describe_head_weights",
    "extract_encoder_weights",
    "extract_head_weights",
    "get_arithmetic",
    "has_memory_for_check",
    "make_autocast",
    "make_deterministic",
    "restore_model",
    "run_training_loop",
    "train_stage",
]
