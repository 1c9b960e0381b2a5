"""The part of a config that says what varies in a stage: grids of rates, robust-training methods, magnitudes."""

import math
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from search.checks import members
from trainables.curriculum import NOISE_METHODS


class Section(BaseModel):
    """A part of the config: frozen, strict, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Grid(Section):
    """Values at equal ratios from ``low`` to ``high``, both included; in YAML a bare number is a grid of one value."""

    low: PositiveFloat
    high: PositiveFloat
    points: PositiveInt = Field(default=3, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _one_value(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not 0 < value < math.inf:
                raise ValueError(f"must be finite and greater than 0; got {value}")
            return {"low": value, "high": value, "points": 1}
        if not isinstance(value, dict | Grid):
            raise ValueError(f"wants a number, or low, high and points; got {value!r}")
        return value

    @field_validator("points")
    @classmethod
    def _rising(cls, points: int, info: ValidationInfo) -> int:
        low, high = info.data.get("low"), info.data.get("high")
        if low is not None and high is not None and (low > high or (low == high) != (points == 1)):
            raise ValueError(
                f"low must be below high, with 2 points or more; got low {low:g}, high {high:g}, points {points}"
            )
        return points

    @property
    def values(self) -> tuple[float, ...]:
        """The values, rising, rounded to four significant digits so that they read, and hash, the same everywhere."""
        if self.points == 1:
            return (self.low,)
        ratio = (self.high / self.low) ** (1 / (self.points - 1))
        return tuple(float(f"{self.low * ratio**i:.4g}") for i in range(self.points))


class NoiseSpace(Section):
    """Which robust-training methods a stage may take, and how strong."""

    methods: tuple[str, ...] = ("none",)
    """Robust-training methods to choose from."""
    magnitude: Grid = Grid(low=0.1, high=0.4, points=3)
    """L2 norm of the perturbation per token relative to the encoder's mean token embedding; unused by ``none``."""

    @field_validator("methods")
    @classmethod
    def _known(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        return members(methods, NOISE_METHODS, "noise method")


class StageSpace(Section):
    """What varies in a stage."""

    learning_rate: Grid
    """Peak learning rate; warm-up before it, linear decay after it."""
    noise: NoiseSpace = NoiseSpace()


class Space(StageSpace):
    """What the search varies: rate and noise of every intermediate stage, and of the targets."""

    target: StageSpace
    """The same for the targets, shared by all targets of a trial."""
