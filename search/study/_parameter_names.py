"""A search's parameters as its study keeps them: in words, for those who look at it with Optuna's own tools.

The program itself, samplers too, knows choices by their place. So did the studies of earlier versions, which go on as they began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial

from search.config import Config
from search.space import JOINT_PARAMETER, MIXTURE_PARAMETER, TARGET_SUFFIX, Parameters, SupportsSuggest
from trainables.curriculum import JOINT_SEPARATOR, Stage, Trial

TASK_PARAMETER = "task"
"""In the names of parameters: a digit of the Lehmer code, as ``task.PLACE``."""
JOINT_LABELS = ("one after another", "mixed in one stage")


def get_choice_labels(config: Config, name: str) -> tuple[str, ...] | None:
    """The words of a parameter's choices, in order; None for one that is in words or numbers anyway."""
    kind, _, place = name.partition(".")
    if kind == TASK_PARAMETER:
        tasks = tuple(config.intermediate)
        return (
            tasks if place == "0" else tuple(f"{_format_ordinal(rank + 1)} of those left" for rank in range(len(tasks)))
        )
    return JOINT_LABELS if name == JOINT_PARAMETER else None


@dataclass(frozen=True, slots=True)
class LabelledTrial:
    """Asks in words for what a space asks for by place."""

    trial: SupportsSuggest
    config: Config

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.trial.suggest_int(name, low, high)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        if (words := get_choice_labels(self.config, name)) is None:
            return self.trial.suggest_categorical(name, choices)
        return choices[words.index(self.trial.suggest_categorical(name, words[: len(choices)]))]


def label_parameters(config: Config, parameters: Parameters) -> Parameters:
    """Parameters in words."""
    return {
        name: value if (words := get_choice_labels(config, name)) is None else words[int(value)]
        for name, value in parameters.items()
    }


def unlabel_parameters(config: Config, parameters: Mapping[str, Any]) -> Parameters:
    """Parameters of a study, whether in words or not, as the space asks for them."""
    found = dict(parameters)
    for name, value in parameters.items():
        words = get_choice_labels(config, name)
        if words is not None and isinstance(value, str):
            found[name] = words.index(value) if name != JOINT_PARAMETER else value == words[1]
    return found


def uses_choice_positions(trials: Sequence[FrozenTrial]) -> bool:
    """Whether a study has its choices by their place, as earlier versions recorded them."""
    for trial in trials:
        for name, value in {**trial.system_attrs.get("fixed_params", {}), **trial.params}.items():
            if name.partition(".")[0] in (TASK_PARAMETER, JOINT_PARAMETER):
                return not isinstance(value, str)
    return False


def describe_trial(trial: Trial, parameters: Parameters) -> dict[str, Any]:
    """What a trial is, in words and numbers, by names that Optuna's tools show beside its parameters, which are places of a grid."""
    told: dict[str, Any] = {"curriculum": str(trial)}
    for name in parameters:
        kind, _, place = name.partition(".")
        if kind == MIXTURE_PARAMETER:
            told["tasks"] = trial.curriculum[0].task.replace(JOINT_SEPARATOR, f" {JOINT_SEPARATOR} ")
        elif kind == TASK_PARAMETER:
            told[f"{TASK_PARAMETER} {int(place) + 1}"] = trial.curriculum[int(place)].task
        elif kind in _SETTING_NAMES and (stage := _find_stage(trial, place)) is not None:
            told[f"{_SETTING_NAMES[kind]} {_describe_position(place)}"] = _get_setting(stage, kind)
    return told


_SETTING_NAMES = {"rate": "learning rate", "magnitude": "noise magnitude", "weight": "noise weight"}


def _get_setting(stage: Stage, kind: str) -> float:
    return stage.learning_rate if kind == "rate" else getattr(stage.noise, kind)


def _find_stage(trial: Trial, place: str) -> Stage | None:
    """One that has the settings of a place: of a stage, of the targets, of all."""
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
