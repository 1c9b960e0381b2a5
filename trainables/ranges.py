"""Ranges of the numbers in a config and in an exported trial: all that a search can mean, and nothing that a machine chokes on."""

from typing import Annotated

from pydantic import Field

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""NumPy and Optuna take no more."""
Steps = Annotated[int, Field(ge=0, le=10**9)]
"""Of the optimiser."""
BatchSize = Annotated[int, Field(gt=0, le=65_536)]
InputLength = Annotated[int, Field(ge=8, le=131_072)]
"""Of an input, in tokens."""
MIN_FLOAT, MAX_FLOAT = 1e-30, 1e30
"""What single precision holds."""
PositiveNumber = Annotated[float, Field(gt=0, le=MAX_FLOAT)]
LearningRate = Annotated[float, Field(ge=0, le=MAX_FLOAT)]
"""Of learning; 0 where nothing is trained."""
WeightDecay = Annotated[float, Field(ge=0, le=100)]
"""Of weights."""
Fraction = Annotated[float, Field(ge=0, lt=1)]
Exponent = Annotated[float, Field(ge=0, le=1)]
"""Of a number of examples."""
SCORE_TOLERANCE = 1e-9
"""By which a mean of floats may be above the largest of them, or below the least."""
Score = Annotated[float, Field(ge=-SCORE_TOLERANCE, le=1 + SCORE_TOLERANCE)]
LayerNumber = Annotated[int, Field(ge=0, le=1000)]
NonNegativeNumber = Annotated[float, Field(ge=0, le=MAX_FLOAT)]
"""Of a perturbation, or of a consistency term."""
AscentSteps = Annotated[int, Field(ge=0, le=1000)]
"""Steps of it."""
MAX_PAIRS = 10_000
PairCount = Annotated[int, Field(ge=0, le=MAX_PAIRS)]
"""Of languages."""
RowCount = Annotated[int, Field(ge=0, le=10**9)]
ThreadCount = Annotated[int, Field(ge=1, le=4096)]
