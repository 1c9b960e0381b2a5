"""Readable labels of parameters: a study stores them for Optuna's own tools.

The program itself, samplers included, uses the positions of choices. Studies of earlier versions stored positions and still do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial

from search.config import Config
from search.space import JOINT_PARAMETER, MIXTURE_PARAMETER, TARGET_SUFFIX, Parameters, SupportsSuggest
from trainables.curriculum import JOINT_SEPARATOR, Stage, Trial

TASK_PARAMETER = "task"
"""Prefix of a parameter that is a digit of the Lehmer code: ``task.POSITION``."""
JOINT_LABELS = ("one after another", "mixed in one stage")


def get_choice_labels(config: Config, name: str) -> tuple[str, ...] | None:
    """The labels of a parameter's choices, in order; None for a parameter that needs none."""
    kind, _, place = name.partition(".")
    if kind == TASK_PARAMETER:
        tasks = tuple(config.intermediate)
        return (
            tasks if place == "0" else tuple(f"{_format_ordinal(rank + 1)} of those left" for rank in range(len(tasks)))
        )
    return JOINT_LABELS if name == JOINT_PARAMETER else None


@dataclass(frozen=True, slots=True)
class LabelledTrial:
    """An Optuna trial that suggests labels where the space suggests positions."""

    trial: SupportsSuggest
    config: Config

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.trial.suggest_int(name, low, high)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        if (words := get_choice_labels(self.config, name)) is None:
            return self.trial.suggest_categorical(name, choices)
        return choices[words.index(self.trial.suggest_categorical(name, words[: len(choices)]))]


def label_parameters(config: Config, parameters: Parameters) -> Parameters:
    """Replace positions in parameters by labels."""
    return {
        name: value if (words := get_choice_labels(config, name)) is None else words[int(value)]
        for name, value in parameters.items()
    }


def unlabel_parameters(config: Config, parameters: Mapping[str, Any]) -> Parameters:
    """Replace labels in a study's parameters, if it has any, by positions, as the space uses them."""
    found = dict(parameters)
    for name, value in parameters.items():
        words = get_choice_labels(config, name)
        if words is not None and isinstance(value, str):
            found[name] = words.index(value) if name != JOINT_PARAMETER else value == words[1]
    return found


def uses_choice_positions(trials: Sequence[FrozenTrial]) -> bool:
    """Whether a study stores positions of choices, as earlier versions did, and not labels."""
    for trial in trials:
        for name, value in {**trial.system_attrs.get("fixed_params", {}), **trial.params}.items():
            if name.partition(".")[0] in (TASK_PARAMETER, JOINT_PARAMETER):
                return not isinstance(value, str)
    return False


def describe_trial(trial: Trial, parameters: Parameters) -> dict[str, Any]:
    """The trial in readable terms, as user attributes that Optuna's tools show beside its parameters, which are grid positions."""
    described: dict[str, Any] = {"curriculum": str(trial)}
    for name in parameters:
        kind, _, place = name.partition(".")
        if kind == MIXTURE_PARAMETER:
            described["tasks"] = trial.curriculum[0].task.replace(JOINT_SEPARATOR, f" {JOINT_SEPARATOR} ")
        elif kind == TASK_PARAMETER:
            described[f"{TASK_PARAMETER} {int(place) + 1}"] = trial.curriculum[int(place)].task
        elif kind in _SETTING_NAMES and (stage := _find_stage(trial, place)) is not None:
            described[f"{_SETTING_NAMES[kind]} {_describe_position(place)}"] = _get_setting(stage, kind)
    return described


_SETTING_NAMES = {"rate": "learning rate", "magnitude": "noise magnitude", "weight": "noise weight"}


def _get_setting(stage: Stage, kind: str) -> float:
    return stage.learning_rate if kind == "rate" else getattr(stage.noise, kind)


def _find_stage(trial: Trial, place: str) -> Stage | None:
    """A stage with the settings that a parameter suffix names: of one stage, of the targets, of all stages."""
    if place.isdecimal():
        return trial.curriculum[int(place)]
    return trial.trained_target or next(iter(() if place == TARGET_SUFFIX else trial.curriculum), None)


def _describe_position(place: str) -> str:
    if place.isdecimal():
        return f"of stage {int(place) + 1}"
    return "of the targets" if place == TARGET_SUFFIX else "everywhere"


def _format_ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"
