"""What a launch would do, before it does: the size of the space, the tree of stages, what is new in it, cost. Needs no torch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from statistics import fmean
from typing import Any

import optuna

from search import design
from search.config import Config
from search.space import CurriculumSpace, Parameters, paths
from search.stored import described, on_top_of, stored
from trainables.curriculum import Noise, Stage, Trial
from trainables.noise.catalogue import Passes, passes
from trainables.store.records import Entry, Records

Path = tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage of the tree that would be trained."""

    path: Path
    """The stages from the root down to this one."""
    target: bool
    trials: int
    """How many of the planned trials ask for it."""
    stored: bool
    """Whether the store has a stage like it; that its data are the same shows only at the launch."""
    seconds: float | None
    """What its training would cost, from what like stages cost before; None if nothing was trained yet."""

    def to_json(self) -> dict[str, Any]:
        return {
            "path": [str(stage) for stage in self.path],
            "target": self.target,
            "trials": self.trials,
            "stored": self.stored,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A launch, foreseen."""

    name: str
    space: int
    """Different trials in the space."""
    trials: int
    """Trials that will be run: no more than the space holds."""
    repeats: int
    """Finalists on fresh seeds, each as dear as a trial without anything to share."""
    languages: int
    tree: tuple[PlannedStage, ...]
    """The different stages, each after its parent."""
    repeat_stages: int
    """Stages that the repeats ask for."""
    repeat_seconds: float | None

    @property
    def asked(self) -> int:
        """Stages of the planned trials, each counted for every trial it is in."""
        return sum(stage.trials for stage in self.tree)

    @property
    def distinct(self) -> int:
        """The different ones among them."""
        return len(self.tree)

    @property
    def new(self) -> list[PlannedStage]:
        """Those that have to be trained."""
        return [stage for stage in self.tree if not stage.stored]

    @property
    def passes(self) -> Passes:
        """Passes through the model that the new stages take."""
        told = [(stage.path[-1].steps, passes(stage.path[-1].noise)) for stage in self.new]
        return Passes(
            forward=sum(steps * each.forward for steps, each in told),
            backward=sum(steps * each.backward for steps, each in told),
            ascent=sum(steps * each.ascent for steps, each in told),
        )

    @property
    def relative_work(self) -> float:
        """Work of the new stages relative to as many plain optimiser steps."""
        steps = sum(stage.path[-1].steps for stage in self.new)
        return self.passes.work / steps / Passes().work if steps else 1.0

    @property
    def seconds(self) -> float | None:
        """Training time of the new stages and of the repeats; None if nothing tells."""
        told = [stage.seconds for stage in self.new if stage.seconds is not None]
        return None if self.repeat_seconds is None else sum(told) + self.repeat_seconds

    def to_json(self) -> dict[str, Any]:
        taken = self.passes
        return {
            "name": self.name,
            "space": self.space,
            "trials": self.trials,
            "repeats": self.repeats,
            "stages_asked": self.asked,
            "stages_distinct": self.distinct,
            "stages_new": len(self.new),
            "steps_asked": sum(stage.path[-1].steps * stage.trials for stage in self.tree),
            "steps_distinct": sum(stage.path[-1].steps for stage in self.tree),
            "steps_new": sum(stage.path[-1].steps for stage in self.new),
            "forward_passes": taken.forward,
            "backward_passes": taken.backward,
            "ascent_passes": taken.ascent,
            "languages": self.languages,
            "seconds": self.seconds,
            "tree": [stage.to_json() for stage in self.tree],
        }


def plan(config: Config, stages: str | None) -> Plan:
    """Foresee a launch, with trials drawn from the space at random in place of those the sampler will choose.

    Args:
        config: the search.
        stages: the stage store, for what it holds and what stages cost before.
    """
    space = CurriculumSpace(config)
    ordered = config.sampler == "orders"
    size = design.size(space) if ordered else space.size()
    given = islice(design.designed(space), config.trials) if ordered else [space.baseline()]
    trials = _draw(space, given, min(config.trials, size))
    asked = Counter(path for trial in trials for path in paths(trial))
    entries = on_top_of(config.encoder, Records(stages).entries()) if stages else []
    held, costs = stored(entries, config.encoder, config.resources.arithmetic), Costs(entries)
    tree = tuple(
        PlannedStage(
            path=path,
            target=path[-1].task in config.targets,
            trials=count,
            stored=described(path, path[-1].task in config.targets) in held,
            seconds=costs.of(path[-1]),
        )
        for path, count in sorted(asked.items(), key=lambda item: [str(stage) for stage in item[0]])
    )
    finalists = min(config.finalists.of(len(trials)) + 1, len(trials)) if config.finalists.top else 0
    repeated = [costs.of(path[-1]) for trial in trials[:finalists] for path in paths(trial, test=True)]
    told = [seconds for seconds in repeated if seconds is not None]
    return Plan(
        name=config.name,
        space=size,
        trials=len(trials),
        repeats=finalists * config.finalists.seeds,
        languages=len(config.scored_languages),
        tree=tree,
        repeat_stages=len(repeated) * config.finalists.seeds,
        repeat_seconds=None if not costs.known else sum(told) * config.finalists.seeds,
    )


def _draw(space: CurriculumSpace, given: Iterable[Parameters], count: int) -> list[Trial]:
    """The trials that are given, and further distinct ones at random."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=space.config.seed))
    for parameters in given:
        study.enqueue_trial(parameters)
    drawn: dict[Trial, None] = {}
    for _ in range(200 * count):
        drawn.setdefault(space.suggest(study.ask()))
        if len(drawn) == count:
            break
    return list(drawn)


class Costs:
    """Seconds of training, from what a pass through the model cost in like stages before."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._rates: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        for entry in entries:
            if entry.steps:
                told = Stage(**_fields(entry.identity))
                for like in _likeness(told):
                    self._rates[like].append(entry.seconds / entry.steps / passes(told.noise).work)

    @property
    def known(self) -> bool:
        """Whether anything was trained before."""
        return bool(self._rates)

    def of(self, stage: Stage) -> float | None:
        """Seconds that the stage would take, from the stages most like it."""
        for like in _likeness(stage):
            if like in self._rates:
                return fmean(self._rates[like]) * stage.steps * passes(stage.noise).work
        return None


def _likeness(stage: Stage) -> list[tuple[Any, ...]]:
    """What makes stages alike in cost, the closest likeness first."""
    size = (stage.batch_size, stage.max_length)
    return [(stage.task, stage.noise.method, *size), (stage.noise.method, *size), size, ()]


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Stage)}
    told = {key: value for key, value in document.items() if key in known}
    return told | ({"noise": Noise(**told["noise"])} if "noise" in told else {})


def against(planned: Iterable[PlannedStage], known: Iterable[Path]) -> Counter[str]:
    """Why planned stages are not among known ones: what differs from the nearest, and how many stages that makes new."""
    there = set(known)
    reasons: Counter[str] = Counter()
    for stage in planned:
        if stage.path not in there:
            if stage.path[:-1] and stage.path[:-1] not in there:
                reasons["the stage before it is new"] += 1
            else:
                reasons[_difference(stage.path, there)] += 1
    return reasons


def _difference(path: Path, known: Iterable[Path]) -> str:
    mine = asdict(path[-1])
    siblings = [asdict(other[-1]) for other in known if other[:-1] == path[:-1] and other[-1].task == path[-1].task]
    if not siblings:
        return (
            f"{path[-1].task} was not trained there"
            if len(path) == 1
            else f"{path[-1].task} was not trained after that"
        )
    nearest = min(siblings, key=lambda other: sum(mine[field] != other[field] for field in mine))
    return ", ".join(
        f"{field} {_word(mine[field])} instead of {_word(nearest[field])}"
        for field in mine
        if mine[field] != nearest[field]
    )


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return str(Noise(**value))
    return f"{value:g}" if isinstance(value, float) else str(value)
