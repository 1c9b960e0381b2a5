"""Robust-training methods: what each does to a training step."""

from trainables.training.noise._augmentation import SynonymAugmentation, build_augmentation
from trainables.training.noise._interface import NoiseSetting
from trainables.training.noise._loss import NoisyLoss, compute_schedule_factor

__all__ = ["NoiseSetting", "NoisyLoss", "SynonymAugmentation", "build_augmentation", "compute_schedule_factor"]
