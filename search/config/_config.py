"""The typed config of a search. Unknown keys are refused; all problems are reported together, each with its path."""

import re

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
)

from search.config._checks import (
    check_encoder,
    check_languages,
    check_members,
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
from trainables.benchmarks import BENCHMARK_LANGUAGES, BENCHMARKS, BENCHMARKS_WITH_SYNONYMS, TWO_TEXT_KINDS
from trainables.cards import SAMPLE_SEPARATOR, Resource, TaskCatalogue
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.ranges import Seed
from trainables.transfer import Objective

NAME_PATTERN = re.compile(r"[A-Za-z0-9](\.?[A-Za-z0-9_-])*")
MAX_NAME_LENGTH = 100


class Config(Strategy):
    """The config of one search."""

    name: str
    encoder: str
    """``miniature``, a folder with ``config.json`` and weights, or a Hugging Face hub id ``namespace/name``."""
    benchmark: str
    targets: tuple[str, ...]
    intermediate: dict[str, IntermediateTask] = Field(default_factory=dict)
    languages: tuple[str, ...] | None = None
    """Languages in which targets are scored; default: all languages of the benchmark."""
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
    def _check_benchmark(cls, benchmark: str) -> str:
        return check_members((benchmark,), BENCHMARKS, "benchmark")[0]

    @field_validator("targets")
    @classmethod
    def _check_targets(cls, targets: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tasks = BENCHMARKS.get(info.data.get("benchmark", ""), TaskCatalogue())
        scored = [task for task, card in tasks.items() if card.is_scored]
        return check_members(targets, scored, "target task") if tasks else targets

    @field_validator("intermediate")
    @classmethod
    def _check_intermediate(
        cls, tasks: dict[str, IntermediateTask], info: ValidationInfo
    ) -> dict[str, IntermediateTask]:
        cards = BENCHMARKS.get(info.data.get("benchmark", ""), TaskCatalogue())
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

    @field_validator("languages")
    @classmethod
    def _check_target_languages(cls, languages: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if languages is not None and (benchmark := info.data.get("benchmark")):
            check_languages(languages, benchmark, info.data.get("targets", ()))
        return languages

    @field_validator("generalized")
    @classmethod
    def _check_generalized(cls, generalized: GeneralizedTransfer, info: ValidationInfo) -> GeneralizedTransfer:
        cards = BENCHMARKS.get(info.data.get("benchmark", ""), TaskCatalogue())
        kinds = {cards[target].kind for target in info.data.get("targets", ()) if target in cards}
        if generalized.pairs and kinds and not kinds & TWO_TEXT_KINDS:
            raise ValueError(f"pairs of languages need a target of two texts: {', '.join(sorted(TWO_TEXT_KINDS))}")
        languages = info.data.get("languages") or BENCHMARK_LANGUAGES.get(info.data.get("benchmark", ""), ())
        counted = [code for code in languages if code != SOURCE_LANGUAGE and LANGUAGES[code].seen]
        if generalized.pairs and languages and len(counted) < 2:
            raise ValueError(
                "pairs of languages need two languages other than English that encoders are pre-trained on"
            )
        return generalized

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
        tasks = BENCHMARKS.get(info.data.get("benchmark", ""), TaskCatalogue())
        if training.tasks and tasks:
            check_members(tuple(training.tasks), tasks, "task in training.tasks")
        return training

    @field_validator("space")
    @classmethod
    def _check_noise_settings(cls, space: Space, info: ValidationInfo) -> Space:
        benchmark = info.data.get("benchmark")
        if space.uses_synonyms and space.noise.synonyms is None and benchmark not in BENCHMARKS_WITH_SYNONYMS:
            raise ValueError(
                f"augmentation needs a dictionary of synonyms, and {benchmark} has none: set space.noise.synonyms"
            )
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
        benchmark, targets = info.data.get("benchmark"), info.data.get("targets")
        if benchmark is None or targets is None or "languages" not in info.data or objective in (None, "seconds"):
            return objective
        languages = info.data["languages"] or BENCHMARK_LANGUAGES[benchmark]
        cards = {target: BENCHMARKS[benchmark][target] for target in targets}
        on_dev = frozenset[str]().union(*(card.dev_languages(languages) for card in cards.values()))
        trained = any(card.train and SOURCE_LANGUAGE in card.dev_languages(languages) for card in cards.values())
        if objective == "source_dev" and not trained:
            raise ValueError("source_dev needs English among the languages and a target that is trained in it")
        if objective != "source_dev" and not any(LANGUAGES[code].seen and code != SOURCE_LANGUAGE for code in on_dev):
            raise ValueError(
                f"{objective} needs a target with a dev set in a language other than English that encoders are pre-trained on; "
                f"none of {', '.join(targets)} has one. Add such a target, or set objective to source_dev"
            )
        return objective

    @property
    def scored_targets(self) -> tuple[str, ...]:
        """The targets whose dev scores make up the objective, in order."""
        return select_scored_targets(dict(self)) or ()

    @property
    def untrained_target_positions(self) -> tuple[int, ...]:
        """Positions in `scored_targets` of the targets that are scored without training, and so report only once."""
        cards = BENCHMARKS[self.benchmark]
        return tuple(position for position, task in enumerate(self.scored_targets) if not cards[task].train)

    def get_stage_settings(self, task: str) -> StageSettings:
        """The stage settings of a task, as a target or in an intermediate stage of its own."""
        training = self.training
        return training.get_stage_settings(task, training.target if task in self.targets else training.intermediate)

    def get_resource(self, task: str) -> Resource:
        """Whether the training set of an intermediate task is large (``high``) or small (``low``)."""
        return self.intermediate[task].resource or BENCHMARKS[self.benchmark][task].resource

    @property
    def scored_languages(self) -> tuple[str, ...]:
        """The languages in which targets are scored."""
        return self.languages if self.languages is not None else BENCHMARK_LANGUAGES[self.benchmark]
