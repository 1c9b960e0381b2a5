"""The plain data of a trial: noise, stage, curriculum, targets. Imports no torch."""

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, get_args

from trainables.few_shot import FewShot, LanguageShots
from trainables.languages import LanguageRules
from trainables.own_tasks import OwnTask
from trainables.ranges import (
    AscentSteps,
    BatchSize,
    Exponent,
    Fraction,
    InputLength,
    LayerNumber,
    LearningRate,
    NonNegativeNumber,
    PairCount,
    RowCount,
    Seed,
    Steps,
    WeightDecay,
)

PerturbationNorm = Literal["l2", "linf"]
PerturbationLevel = Literal["token", "sentence"]
PerturbationDistribution = Literal["gaussian", "uniform"]
MagnitudeSchedule = Literal["constant", "rising", "falling"]
Pooling = Literal["mean", "first"]

JOINT_SEPARATOR = "+"
"""Joins the task names of a joint stage: ``facts+dates`` mixes the two in equal parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The robust-training method of a stage and its magnitude."""

    method: str = "none"
    """A key of `trainables.noise_methods.NOISE_METHODS`, which says what further fields it reads; others keep their default."""
    magnitude: NonNegativeNumber = 0.0
    """L2 norm of the perturbation per token, relative to the mean L2 norm of the encoder's token embeddings."""
    weight: NonNegativeNumber = 0.0
    """Weight of the consistency term; ``r_drop`` has it in place of a magnitude."""
    steps: AscentSteps = 0
    """Ascent steps."""
    norm: PerturbationNorm = "l2"
    """Norm of the ball in which a perturbation is searched for."""
    level: PerturbationLevel = "token"
    """Whether the L2 ball bounds each token's perturbation or the whole text's."""
    distribution: PerturbationDistribution = "gaussian"
    """Distribution of the coordinates of a random perturbation."""
    dropout: Fraction = 0.0
    """Dropout rate in place of the encoder's own; 0: the encoder's own."""
    schedule: MagnitudeSchedule = "constant"
    """How the magnitude (R-Drop: the weight) changes within the stage; its mean over the steps is the magnitude."""

    @property
    def kind(self) -> str:
        """The method and its options, without magnitude and weight: ``adversarial (linf, 3 steps)``."""
        options: list[str] = [
            value
            for value in (self.norm, self.level, self.distribution, self.schedule)
            if value not in _DEFAULT_OPTIONS
        ]
        options += [f"{self.steps} step{'s' * (self.steps > 1)}"] * (self.steps > 0) + [f"dropout {self.dropout:g}"] * (
            self.dropout > 0
        )
        return f"{self.method} ({', '.join(options)})" if options else self.method

    def __str__(self) -> str:
        sizes = [f"{self.magnitude:g}"] * (self.magnitude > 0) + [f"weight {self.weight:g}"] * (self.weight > 0)
        return " ".join([self.kind, *sizes])


_DEFAULT_OPTIONS = frozenset(
    get_args(kind)[0] for kind in (PerturbationNorm, PerturbationLevel, PerturbationDistribution, MagnitudeSchedule)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One training run on top of a parent's encoder: a task, a noise, a learning rate, a length, a seed."""

    task: str
    """A task's name, or several joined by ``+``: a joint stage."""
    learning_rate: LearningRate
    steps: Steps
    """Optimiser steps, over all tasks of a joint stage together; 0 for a task that is scored without training."""
    batch_size: BatchSize = 32
    max_length: InputLength = 128
    """Longest input in tokens; longer ones are truncated, or split into windows by task kinds that support it."""
    noise: Noise = field(default_factory=Noise)
    seed: Seed = 0
    average: Fraction = 0.0
    """Share of the steps, at the end, over which the weights are averaged (Izmailov et al., UAI 2018); 0: no averaging."""
    warmup: Fraction = 0.1
    """Share of the steps over which the learning rate rises linearly to its peak; then it falls linearly to zero."""
    weight_decay: WeightDecay = 0.01
    mixing: Exponent = 0.0
    """How a joint stage draws its batches: from a task with n examples with probability proportional to n to this power. 0: from each
    task in turn; 1: in proportion to the examples; 1/T: at temperature T (Arivazhagan et al., 2019)."""
    layer: LayerNumber | None = None
    """For a task that is scored without training: the layer whose states are pooled into a sentence vector; None: the task kind's default."""
    pooling: Pooling = "mean"
    """For a task that is scored without training: the mean over all tokens, or the first token."""
    shots: LanguageShots = ()
    """Of a few-shot continuation, which goes on from a target's model: the rows of each language that it trains on."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that this stage mixes; one unless it is a joint stage."""
        return tuple(self.task.split(JOINT_SEPARATOR))

    def __str__(self) -> str:
        noise = "" if self.noise.method == "none" else f", {self.noise}"
        shots = f", {max(count for _, count in self.shots)} shots" if self.shots else ""
        return f"{self.task} ({self.learning_rate:g}{noise}{shots})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One curriculum, then every target on top of it: all that `trainables.trial.run_trial` needs to know."""

    encoder: str = field(compare=False)
    """``miniature``, a folder, or a Hugging Face hub id. Two trials that differ in it alone are equal: its content is part of the stages'
    identity, and trials are compared within a search, which has one encoder."""
    benchmark: str
    curriculum: tuple[Stage, ...]
    targets: tuple[Stage, ...]
    languages: tuple[str, ...]
    """The languages that targets are scored in; a target is scored in those that it has data for."""
    pairs: PairCount = 0
    """Number of ordered pairs of languages in which targets of two texts are scored as well; see
    `trainables.transfer.draw_language_pairs`."""
    pairs_seed: Seed = 0
    """Seed of the draw of these pairs."""
    synonyms: str = field(default="", compare=False)
    """A JSON file of synonyms for ``augmentation``; empty for the benchmark's own. Two trials that differ in it alone are equal: its
    content is part of the stages' identity."""
    retention: RowCount = field(default=0, compare=False)
    """Training rows of each intermediate task on which it is scored after its own stage and after every later one, to measure
    forgetting; 0: none. Two trials that differ in it alone are equal."""

    own_tasks: tuple[OwnTask, ...] = field(default=(), compare=False)
    """The user's own tasks among its tasks. Two trials that differ in them alone are equal: their content is part of the stages' identity."""
    rules: LanguageRules = field(default=LanguageRules(), compare=False)
    """The source languages, what the encoder has seen, and languages that the table lacks. Two trials that differ in them alone are equal:
    a search has one of them."""
    few_shot: FewShot | None = field(default=None, compare=False)
    """Rows of target languages on which each target goes on training; None: zero-shot transfer alone. Two trials that differ in it alone
    are equal: a search has one of it."""

    @property
    def trained_target(self) -> Stage | None:
        """The first target that is trained; all trained targets share its learning rate and noise. None if none is trained."""
        return next((stage for stage in self.targets if stage.steps), None)

    def with_seed(self, seed: int) -> "Trial":
        """The same trial with every stage on another seed."""
        return replace(
            self,
            curriculum=tuple(replace(stage, seed=seed) for stage in self.curriculum),
            targets=tuple(replace(stage, seed=seed) for stage in self.targets),
        )

    def to_json(self) -> dict[str, Any]:
        """The trial as JSON types."""
        document = asdict(self) | {"languages": list(self.languages)}
        for stage in (*document["curriculum"], *document["targets"]):
            del stage["shots"]
        del document["few_shot"]
        if not self.own_tasks:
            del document["own_tasks"]
        del document["rules"]
        if self.rules:
            document["rules"] = self.rules.to_json()
        if self.few_shot:
            document["few_shot"] = self.few_shot.to_json()
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Trial":
        """The inverse of `to_json`."""
        stages = {
            part: tuple(Stage(**stage | {"noise": Noise(**stage["noise"])}) for stage in document[part])
            for part in ("curriculum", "targets")
        }
        return cls(
            encoder=document["encoder"],
            benchmark=document["benchmark"],
            languages=tuple(document["languages"]),
            pairs=document.get("pairs", 0),
            pairs_seed=document.get("pairs_seed", 0),
            synonyms=document.get("synonyms", ""),
            retention=document.get("retention", 0),
            own_tasks=tuple(map(OwnTask.from_json, document.get("own_tasks", ()))),
            rules=LanguageRules.from_json(document.get("rules")),
            few_shot=FewShot.from_json(document.get("few_shot")),
            **stages,
        )

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The curriculum's stages, then the targets."""
        return (*self.curriculum, *self.targets)

    @property
    def uses_synonyms(self) -> bool:
        """Whether a stage replaces words by synonyms."""
        return any(stage.noise.method == "augmentation" for stage in self.stages)

    @property
    def target_settings(self) -> str:
        """Learning rate and noise of the trained targets, as text; empty if none is trained."""
        trained = self.trained_target
        return "" if trained is None else f"rate {trained.learning_rate:g}, noise {trained.noise}"

    def __str__(self) -> str:
        curriculum = " > ".join(map(str, self.curriculum)) or "no intermediate stage"
        noises = dict.fromkeys(str(stage.noise) for stage in self.targets if stage.noise.method != "none")
        return f"{curriculum}; targets under {', '.join(noises)}" if noises else curriculum


def collect_non_defaults(value: Stage | Noise) -> dict[str, Any]:
    """The fields that are not at their default, by name; the fields of a stage's noise likewise."""
    changed = {}
    for each in fields(value):
        own = getattr(value, each.name)
        default = each.default_factory() if callable(each.default_factory) else each.default
        if own != default:
            changed[each.name] = collect_non_defaults(own) if is_dataclass(own) else own  # type: ignore[arg-type]
    return changed
