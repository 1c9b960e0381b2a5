"""What a launch would do, before it does: the size of the space, the tree of stages, what is new in it, cost. Needs no torch."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import optuna

from search import design
from search.comparable import check_space
from search.config import Config
from search.costs import Costs
from search.errors import SpaceChangedError
from search.home import SearchFolder
from search.recorded import Recorded, by_place, identity, missing_repeats
from search.space import CurriculumSpace, Parameters, paths
from search.stored import described, on_top_of, stored
from search.study import Study
from trainables.curriculum import Noise, Stage, Trial
from trainables.noise.catalogue import Passes, passes
from trainables.store.records import Records

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
    done: int
    """Trials that the search has, which are not run again."""
    trials: int
    """Trials that will be run: no more than the space holds, those that were interrupted or failed before among them."""
    repeats: int
    """Finalists on fresh seeds, each as dear as a trial without anything to share."""
    languages: int
    tree: tuple[PlannedStage, ...]
    """The different stages, each after its parent."""
    repeat_stages: int
    """Stages that the repeats ask for."""
    repeat_seconds: float | None
    refused: str = ""
    """Why the search of this name that is there would not go on with this config, if it would not; it is planned anew then."""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.trials and not self.repeats

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
            "done": self.done,
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


def plan(config: Config, stages: str | None, folder: SearchFolder | None = None) -> Plan:
    """Foresee a launch, with trials drawn from the space at random in place of those the sampler will choose.

    Args:
        config: the search.
        stages: the stage store, for what it holds and what stages cost before.
        folder: of the search, for the trials that are there.
    """
    space = CurriculumSpace(config)
    size = design.size(space) if config.sampler == "orders" else space.size()
    there, refused = _there(config, folder, stages)
    tried = by_place(there.recorded()) if there else []
    done = [record for record in tried if record.ended]
    trials = _draw(space, _given(space, tried), max(0, min(config.trials, size) - len(done)), done)
    asked = Counter(path for trial in trials for path in paths(trial))
    entries = on_top_of(config.encoder, Records(stages).entries()) if stages else []
    held, costs = stored(entries, config.resources.arithmetic), Costs(entries)
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
    repeats = _repeats(config, trials, there, len(done))
    repeated = [costs.of(path[-1]) for trial in repeats for path in paths(trial, test=True)]
    return Plan(
        name=config.name,
        space=size,
        done=len(done),
        trials=len(trials),
        repeats=len(repeats),
        languages=len(config.scored_languages),
        tree=tree,
        repeat_stages=len(repeated),
        repeat_seconds=sum(seconds or 0.0 for seconds in repeated) if costs.known else None,
        refused=refused,
    )


def _there(config: Config, folder: SearchFolder | None, stages: str | None) -> tuple[Study | None, str]:
    """The search of this name, if it can go on with this config; else why not."""
    if folder is None or not folder.config.exists() or not folder.journal.exists():
        return None, ""
    try:
        check_space(folder, config, stages)
    except SpaceChangedError as error:
        return None, str(error)
    return Study.open(folder), ""


def _given(space: CurriculumSpace, tried: Sequence[Recorded]) -> Iterator[Parameters]:
    """What a launch tries first: trials that did not come to an end, then the baseline, or the design."""
    yield from (record.parameters for record in tried if not record.ended)
    yield from design.designed(space) if space.config.sampler == "orders" else [space.baseline()]


def _draw(space: CurriculumSpace, given: Iterable[Parameters], count: int, done: Sequence[Recorded]) -> list[Trial]:
    """The trials that are given and not done yet, and further distinct ones at random."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=space.config.seed))
    known = {identity(record.parameters) for record in done}
    for parameters in islice((each for each in given if identity(each) not in known), count):
        study.enqueue_trial(parameters)
    drawn: dict[Hashable, Trial] = {}
    for _ in range(200 * count):
        trial = space.suggest(asked := study.ask())
        if (name := identity(asked.params)) not in known:
            drawn.setdefault(name, trial)
        if len(drawn) == count:
            break
    return list(drawn.values())


def _repeats(config: Config, trials: Sequence[Trial], there: Study | None, done: int) -> list[Trial]:
    """Finalists, each as often as it is repeated; a guess while there are trials to come."""
    top, seeds = config.finalists.top, config.finalists.seeds
    if not top:
        return []
    if there is None or trials:
        count = min(config.finalists.of(done + len(trials)) + 1, done + len(trials))
        known = [record.trial for record in there.complete() if record.trial] if there else []
        return [trial for trial in [*trials, *known][:count] for _ in range(seeds)]
    return [
        record.trial.with_seed(seed)
        for record, seed in missing_repeats(there.complete(), there.repeats(), config)
        if record.trial is not None
    ]


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
