"""Runs one trial: trains its curriculum, trains every target on top of it, scores the targets in every language."""

from trainables.trial._result import StageCallback
from trainables.trial._target import PartialCallback
from trainables.trial._trial import run_trial

__all__ = ["PartialCallback", "StageCallback", "run_trial"]
