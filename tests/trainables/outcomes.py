"""What tests of trials ask of trials and outcomes."""

from dataclasses import replace

from trainables.curriculum import Trial
from trainables.outcome import Outcome


def trained(outcome: Outcome) -> list[bool]:
    return [stage.trained for stage in outcome.stages]


def keys(outcome: Outcome) -> list[str]:
    return [stage.key for stage in outcome.stages]


def only(trial: Trial, target: str) -> Trial:
    return replace(trial, targets=tuple(stage for stage in trial.targets if stage.task == target))
