"""Ranges of the numbers in a config and in an exported trial: wide enough for every search, within what the libraries accept."""

from typing import Annotated

from pydantic import Field

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""NumPy and Optuna accept seeds below 2**32."""
Steps = Annotated[int, Field(ge=0, le=10**9)]
"""Optimiser steps."""
BatchSize = Annotated[int, Field(gt=0, le=65_536)]
InputLength = Annotated[int, Field(ge=8, le=131_072)]
"""Length of an input in tokens."""
MIN_FLOAT, MAX_FLOAT = 1e-30, 1e30
"""Bounds within the range of single precision."""
PositiveNumber = Annotated[float, Field(gt=0, le=MAX_FLOAT)]
LearningRate = Annotated[float, Field(ge=0, le=MAX_FLOAT)]
"""Learning rate; 0 where nothing is trained."""
WeightDecay = Annotated[float, Field(ge=0, le=100)]
"""Weight decay of the optimiser."""
Fraction = Annotated[float, Field(ge=0, lt=1)]
Exponent = Annotated[float, Field(ge=0, le=1)]
"""Exponent of a number of examples."""
SCORE_TOLERANCE = 1e-9
"""How far rounding may take a mean of floats above the largest of them, or below the smallest."""
Score = Annotated[float, Field(ge=-SCORE_TOLERANCE, le=1 + SCORE_TOLERANCE)]
LayerNumber = Annotated[int, Field(ge=0, le=1000)]
NonNegativeNumber = Annotated[float, Field(ge=0, le=MAX_FLOAT)]
"""Magnitude of a perturbation, or weight of a consistency term."""
AscentSteps = Annotated[int, Field(ge=0, le=1000)]
"""Ascent steps of a perturbation."""
MAX_PAIRS = 10_000
PairCount = Annotated[int, Field(ge=0, le=MAX_PAIRS)]
"""Pairs of languages."""
RowCount = Annotated[int, Field(ge=0, le=10**9)]
ThreadCount = Annotated[int, Field(ge=1, le=4096)]
