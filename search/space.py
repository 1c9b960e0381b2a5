"""The space of curricula: a config's fields as Optuna parameters, and parameters as a trial.

A curriculum is an ordered subset of the intermediate tasks. Its order is told in Lehmer digits as categoricals (which of
the tasks that are left comes next), the best encoding of orders for TPE by our measurements; a stage's rate and noise exist
only where the stage does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import comb, perm
from typing import Any, Protocol

from search.config import Config, Length
from search.stage_space import StageSpace
from trainables.benchmarks import catalogue
from trainables.curriculum import JOINT, Noise, Stage, Trial

Parameters = dict[str, Any]


class Suggests(Protocol):
    """What the space needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class CurriculumSpace:
    """The space of one config."""

    config: Config

    def suggest(self, ask: Suggests) -> Trial:
        """Ask for every parameter of a trial, conditional ones only where they exist, and put the trial together."""
        config = self.config
        tasks = list(config.intermediate)
        length = ask.suggest_int("length", 0, config.curriculum.max_length)
        joint = length > 1 and config.curriculum.joint and ask.suggest_categorical("joint", [False, True])
        picked = [
            tasks.pop(ask.suggest_categorical(f"task.{place}", list(range(len(tasks))))) for place in range(length)
        ]
        if joint:
            picked = [JOINT.join(sorted(picked, key=list(config.intermediate).index))]
        curriculum = tuple(
            self._stage(ask, task, f"{place}", config.space, config.training.intermediate)
            for place, task in enumerate(picked)
        )
        example = self._stage(ask, "", "target", config.space.target, config.training.target)
        targets = tuple(self._target(task, example) for task in config.targets)
        return Trial(
            encoder=config.encoder,
            benchmark=config.benchmark,
            curriculum=curriculum,
            targets=targets,
            languages=config.scored_languages,
        )

    def _stage(self, ask: Suggests, task: str, place: str, space: StageSpace, length: Length) -> Stage:
        rates = space.learning_rate.values
        rate = rates[ask.suggest_int(f"rate.{place}", 0, len(rates) - 1)] if len(rates) > 1 else rates[0]
        methods = space.noise.methods
        method = ask.suggest_categorical(f"noise.{place}", list(methods)) if len(methods) > 1 else methods[0]
        noise = Noise()
        if method != "none":
            sizes = space.noise.magnitude.values
            size = sizes[ask.suggest_int(f"magnitude.{place}", 0, len(sizes) - 1)] if len(sizes) > 1 else sizes[0]
            noise = Noise(method=method, magnitude=size)
        return Stage(
            task=task,
            learning_rate=rate,
            steps=length.steps,
            batch_size=length.batch_size,
            max_length=length.max_length,
            average=length.average,
            noise=noise,
            seed=self.config.seed,
        )

    def _target(self, task: str, example: Stage) -> Stage:
        """The target's stage; one that is not trained keeps nothing but what scoring needs."""
        if catalogue(self.config.benchmark)[task].train:
            return replace(example, task=task)
        return Stage(
            task=task, learning_rate=0.0, steps=0, max_length=example.max_length, batch_size=1, seed=example.seed
        )

    def baseline(self) -> Parameters:
        """The parameters of trial 0: no intermediate stage, no noise, the middle rate."""
        target = self.config.space.target
        parameters: Parameters = {"length": 0}
        if len(target.learning_rate.values) > 1:
            parameters["rate.target"] = len(target.learning_rate.values) // 2
        if len(target.noise.methods) > 1:
            plain = "none" if "none" in target.noise.methods else target.noise.methods[0]
            parameters["noise.target"] = plain
        if parameters.get("noise.target", target.noise.methods[0]) != "none" and len(target.noise.magnitude.values) > 1:
            parameters["magnitude.target"] = 0
        return parameters

    def size(self) -> int:
        """How many different trials the space holds."""
        config = self.config
        tasks, longest = len(config.intermediate), config.curriculum.max_length
        stage, target = _options(config.space), _options(config.space.target)
        ordered: int = sum(perm(tasks, length) * stage**length for length in range(longest + 1))
        joint = sum(comb(tasks, length) for length in range(2, longest + 1)) * stage if config.curriculum.joint else 0
        return (ordered + joint) * target


def _options(space: StageSpace) -> int:
    kinds = sum(1 if method == "none" else len(space.noise.magnitude.values) for method in space.noise.methods)
    return len(space.learning_rate.values) * kinds


def paths(trial: Trial) -> Iterator[tuple[Stage, ...]]:
    """The trial's stages as paths from the root of the stage tree, targets last."""
    for end in range(len(trial.curriculum)):
        yield trial.curriculum[: end + 1]
    for target in trial.targets:
        yield (*trial.curriculum, target)
