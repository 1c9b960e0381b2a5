"""The typed config of a search: unknown keys refused, every problem reported at once with its path."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from search.checks import LOOKING, check_encoder, check_languages, keys_at, members, problem
from search.documents import apply, as_json, looking_at, read
from search.errors import ConfigError
from search.paths import absolute, keys_of
from search.sections import (
    CurriculumSpace,
    Generalized,
    Intermediate,
    Length,
    Resources,
    StoreSettings,
    Tracking,
    Training,
)
from search.stage_space import NoiseSpace, Space
from search.strategy import (
    Budget,
    Finalists,
    Orders,
    Prior,
    Racing,
    Sampler,
    Second,
    Stop,
    Strategy,
    Trials,
    scored_targets,
)
from trainables.benchmarks import BENCHMARKS, LANGUAGES_OF, OWN_SYNONYMS
from trainables.benchmarks.cards import SAMPLED, Resource, Tasks
from trainables.benchmarks.catalogue import TWO_TEXTS
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.ranges import Seed
from trainables.transfer import Objective

NAME = re.compile(r"[A-Za-z0-9](\.?[A-Za-z0-9_-])*")
LONGEST_NAME = 100


class Config(Strategy):
    """One search."""

    name: str
    encoder: str
    """``miniature``, a folder with ``config.json`` and weights, or a Hugging Face hub id ``namespace/name``."""
    benchmark: str
    targets: tuple[str, ...]
    intermediate: dict[str, Intermediate] = Field(default_factory=dict)
    languages: tuple[str, ...] | None = None
    """Languages to score in; by default all that the benchmark has."""
    curriculum: CurriculumSpace
    training: Training
    space: Space
    sampler: Sampler = "curriculum"
    orders: Orders = Orders()
    objective: Objective = Field(default="transfer_dev", validate_default=True)
    second_objective: Second | None = Field(default=None, validate_default=True)
    """Trials that none beats in both are told; the verdict is on the first."""
    racing: Racing = Racing()
    prior: Prior = Prior()
    generalized: Generalized = Generalized()
    seed: Seed = 0
    trials: Trials
    budget: Budget = Budget()
    stop: Stop = Stop()
    finalists: Finalists = Finalists()
    store: StoreSettings = StoreSettings()
    resources: Resources = Resources()
    tracking: Tracking = Tracking()

    @field_validator("name")
    @classmethod
    def _file_name(cls, name: str) -> str:
        if len(name) > LONGEST_NAME:
            raise ValueError(f"a name has {LONGEST_NAME} characters at most; this one has {len(name)}")
        if not NAME.fullmatch(name):
            raise ValueError(f"a name is letters, digits, '-', '_' and single dots between them; got {name!r}")
        return name

    @field_validator("encoder")
    @classmethod
    def _encoder_there(cls, encoder: str, info: ValidationInfo) -> str:
        return encoder if info.context else check_encoder(encoder)

    @field_validator("benchmark")
    @classmethod
    def _benchmark_known(cls, benchmark: str) -> str:
        return members((benchmark,), BENCHMARKS, "benchmark")[0]

    @field_validator("targets")
    @classmethod
    def _targets_known(cls, targets: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tasks = BENCHMARKS.get(info.data.get("benchmark", ""), Tasks())
        scored = [task for task, card in tasks.items() if card.scored]
        return members(targets, scored, "target task") if tasks else targets

    @field_validator("intermediate")
    @classmethod
    def _intermediate_known(cls, tasks: dict[str, Intermediate], info: ValidationInfo) -> dict[str, Intermediate]:
        cards = BENCHMARKS.get(info.data.get("benchmark", ""), Tasks())
        trained = [task for task, card in cards.items() if card.train]
        if cards and tasks:
            drawn = [task for task in tasks if SAMPLED in task and task in cards]
            members(tuple(tasks), [*trained, *drawn], "intermediate task")
        targets = set(info.data.get("targets", ()))
        for task in tasks:
            if made_from := sorted(targets & set(cards[task].made_from)) if task in cards else []:
                raise ValueError(
                    f"{task} was made from dev items of {', '.join(made_from)}: what it would gain is no transfer"
                )
        if both := sorted(targets & tasks.keys()):
            raise ValueError(f"a task is either a target or intermediate, not both: {', '.join(both)}")
        return tasks

    @field_validator("languages")
    @classmethod
    def _languages_known(cls, languages: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if languages is not None and (benchmark := info.data.get("benchmark")):
            check_languages(languages, benchmark, info.data.get("targets", ()))
        return languages

    @field_validator("generalized")
    @classmethod
    def _two_texts(cls, generalized: Generalized, info: ValidationInfo) -> Generalized:
        cards = BENCHMARKS.get(info.data.get("benchmark", ""), Tasks())
        kinds = {cards[target].kind for target in info.data.get("targets", ()) if target in cards}
        if generalized.pairs and kinds and not kinds & TWO_TEXTS:
            raise ValueError(f"pairs of languages need a target of two texts: {', '.join(sorted(TWO_TEXTS))}")
        languages = info.data.get("languages") or LANGUAGES_OF.get(info.data.get("benchmark", ""), ())
        counted = [code for code in languages if code != SOURCE_LANGUAGE and LANGUAGES[code].seen]
        if generalized.pairs and languages and len(counted) < 2:
            raise ValueError("pairs of languages need two besides English that encoders are pre-trained on")
        return generalized

    @field_validator("curriculum")
    @classmethod
    def _short_enough(cls, curriculum: CurriculumSpace, info: ValidationInfo) -> CurriculumSpace:
        tasks = info.data.get("intermediate")
        if tasks is not None and curriculum.max_length > len(tasks):
            raise ValueError(
                f"max_length {curriculum.max_length} is above the number of intermediate tasks, {len(tasks)}"
            )
        return curriculum

    @field_validator("training")
    @classmethod
    def _lengths_of_its_tasks(cls, training: Training, info: ValidationInfo) -> Training:
        tasks = BENCHMARKS.get(info.data.get("benchmark", ""), Tasks())
        if training.tasks and tasks:
            members(tuple(training.tasks), tasks, "task in training.tasks")
        return training

    @field_validator("space")
    @classmethod
    def _synonyms_there(cls, space: Space, info: ValidationInfo) -> Space:
        benchmark = info.data.get("benchmark")
        if space.augments and space.noise.synonyms is None and benchmark not in OWN_SYNONYMS:
            raise ValueError(f"augmentation needs a dictionary, and {benchmark} brings none: set space.noise.synonyms")
        curriculum = info.data.get("curriculum")
        noisy = any(method.method != "none" for method in space.noise.methods)
        idle = noisy and space.noise.along == "per_stage" and space.target.noise == NoiseSpace()
        if idle and curriculum is not None and curriculum.max_length == 0:
            raise ValueError(
                "noise.along per_stage is for intermediate stages, and there are none (curriculum.max_length 0): set it to targets"
            )
        return space

    @field_validator("objective", "second_objective")
    @classmethod
    def _can_be_computed(cls, objective: Second | None, info: ValidationInfo) -> Second | None:
        benchmark, targets = info.data.get("benchmark"), info.data.get("targets")
        if benchmark is None or targets is None or "languages" not in info.data or objective in (None, "seconds"):
            return objective
        languages = info.data["languages"] or LANGUAGES_OF[benchmark]
        cards = {target: BENCHMARKS[benchmark][target] for target in targets}
        on_dev = frozenset[str]().union(*(card.on_dev(languages) for card in cards.values()))
        trained = any(card.train and SOURCE_LANGUAGE in card.on_dev(languages) for card in cards.values())
        if objective == "source_dev" and not trained:
            raise ValueError("source_dev needs English among the languages and a target that is trained in it")
        if objective != "source_dev" and not any(LANGUAGES[code].seen and code != SOURCE_LANGUAGE for code in on_dev):
            raise ValueError(
                f"{objective} needs a target with a dev set in another language than English that encoders are pre-trained on; "
                f"{', '.join(targets)}: none. Add one, or choose by source_dev"
            )
        return objective

    @property
    def scored_targets(self) -> tuple[str, ...]:
        """The targets whose dev scores the objective is made of."""
        return scored_targets(dict(self)) or ()

    @property
    def whole_targets(self) -> tuple[int, ...]:
        """The places of those among `scored_targets` that are scored without training, and so all at once."""
        cards = BENCHMARKS[self.benchmark]
        return tuple(place for place, task in enumerate(self.scored_targets) if not cards[task].train)

    def length(self, task: str) -> Length:
        """How long a task trains, as a target or in a stage of its own, and on what batches."""
        training = self.training
        return training.of(task, training.target if task in self.targets else training.intermediate)

    def resource(self, task: str) -> Resource:
        """Whether an intermediate task's training set is large or small."""
        return self.intermediate[task].resource or BENCHMARKS[self.benchmark][task].resource

    @property
    def scored_languages(self) -> tuple[str, ...]:
        """The languages that targets are scored in."""
        return self.languages if self.languages is not None else LANGUAGES_OF[self.benchmark]


def load(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a YAML file, its paths absolute: relative ones are relative to the folder of the file, those of `overrides` to the
    working directory (`search.paths`).

    Args:
        path: the file.
        overrides: ``a.b=value`` each, the value read as YAML; as ``--set`` gives them.

    Raises:
        ConfigError: listing every problem.
    """
    document = read(path)
    if not isinstance(document, dict):
        raise ConfigError(str(path), [f"a config is a mapping of keys to values; this is {type(document).__name__}"])
    for override in overrides:
        apply(document, override)
    with looking_at(str(path)):
        return validate(document, str(path), absolute(document, path.parent, keys_of(overrides)))


def validate(
    document: Mapping[str, Any], source: str, problems: Sequence[str] = (), *, looking: bool = False
) -> Config:
    """The config in a document, its paths as they are.

    Args:
        document: of the config.
        source: where it comes from, for the message.
        problems: what is known to be wrong with it.
        looking: whether it is of a search that is only looked at, where neither encoder nor store need be there.

    Raises:
        ConfigError: listing every problem.
    """
    try:
        text = as_json(document)
    except ValueError as error:
        raise ConfigError(source, [str(error)]) from error
    try:
        config = Config.model_validate_json(text, context=LOOKING if looking else None)
    except ValidationError as error:
        raise ConfigError(source, [*problems, *(_problem(details) for details in error.errors())]) from None
    if problems:
        raise ConfigError(source, problems)
    return config


def dump(config: Config) -> str:
    """The config as YAML, complete; read again it means the same."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _problem(details: Any) -> str:
    where = ".".join(str(part) for part in details["loc"])
    match details["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key; allowed here: {', '.join(keys_at(Config, details['loc'][:-1]))}"
        case "missing":
            return f"{where}: this key is needed"
        case _:
            return problem(details)
