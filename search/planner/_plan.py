"""The plan of a launch: size of the space, stage tree, new stages, estimated cost. Needs no torch."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import optuna

from search.config import Config
from search.errors import SpaceChangedError
from search.home import SearchFolder
from search.planner._costs import CostModel
from search.space import (
    CurriculumSpace,
    Parameters,
    collect_trained_paths,
    compute_path_signature,
    count_design_trials,
    iterate_design,
    iterate_stage_paths,
    select_stages_on_encoder,
)
from search.study import Study, TrialRecord, check_space, list_missing_repeats, make_trial_identity, select_last_records
from trainables.cards import BYTES_PER_TRAINED_WEIGHT, count_encoder_weights
from trainables.curriculum import Noise, Stage, Trial
from trainables.noise_methods import Passes, count_passes
from trainables.store import StageRecords

StagePath = tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage of the planned stage tree."""

    path: StagePath
    """The stages from the root down to this one."""
    target: bool
    trials: int
    """How many planned trials contain the stage."""
    is_stored: bool
    """Whether the store has a stage with the same settings; whether the data are the same is checked at the launch."""
    seconds: float | None
    """Estimated training time, from similar stages; None if no stage was trained yet."""

    def to_json(self) -> dict[str, Any]:
        return {
            "path": [str(stage) for stage in self.path],
            "target": self.target,
            "trials": self.trials,
            "stored": self.is_stored,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan:
    """What a launch would train."""

    name: str
    space: int
    """Number of different trials in the space."""
    trials_done: int
    """Finished trials of the search, which are not run again."""
    trials: int
    """Trials to run, interrupted and failed ones included; at most as many as the space holds."""
    repeats: int
    """Repeats of finalists on fresh seeds. A repeat shares no stage with other trials."""
    languages: int
    tree: tuple[PlannedStage, ...]
    """The distinct stages, each after its parent."""
    repeat_stages: int
    """Stages of the repeats."""
    repeat_seconds: float | None
    encoder_weights: int | None = None
    """Weights of the encoder; None where they are not in safetensors on this machine."""
    refusal: str = ""
    """Why the existing search of this name would refuse this config; empty if it would not. If it would, a new search is planned."""

    def __repr__(self) -> str:
        time = "time unknown" if self.seconds is None else f"about {self.seconds / 60:,.0f} min"
        return (
            f"Plan {self.name!r}: {self.trials:,} trials to run, of {self.space:,} in the space, {self.repeats} repeats of finalists; "
            f"{len(self.new_stages) + self.repeat_stages:,} stages to train, {time}"
        )

    @property
    def is_done(self) -> bool:
        """Whether neither trials nor repeats are left."""
        return not self.trials and not self.repeats

    @property
    def stages_asked(self) -> int:
        """Stages of the planned trials, a shared stage counted once for each trial."""
        return sum(stage.trials for stage in self.tree)

    @property
    def stages_distinct(self) -> int:
        """Distinct stages of the planned trials."""
        return len(self.tree)

    @property
    def new_stages(self) -> list[PlannedStage]:
        """The stages that have to be trained."""
        return [stage for stage in self.tree if not stage.is_stored]

    @property
    def total_passes(self) -> Passes:
        """Passes through the model for training the new stages."""
        passes = [(stage.path[-1].steps, count_passes(stage.path[-1].noise)) for stage in self.new_stages]
        return Passes(
            forward=sum(steps * each.forward for steps, each in passes),
            backward=sum(steps * each.backward for steps, each in passes),
            ascent=sum(steps * each.ascent for steps, each in passes),
        )

    @property
    def relative_work(self) -> float:
        """Mean cost of an optimiser step of the new stages, relative to a step without noise."""
        steps = sum(stage.path[-1].steps for stage in self.new_stages)
        return self.total_passes.forward_equivalents / steps / Passes().forward_equivalents if steps else 1.0

    @property
    def seconds(self) -> float | None:
        """Training time of the new stages and of the repeats; None without measurements."""
        known = [stage.seconds for stage in self.new_stages if stage.seconds is not None]
        return None if self.repeat_seconds is None else sum(known) + self.repeat_seconds

    def to_json(self) -> dict[str, Any]:
        passes = self.total_passes
        return {
            "name": self.name,
            "space": self.space,
            "done": self.trials_done,
            "trials": self.trials,
            "repeats": self.repeats,
            "stages_asked": self.stages_asked,
            "stages_distinct": self.stages_distinct,
            "stages_new": len(self.new_stages),
            "steps_asked": sum(stage.path[-1].steps * stage.trials for stage in self.tree),
            "steps_distinct": sum(stage.path[-1].steps for stage in self.tree),
            "steps_new": sum(stage.path[-1].steps for stage in self.new_stages),
            "forward_passes": passes.forward,
            "backward_passes": passes.backward,
            "ascent_passes": passes.ascent,
            "languages": self.languages,
            "seconds": self.seconds,
            "memory_bytes": None if self.encoder_weights is None else BYTES_PER_TRAINED_WEIGHT * self.encoder_weights,
            "tree": [stage.to_json() for stage in self.tree],
        }


def plan(config: Config, stages: str | None, folder: SearchFolder | None = None) -> Plan:
    """Plan a launch. Random trials of the space stand for those that the sampler will propose.

    Args:
        config: config of the search.
        stages: folder or URL of the stage store; None if it is disabled.
        folder: folder of the search; None for a new search.
    """
    space = CurriculumSpace(config)
    size = count_design_trials(space) if config.sampler == "orders" else space.count_trials()
    study, refusal = _open_comparable_study(config, folder, stages)
    tried = select_last_records(study.get_trial_records()) if study else []
    done = [record for record in tried if record.is_finished]
    trials = _draw_trials(
        space, _iterate_first_parameters(space, tried), max(0, min(config.trials, size) - len(done)), done
    )
    path_counts = Counter(path for trial in trials for path in iterate_stage_paths(trial))
    entries = select_stages_on_encoder(config.encoder, StageRecords(stages).iterate_entries()) if stages else []
    trained, costs = collect_trained_paths(entries, config.resources.arithmetic), CostModel(entries)
    tree = tuple(
        PlannedStage(
            path=path,
            target=path[-1].task in config.targets,
            trials=count,
            is_stored=compute_path_signature(path, path[-1].task in config.targets) in trained,
            seconds=costs.estimate_seconds(path[-1]),
        )
        for path, count in sorted(path_counts.items(), key=lambda item: [str(stage) for stage in item[0]])
    )
    repeats = _list_repeats(config, trials, study, len(done))
    repeated = [costs.estimate_seconds(path[-1]) for trial in repeats for path in iterate_stage_paths(trial, test=True)]
    return Plan(
        name=config.name,
        space=size,
        trials_done=len(done),
        trials=len(trials),
        repeats=len(repeats),
        languages=len(config.scored_languages),
        tree=tree,
        repeat_stages=len(repeated),
        repeat_seconds=sum(seconds or 0.0 for seconds in repeated) if costs.has_measurements else None,
        encoder_weights=count_encoder_weights(config.encoder),
        refusal=refusal,
    )


def _open_comparable_study(config: Config, folder: SearchFolder | None, stages: str | None) -> tuple[Study | None, str]:
    """The study of this name, if its search can continue with this config; else the reason why it cannot."""
    if folder is None or not folder.config.exists() or not folder.journal.exists():
        return None, ""
    try:
        check_space(folder, config, stages)
    except SpaceChangedError as error:
        return None, str(error)
    return Study.open(folder), ""


def _iterate_first_parameters(space: CurriculumSpace, tried: Sequence[TrialRecord]) -> Iterator[Parameters]:
    """What a launch runs first: unfinished trials, then the baseline or the design."""
    yield from (record.parameters for record in tried if not record.is_finished)
    yield from iterate_design(space) if space.config.sampler == "orders" else [space.make_baseline_parameters()]


def _draw_trials(
    space: CurriculumSpace, given: Iterable[Parameters], count: int, done: Sequence[TrialRecord]
) -> list[Trial]:
    """The given trials that are not done, and further distinct random ones, up to `count`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=space.config.seed))
    known = {make_trial_identity(record.parameters) for record in done}
    for parameters in islice((each for each in given if make_trial_identity(each) not in known), count):
        study.enqueue_trial(parameters)
    drawn: dict[Hashable, Trial] = {}
    for _ in range(200 * count):
        trial = space.suggest(optuna_trial := study.ask())
        if (name := make_trial_identity(optuna_trial.params)) not in known:
            drawn.setdefault(name, trial)
        if len(drawn) == count:
            break
    return list(drawn.values())


def _list_repeats(config: Config, trials: Sequence[Trial], study: Study | None, done: int) -> list[Trial]:
    """Each finalist once for each repeat. While trials are left, arbitrary trials stand for the finalists."""
    top, seeds = config.finalists.top, config.finalists.seeds
    if not top:
        return []
    if study is None or trials:
        count = min(config.finalists.count_finalists(done + len(trials)) + 1, done + len(trials))
        known = [record.trial for record in study.get_complete_trials() if record.trial] if study else []
        return [trial for trial in [*trials, *known][:count] for _ in range(seeds)]
    return [
        record.trial.with_seed(seed)
        for record, seed in list_missing_repeats(study.get_complete_trials(), study.get_repeat_outcomes(), config)
        if record.trial is not None
    ]


def explain_new_stages(planned: Iterable[PlannedStage], known: Iterable[StagePath]) -> Counter[str]:
    """Reasons why planned stages are not among known stages, as differences from the nearest one, with the number of stages for each."""
    existing = set(known)
    reasons: Counter[str] = Counter()
    for stage in planned:
        if stage.path not in existing:
            if stage.path[:-1] and stage.path[:-1] not in existing:
                reasons["the stage before it is new"] += 1
            else:
                reasons[_describe_difference(stage.path, existing)] += 1
    return reasons


def _describe_difference(path: StagePath, known: Iterable[StagePath]) -> str:
    own = asdict(path[-1])
    siblings = [asdict(other[-1]) for other in known if other[:-1] == path[:-1] and other[-1].task == path[-1].task]
    if not siblings:
        return (
            f"{path[-1].task} was not trained there"
            if len(path) == 1
            else f"{path[-1].task} was not trained after that"
        )
    nearest = min(siblings, key=lambda other: sum(own[field] != other[field] for field in own))
    return ", ".join(
        f"{field} {_format_value(own[field])} instead of {_format_value(nearest[field])}"
        for field in own
        if own[field] != nearest[field]
    )


def _format_value(value: Any) -> str:
    if isinstance(value, dict):
        return str(Noise(**value))
    return f"{value:g}" if isinstance(value, float) else str(value)
