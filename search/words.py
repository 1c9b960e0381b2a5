"""A search's parameters as its study keeps them: in words, for those who look at it with Optuna's own tools.

The program itself, samplers too, knows choices by their place. So did the studies of earlier versions, which go on as they began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial

from search.config import Config
from search.space import JOINT_CHOICE, MIXED, TARGET, Parameters, Suggests
from trainables.curriculum import JOINT, Stage, Trial

TASK = "task"
"""In the names of parameters: a digit of the Lehmer code, as ``task.PLACE``."""
JOINT_WORDS = ("one after another", "mixed in one stage")


def labels(config: Config, name: str) -> tuple[str, ...] | None:
    """The words of a parameter's choices, in order; None for one that is in words or numbers anyway."""
    kind, _, place = name.partition(".")
    if kind == TASK:
        tasks = tuple(config.intermediate)
        return tasks if place == "0" else tuple(f"{_ordinal(rank + 1)} of those left" for rank in range(len(tasks)))
    return JOINT_WORDS if name == JOINT_CHOICE else None


@dataclass(frozen=True, slots=True)
class Worded:
    """Asks in words for what a space asks for by place."""

    asked: Suggests
    config: Config

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.asked.suggest_int(name, low, high)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        if (words := labels(self.config, name)) is None:
            return self.asked.suggest_categorical(name, choices)
        return choices[words.index(self.asked.suggest_categorical(name, words[: len(choices)]))]


def worded(config: Config, parameters: Parameters) -> Parameters:
    """Parameters in words."""
    return {
        name: value if (words := labels(config, name)) is None else words[int(value)]
        for name, value in parameters.items()
    }


def plain(config: Config, parameters: Mapping[str, Any]) -> Parameters:
    """Parameters of a study, whether in words or not, as the space asks for them."""
    found = dict(parameters)
    for name, value in parameters.items():
        words = labels(config, name)
        if words is not None and isinstance(value, str):
            found[name] = words.index(value) if name != JOINT_CHOICE else value == words[1]
    return found


def in_places(trials: Sequence[FrozenTrial]) -> bool:
    """Whether a study has its choices by their place, as earlier versions recorded them."""
    for trial in trials:
        for name, value in {**trial.system_attrs.get("fixed_params", {}), **trial.params}.items():
            if name.partition(".")[0] in (TASK, JOINT_CHOICE):
                return not isinstance(value, str)
    return False


def described(trial: Trial, parameters: Parameters) -> dict[str, Any]:
    """What a trial is, in words and numbers, by names that Optuna's tools show beside its parameters, which are places of a grid."""
    told: dict[str, Any] = {"curriculum": str(trial)}
    for name in parameters:
        kind, _, place = name.partition(".")
        if kind == MIXED:
            told["tasks"] = trial.curriculum[0].task.replace(JOINT, f" {JOINT} ")
        elif kind == TASK:
            told[f"{TASK} {int(place) + 1}"] = trial.curriculum[int(place)].task
        elif kind in _SETTINGS and (stage := _stage(trial, place)) is not None:
            told[f"{_SETTINGS[kind]} {_where(place)}"] = _setting(stage, kind)
    return told


_SETTINGS = {"rate": "learning rate", "magnitude": "noise magnitude", "weight": "noise weight"}


def _setting(stage: Stage, kind: str) -> float:
    return stage.learning_rate if kind == "rate" else getattr(stage.noise, kind)


def _stage(trial: Trial, place: str) -> Stage | None:
    """One that has the settings of a place: of a stage, of the targets, of all."""
    if place.isdecimal():
        return trial.curriculum[int(place)]
    return trial.example or next(iter(() if place == TARGET else trial.curriculum), None)


def _where(place: str) -> str:
    if place.isdecimal():
        return f"of stage {int(place) + 1}"
    return "of the targets" if place == TARGET else "everywhere"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"
