"""The space section of a config: grids of learning rates, robust-training methods and magnitudes."""

import math
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from search.config._checks import check_members
from trainables.curriculum import (
    MagnitudeSchedule,
    Noise,
    PerturbationDistribution,
    PerturbationLevel,
    PerturbationNorm,
)
from trainables.noise_methods import NOISE_METHODS, make_default_noise
from trainables.ranges import MAX_FLOAT, MIN_FLOAT, AscentSteps, PositiveNumber


class ConfigSection(BaseModel):
    """A section of the config: frozen, strict, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Grid(ConfigSection):
    """Values at equal ratios from ``low`` to ``high``, both included. In YAML a bare number is a grid of one value."""

    low: PositiveNumber
    high: PositiveNumber
    points: Annotated[int, Field(ge=1, le=1000)] = Field(default=3, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _expand_number(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not MIN_FLOAT <= value <= MAX_FLOAT:
                raise ValueError(
                    f"must be finite and greater than 0; got {value}"
                    if not 0 < value < math.inf
                    else f"must be from {MIN_FLOAT:g} to {MAX_FLOAT:g}; got {value}"
                )
            return {"low": value, "high": value, "points": 1}
        if not isinstance(value, dict | Grid):
            raise ValueError(f"must be a number, or low, high and points; got {value!r}")
        return value

    @field_validator("points")
    @classmethod
    def _check_bounds(cls, points: int, info: ValidationInfo) -> int:
        low, high = info.data.get("low"), info.data.get("high")
        if low is not None and low < MIN_FLOAT:
            raise ValueError(f"low must be at least {MIN_FLOAT:g}; got {low:g}")
        if low is not None and high is not None and (low > high or (low == high) != (points == 1)):
            raise ValueError(
                f"low must be below high, with 2 points or more; got low {low:g}, high {high:g}, points {points}"
            )
        return points

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The values, rising, rounded to four significant digits so that they have the same text and hash on every machine."""
        if self.points == 1:
            return (self.low,)
        ratio = (self.high / self.low) ** (1 / (self.points - 1))
        return tuple(float(f"{self.low * ratio**i:.4g}") for i in range(self.points))


class MethodSpace(ConfigSection):
    """One robust-training method of the space. In YAML its bare name is enough where no field is set."""

    method: str
    magnitude: Grid | None = None
    """Magnitudes of this method. Default: those of all methods."""
    weight: Grid | None = None
    """Weights of this method. Default: those of all methods."""
    steps: Annotated[AscentSteps, Field(gt=0)] | None = None
    """Ascent steps. Default: the method's usual number."""
    norm: PerturbationNorm = "l2"
    level: PerturbationLevel = "token"
    distribution: PerturbationDistribution = "gaussian"
    dropout: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Dropout rate. Default: the method's usual rate."""
    schedule: MagnitudeSchedule = "constant"
    """How the magnitude changes within a stage; its mean stays the same."""

    @model_validator(mode="before")
    @classmethod
    def _expand_name(cls, value: Any) -> Any:
        return {"method": value} if isinstance(value, str) else value

    @field_validator("method")
    @classmethod
    def _check_method(cls, method: str) -> str:
        return check_members((method,), NOISE_METHODS, "noise method")[0]

    @model_validator(mode="after")
    def _check_options(self) -> Self:
        card = NOISE_METHODS[self.method]
        reads = {"method", *card.options}
        reads |= {name for name in ("magnitude", "weight") if getattr(card, name)}
        reads |= {"schedule"} if reads & {"magnitude", "weight"} else set()
        unread = sorted(
            name
            for name in self.model_fields_set - reads
            if getattr(self, name) != type(self).model_fields[name].default
        )
        if unread:
            raise ValueError(
                f"{self.method} has no {', '.join(unread)}; it takes: {', '.join(sorted(reads - {'method'})) or 'nothing'}"
            )
        if self.norm == "linf" and self.level == "sentence":
            raise ValueError("with norm linf the ball of a sentence equals the balls of its tokens: leave level out")
        return self

    def make_noise(self, magnitude: float = 0.0, weight: float = 0.0) -> Noise:
        """The noise of this method at a magnitude and a weight."""
        plain = make_default_noise(self.method, magnitude, weight)
        return replace(
            plain,
            steps=self.steps or plain.steps,
            norm=self.norm,
            level=self.level,
            distribution=self.distribution,
            dropout=self.dropout or plain.dropout,
            schedule=self.schedule,
        )

    @property
    def display_name(self) -> str:
        """Its name in the space: the method, and the fields that differ from the method's defaults."""
        own = self.make_noise()
        return self.method if own == make_default_noise(self.method) else own.kind


class NoiseSpace(ConfigSection):
    """Robust-training methods that a stage may use, with their magnitudes and weights."""

    methods: tuple[MethodSpace, ...] = (MethodSpace(method="none"),)
    """Robust-training methods of the space."""
    magnitude: Grid = Grid(low=0.1, high=0.4, points=3)
    """L2 norm of the perturbation per token relative to the encoder's mean token embedding; unused by ``none`` and ``r_drop``."""
    weight: Grid = Grid(low=1.0, high=1.0, points=1)
    """Weight of the consistency term of ``r_drop``, ``r3f`` and ``smart``."""

    @field_validator("methods")
    @classmethod
    def _check_distinct(cls, methods: tuple[MethodSpace, ...]) -> tuple[MethodSpace, ...]:
        names = [method.display_name for method in methods]
        check_members(names, names or NOISE_METHODS, "noise method")
        return methods

    @property
    def by_name(self) -> dict[str, MethodSpace]:
        """The methods by `MethodSpace.display_name`."""
        return {method.display_name: method for method in self.methods}

    def get_magnitudes(self, method: MethodSpace) -> tuple[float, ...]:
        """The magnitudes of a method; empty for a method without magnitude."""
        return (method.magnitude or self.magnitude).values if NOISE_METHODS[method.method].magnitude else ()

    def get_weights(self, method: MethodSpace) -> tuple[float, ...]:
        """The weights of a method; empty for a method without weight."""
        return (method.weight or self.weight).values if NOISE_METHODS[method.method].weight else ()

    def count_noises(self) -> int:
        """How many different noises a stage may have: methods times magnitudes times weights."""
        return sum(
            max(1, len(self.get_magnitudes(method))) * max(1, len(self.get_weights(method))) for method in self.methods
        )


class CurriculumNoiseSpace(NoiseSpace):
    """A noise space, and the stages of the curriculum that it applies to."""

    along: Literal["per_stage", "every_stage", "targets", "none"] = "per_stage"
    """``per_stage``: drawn for each intermediate stage; targets use ``target.noise``, by default none. ``every_stage``: drawn once for all
    stages and targets. ``targets``: drawn for the targets alone. ``none``: no noise."""
    synonyms: str | None = None
    """A JSON file of synonyms for ``augmentation``, ``{"word": ["neighbour", ...]}``. Default: those of the benchmark."""


class StageSpace(ConfigSection):
    """What varies in a stage."""

    learning_rate: Grid
    """Peak learning rate, after linear warm-up and before linear decay."""
    noise: NoiseSpace = NoiseSpace()


class Space(StageSpace):
    """What the search varies: learning rate and noise of every intermediate stage, and of the targets."""

    noise: CurriculumNoiseSpace = CurriculumNoiseSpace()
    target: StageSpace
    """Learning rate and noise of the targets; all targets of a trial share them."""

    @field_validator("target")
    @classmethod
    def _check_target_noise(cls, target: StageSpace, info: ValidationInfo) -> StageSpace:
        noise = info.data.get("noise")
        if noise is not None and noise.along != "per_stage" and target.noise != NoiseSpace():
            raise ValueError(
                f"with noise.along {noise.along} the targets' noise is drawn from space.noise: leave target.noise out"
            )
        return target

    @property
    def uses_synonyms(self) -> bool:
        """Whether a stage may use ``augmentation``, which replaces words by synonyms."""
        return any(method.method == "augmentation" for of in (self.noise, self.target_noise) for method in of.methods)

    @property
    def target_noise(self) -> NoiseSpace:
        """The space from which the targets' noise is drawn, where it is drawn for them."""
        return self.target.noise if self.noise.along == "per_stage" else self.noise
