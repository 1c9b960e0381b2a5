"""The space of curricula: a config's fields as Optuna parameters, and parameters as a trial.

A curriculum is an ordered subset of the intermediate tasks. Its order is encoded in Lehmer digits as categorical parameters (which of
the remaining tasks comes next), in our measurements the best encoding of orders for TPE. Learning rate and noise of a stage exist
only if the stage does. A joint stage has no order: it is encoded by the rank of its set of tasks. Every trial has exactly one
encoding.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import comb, perm
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from search.config import Config, NoiseSpace, StageSettings, StageSpace
from trainables.benchmarks import get_task_catalogue, list_trial_continuations
from trainables.curriculum import JOINT_SEPARATOR, Noise, Stage, Trial
from trainables.noise_methods import match_compute
from trainables.own_tasks import OwnTask

Parameters = dict[str, Any]

TARGET_SUFFIX, EVERY_STAGE_SUFFIX = "target", "all"
"""Suffixes of parameter names: settings of the targets, and of all stages."""
JOINT_PARAMETER, MIXTURE_PARAMETER = "joint", "mixed"
"""Parameters: whether the tasks are mixed in one stage, and which tasks, as ``mixed.LENGTH``."""


class SupportsSuggest(Protocol):
    """The part of an Optuna trial that the space needs."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class CurriculumSpace:
    """The space of one config."""

    config: Config

    def suggest(self, ask: SupportsSuggest) -> Trial:
        """Suggest all parameters of a trial, conditional ones only where they exist, and build the trial."""
        config = self.config
        picked = self._suggest_tasks(ask)
        noise = config.space.noise
        shared = self._suggest_noise(ask, EVERY_STAGE_SUFFIX, noise) if noise.along == "every_stage" else None
        curriculum = tuple(
            self._suggest_stage(ask, task, f"{place}", config.space, shared) for place, task in enumerate(picked)
        )
        example = self._suggest_shared_fields(ask, "", TARGET_SUFFIX, config.space.target, shared)
        targets = tuple(self._build_target(task, example) for task in config.targets)
        languages = config.scored_languages
        pairs = config.generalized.pairs
        return Trial(
            encoder=config.encoder,
            benchmark=config.benchmark,
            curriculum=curriculum,
            targets=targets,
            languages=languages,
            pairs=perm(len(languages), 2) if pairs == "all" else pairs,
            pairs_seed=config.generalized.seed,
            synonyms=str(Path(noise.synonyms).absolute()) if noise.synonyms and config.space.uses_synonyms else "",
            retention=config.curriculum.retention,
            own_tasks=config.own_tasks,
            rules=config.rules,
            few_shot=config.few_shot_transfer,
        )

    def relocate_trial(self, trial: Trial) -> Trial:
        """A trial of an earlier launch with the present paths of encoder and synonyms."""
        noise = self.config.space.noise
        synonyms = str(Path(noise.synonyms).absolute()) if trial.synonyms and noise.synonyms else trial.synonyms
        return replace(
            trial,
            encoder=self.config.encoder,
            synonyms=synonyms,
            own_tasks=self.config.own_tasks,
            rules=self.config.rules,
        )

    def _suggest_tasks(self, ask: SupportsSuggest) -> list[str]:
        """The tasks of each stage, in order."""
        tasks, length = list(self.config.intermediate), ask.suggest_int("length", 0, self.config.curriculum.max_length)
        if length > 1 and self.config.curriculum.joint and ask.suggest_categorical(JOINT_PARAMETER, [False, True]):
            sets = comb(len(tasks), length)
            rank = ask.suggest_int(f"{MIXTURE_PARAMETER}.{length}", 0, sets - 1) if sets > 1 else 0
            return [JOINT_SEPARATOR.join(tasks[place] for place in unrank_subset(rank, len(tasks), length))]
        return [tasks.pop(ask.suggest_categorical(f"task.{place}", list(range(len(tasks))))) for place in range(length)]

    def _suggest_stage(
        self, ask: SupportsSuggest, task: str, place: str, space: StageSpace, shared: Noise | None
    ) -> Stage:
        """An intermediate stage; a joint one takes as many steps as its tasks do on average."""
        stage, config = self._suggest_shared_fields(ask, task, place, space, shared), self.config
        if len(stage.tasks) == 1:
            return self._apply_settings(
                stage, length := config.get_stage_settings(task), self._count_steps(task, length)
            )
        steps = round(fmean(self._count_steps(each, config.get_stage_settings(each)) for each in stage.tasks))
        stage = replace(stage, mixing=config.curriculum.mixing_exponent)
        return self._apply_settings(stage, config.training.intermediate, steps)

    def _suggest_shared_fields(
        self, ask: SupportsSuggest, task: str, place: str, space: StageSpace, shared: Noise | None
    ) -> Stage:
        rate = _suggest_value(ask, f"rate.{place}", space.learning_rate.values)
        noise = self._suggest_noise_at(ask, place) if shared is None else shared
        return Stage(task=task, learning_rate=rate, steps=0, noise=noise, seed=self.config.seed)

    def _count_steps(self, task: str, length: StageSettings) -> int:
        """Optimiser steps of a task, before noise is accounted for."""
        return length.count_steps(self.config.catalogue[task].train)

    def _apply_settings(self, stage: Stage, length: StageSettings, steps: int) -> Stage:
        equal = self.config.training.equal == "compute"
        return replace(
            stage,
            steps=match_compute(steps, stage.noise) if equal else steps,
            batch_size=length.batch_size,
            max_length=length.max_length,
            warmup=length.warmup,
            weight_decay=length.weight_decay,
            average=length.average,
        )

    def _suggest_noise_at(self, ask: SupportsSuggest, place: str) -> Noise:
        space = self.config.space
        if place == TARGET_SUFFIX:
            return Noise() if space.noise.along == "none" else self._suggest_noise(ask, place, space.target_noise)
        return self._suggest_noise(ask, place, space.noise) if space.noise.along == "per_stage" else Noise()

    def _suggest_noise(self, ask: SupportsSuggest, place: str, space: NoiseSpace) -> Noise:
        names = list(space.by_name)
        name = ask.suggest_categorical(f"noise.{place}", names) if len(names) > 1 else names[0]
        method = space.by_name[name]
        return method.make_noise(
            _suggest_value(ask, f"magnitude.{place}", space.get_magnitudes(method)),
            _suggest_value(ask, f"weight.{place}", space.get_weights(method)),
        )

    def _build_target(self, task: str, example: Stage) -> Stage:
        """The stage of a target; for an untrained target only the fields that scoring needs."""
        length, card = self.config.get_stage_settings(task), self.config.catalogue[task]
        if card.train:
            return self._apply_settings(replace(example, task=task), length, self._count_steps(task, length))
        return Stage(
            task=task,
            learning_rate=0.0,
            steps=0,
            max_length=length.max_length,
            batch_size=1,
            seed=example.seed,
            layer=length.layer,
            pooling=length.pooling or card.pooling,
        )

    def make_baseline_parameters(self) -> Parameters:
        """The parameters of trial 0: no intermediate stage, no noise where that is a choice, the middle rate."""
        space = self.config.space
        parameters: Parameters = {"length": 0}
        if len(space.target.learning_rate.values) > 1:
            parameters[f"rate.{TARGET_SUFFIX}"] = len(space.target.learning_rate.values) // 2
        if space.noise.along != "none":
            place = EVERY_STAGE_SUFFIX if space.noise.along == "every_stage" else TARGET_SUFFIX
            parameters |= _make_weakest_noise(place, space.target_noise)
        return parameters

    def count_trials(self) -> int:
        """Number of different trials of the space."""
        config = self.config
        tasks, longest = len(config.intermediate), config.curriculum.max_length
        space = config.space
        stage, target = len(space.learning_rate.values), len(space.target.learning_rate.values)
        if space.noise.along == "per_stage":
            stage *= space.noise.count_noises()
        if space.noise.along != "none":
            target *= space.target_noise.count_noises()
        ordered: int = sum(perm(tasks, length) * stage**length for length in range(longest + 1))
        joint = sum(comb(tasks, length) for length in range(2, longest + 1)) * stage if config.curriculum.joint else 0
        return (ordered + joint) * target


def unrank_subset(rank: int, count: int, size: int) -> list[int]:
    """The set of `size` numbers below `count` with this rank (from 0) in lexicographic order; sorted."""
    found: list[int] = []
    for number in range(count):
        first = comb(count - number - 1, size - len(found) - 1) if len(found) < size else 0
        if rank < first:
            found.append(number)
        else:
            rank -= first
    return found


def rank_subset(members: Collection[int], count: int) -> int:
    """The rank of a set of numbers below `count` among all sets of its size: the inverse of `unrank_subset`."""
    rank, left = 0, len(members)
    for number in range(count):
        if number in members:
            left -= 1
        elif left:
            rank += comb(count - number - 1, left - 1)
    return rank


def _suggest_value(ask: SupportsSuggest, name: str, values: Sequence[float]) -> float:
    """One of the values of a grid, suggested by its position; 0 if the grid is empty."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return values[ask.suggest_int(name, 0, len(values) - 1)]


def _make_weakest_noise(place: str, space: NoiseSpace) -> Parameters:
    """The parameters of ``none``, or of the first method at its lowest magnitude and weight if ``none`` is not in the space."""
    name = "none" if "none" in space.by_name else next(iter(space.by_name))
    parameters: Parameters = {f"noise.{place}": name} if len(space.by_name) > 1 else {}
    method = space.by_name[name]
    for size, values in (("magnitude", space.get_magnitudes(method)), ("weight", space.get_weights(method))):
        if len(values) > 1:
            parameters[f"{size}.{place}"] = 0
    return parameters


def iterate_stage_paths(trial: Trial, *, test: bool = False) -> Iterator[tuple[Stage, ...]]:
    """The trial's stages as paths from the root of the stage tree, each target before its few-shot continuations.

    Args:
        trial: a trial.
        test: whether test splits are scored too; if not, targets without a dev set are not trained.
    """
    for end in range(len(trial.curriculum)):
        yield trial.curriculum[: end + 1]
    for target in trial.targets:
        if test or _has_dev_set(trial.benchmark, trial.own_tasks, target.task, trial.languages):
            yield (*trial.curriculum, target)
            for stage in list_trial_continuations(trial, target):
                yield (*trial.curriculum, target, stage)


@cache
def _has_dev_set(benchmark: str, own_tasks: tuple[OwnTask, ...], task: str, languages: tuple[str, ...]) -> bool:
    """Whether a target has a dev set. Cached, because a sampler calls it for every candidate."""
    return bool(get_task_catalogue(benchmark, own_tasks)[task].dev_languages(languages))
