"""The typed config of a search. Unknown keys are refused; all problems are reported together, each with its path."""

import re
from functools import cached_property
from typing import Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from search.config._benchmark import BenchmarkName, check_benchmark, check_synonyms
from search.config._checks import (
    check_encoder,
    check_members,
)
from search.config._few_shot import FewShotChecks, FewShotSettings, ShotSettings, find_few_shot
from search.config._languages import (
    LanguageChecks,
    LanguageRow,
    TableCode,
    check_source,
    find_rules,
)
from search.config._objectives import check_objective
from search.config._own_task import (
    OwnTaskSettings,
    find_catalogue,
    find_languages,
    list_own_tasks,
    resolve_own_tasks,
)
from search.config._sections import (
    CurriculumSettings,
    GeneralizedTransfer,
    IntermediateTask,
    Resources,
    StageSettings,
    StoreSettings,
    Tracking,
    Training,
)
from search.config._stage_space import NoiseSpace, Space
from search.config._strategy import (
    Budget,
    Finalists,
    Orders,
    Prior,
    Racing,
    SamplerName,
    SecondObjective,
    Stop,
    Strategy,
    TrialCount,
    select_scored_targets,
)
from trainables.cards import SAMPLE_SEPARATOR, Resource, TaskCatalogue
from trainables.few_shot import FewShot
from trainables.languages import DEFAULT_SOURCE, LanguageRules
from trainables.own_tasks import OwnTask
from trainables.ranges import Seed
from trainables.transfer import Objective

NAME_PATTERN = re.compile(r"[A-Za-z0-9](\.?[A-Za-z0-9_-])*")
MAX_NAME_LENGTH = 100


class Config(Strategy, LanguageChecks, FewShotChecks):
    """The config of one search."""

    name: str
    encoder: str
    """``miniature``, a folder with ``config.json`` and weights, or a Hugging Face hub id ``namespace/name``."""
    tasks: dict[str, OwnTaskSettings] = Field(default_factory=dict)
    """Tasks of your own, by name, to be named among ``targets`` and ``intermediate``."""
    benchmark: BenchmarkName = ""
    """The benchmark whose tasks can be named, or a list of several: ``[sib200, afrixnli]``. It may be absent beside ``tasks``, and then only the
    intermediate tasks of the hub can be named besides."""
    language_table: dict[TableCode, LanguageRow] = Field(default_factory=dict)
    """Languages that the table of languages lacks, by code."""
    encoder_languages: str | tuple[str, ...] | None = Field(default=None, validate_default=True)
    """What the encoder was pre-trained on: a list (``xlm-r``, ``mbert``, ``mt5``, ``rembert``, ``labse``, ``glot500``, ``mmbert``), codes, or
    ``unknown``. Other languages are left out of
    means over families; with ``unknown`` none is. Default: the list that its name or its config is sure of, else ``unknown``."""
    source: tuple[str, ...] = Field(default=DEFAULT_SOURCE, min_length=1)
    """The languages that targets are trained in; they are excluded from transfer."""
    targets: tuple[str, ...]
    intermediate: dict[str, IntermediateTask] = Field(default_factory=dict)
    languages: tuple[str, ...] | None = None
    """Languages in which targets are scored; default: all languages of the benchmark."""
    few_shot: FewShotSettings = FewShotSettings()
    shots: ShotSettings = ()
    """Labelled rows of target languages on which each target goes on training after the source languages: ``{sw: 100}`` for single
    languages, which then are in no zero-shot mean, or ``[0, 10, 100]`` for all, beside zero-shot transfer."""
    curriculum: CurriculumSettings
    training: Training
    space: Space
    sampler: SamplerName = "curriculum"
    orders: Orders = Orders()
    objective: Objective = Field(default="transfer_dev", validate_default=True)
    second_objective: SecondObjective | None = Field(default=None, validate_default=True)
    """The report lists the Pareto front of both objectives; the verdict is on the first."""
    racing: Racing = Racing()
    prior: Prior = Prior()
    generalized: GeneralizedTransfer = GeneralizedTransfer()
    seed: Seed = 0
    trials: TrialCount
    budget: Budget = Budget()
    stop: Stop = Stop()
    finalists: Finalists = Finalists()
    store: StoreSettings = StoreSettings()
    resources: Resources = Resources()
    tracking: Tracking = Tracking()

    def __repr__(self) -> str:
        return (
            f"Config {self.name!r}: {self.trials:,} trials by {self.sampler!r}, encoder {self.encoder!r}, "
            f"{len(self.intermediate)} intermediate tasks, targets {', '.join(self.targets)} of {self.benchmark!r}"
        )

    __str__ = __repr__

    @field_validator("tasks")
    @classmethod
    def _resolve_tasks(cls, tasks: dict[str, OwnTaskSettings], info: ValidationInfo) -> dict[str, OwnTaskSettings]:
        if unusable := [name for name in tasks if not NAME_PATTERN.fullmatch(name)]:
            raise ValueError(
                f"a task's name consists of letters, digits, '-' and '_'; got {', '.join(map(repr, unusable))}"
            )
        if info.context:
            return tasks
        return resolve_own_tasks(tasks)

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if len(name) > MAX_NAME_LENGTH:
            raise ValueError(f"a name has at most {MAX_NAME_LENGTH} characters; this one has {len(name)}")
        if not NAME_PATTERN.fullmatch(name):
            raise ValueError(f"a name consists of letters, digits, '-', '_' and single dots between them; got {name!r}")
        return name

    @field_validator("encoder")
    @classmethod
    def _check_encoder_exists(cls, encoder: str, info: ValidationInfo) -> str:
        return encoder if info.context else check_encoder(encoder)

    @field_validator("benchmark")
    @classmethod
    def _check_benchmark(cls, benchmark: str, info: ValidationInfo) -> str:
        return check_benchmark(benchmark, info.data.get("tasks"))

    @field_validator("targets")
    @classmethod
    def _check_targets(cls, targets: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tasks = find_catalogue(info.data)
        scored = [task for task, card in tasks.items() if card.is_scored]
        if tasks:
            check_members(targets, scored, "target task")
            check_source(find_rules(info.data).source, tasks, targets)
        return targets

    @field_validator("intermediate")
    @classmethod
    def _check_intermediate(
        cls, tasks: dict[str, IntermediateTask], info: ValidationInfo
    ) -> dict[str, IntermediateTask]:
        cards = find_catalogue(info.data)
        trained = [task for task, card in cards.items() if card.train]
        if cards and tasks:
            drawn = [task for task in tasks if SAMPLE_SEPARATOR in task and task in cards]
            check_members(tuple(tasks), [*trained, *drawn], "intermediate task")
        targets = set(info.data.get("targets", ()))
        for task in tasks:
            if made_from := sorted(targets & set(cards[task].made_from)) if task in cards else []:
                raise ValueError(
                    f"{task} was made from dev items of {', '.join(made_from)}: training on it would leak dev items of the target"
                )
        if both := sorted(targets & tasks.keys()):
            raise ValueError(f"a task is either a target or an intermediate task, not both: {', '.join(both)}")
        return tasks

    @field_validator("curriculum")
    @classmethod
    def _check_max_length(cls, curriculum: CurriculumSettings, info: ValidationInfo) -> CurriculumSettings:
        tasks = info.data.get("intermediate")
        if tasks is not None and curriculum.max_length > len(tasks):
            raise ValueError(
                f"max_length {curriculum.max_length} is greater than the number of intermediate tasks, {len(tasks)}"
            )
        return curriculum

    @field_validator("training")
    @classmethod
    def _check_training_tasks(cls, training: Training, info: ValidationInfo) -> Training:
        tasks = find_catalogue(info.data)
        if training.tasks and tasks:
            check_members(tuple(training.tasks), tasks, "task in training.tasks")
        return training

    @field_validator("space")
    @classmethod
    def _check_noise_settings(cls, space: Space, info: ValidationInfo) -> Space:
        if space.uses_synonyms and space.noise.synonyms is None:
            check_synonyms(info.data.get("benchmark"))
        curriculum = info.data.get("curriculum")
        noisy = any(method.method != "none" for method in space.noise.methods)
        idle = noisy and space.noise.along == "per_stage" and space.target.noise == NoiseSpace()
        if idle and curriculum is not None and curriculum.max_length == 0:
            raise ValueError(
                "noise.along per_stage applies to intermediate stages, and there are none (curriculum.max_length 0): set it to targets"
            )
        return space

    @field_validator("objective", "second_objective")
    @classmethod
    def _check_objectives(cls, objective: SecondObjective | None, info: ValidationInfo) -> SecondObjective | None:
        check_objective(objective, info.data)
        return objective

    @property
    def scored_targets(self) -> tuple[str, ...]:
        """The targets whose dev scores make up the objective, in order."""
        return select_scored_targets(dict(self)) or ()

    @property
    def untrained_target_positions(self) -> tuple[int, ...]:
        """Positions in `scored_targets` of the targets that are scored without training, and so report only once."""
        cards = self.catalogue
        return tuple(position for position, task in enumerate(self.scored_targets) if not cards[task].train)

    def get_stage_settings(self, task: str) -> StageSettings:
        """The stage settings of a task, as a target or in an intermediate stage of its own."""
        training = self.training
        return training.get_stage_settings(task, training.target if task in self.targets else training.intermediate)

    def get_resource(self, task: str) -> Resource:
        """Whether the training set of an intermediate task is large (``high``) or small (``low``)."""
        return self.intermediate[task].resource or self.catalogue[task].resource

    @property
    def scored_languages(self) -> tuple[str, ...]:
        """The languages in which targets are scored."""
        return find_languages(dict(self))

    @cached_property
    def rules(self) -> LanguageRules:
        """Source languages, what the encoder has seen, and languages that the table lacks."""
        return find_rules(dict(self))

    @cached_property
    def few_shot_transfer(self) -> FewShot | None:
        """Rows of target languages on which targets go on training; None for zero-shot transfer alone."""
        return find_few_shot(dict(self))

    @cached_property
    def own_tasks(self) -> tuple[OwnTask, ...]:
        """The tasks of one's own."""
        return list_own_tasks(self.tasks)

    @cached_property
    def catalogue(self) -> TaskCatalogue:
        """All tasks that can be named."""
        return find_catalogue(dict(self))

    @model_serializer(mode="wrap")
    def _leave_out_absent(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without fields that are not used, so that a config of an earlier version is written as it was."""
        document: dict[str, Any] = dump(self)
        used = {"tasks": self.tasks, "language_table": self.language_table}
        used |= {"shots": self.shots, "few_shot": self.few_shot != FewShotSettings()}
        used |= {"encoder_languages": self.encoder_languages, "source": self.source != DEFAULT_SOURCE}
        return {key: value for key, value in document.items() if used.get(key, True)}
