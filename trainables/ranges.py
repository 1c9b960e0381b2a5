"""Ranges of the numbers in a config and in an exported trial: all that a search can mean, and nothing that a machine chokes on."""

from typing import Annotated

from pydantic import Field

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""NumPy and Optuna take no more."""
Steps = Annotated[int, Field(ge=0, le=10**9)]
"""Of the optimiser."""
BatchSize = Annotated[int, Field(gt=0, le=65_536)]
Length = Annotated[int, Field(ge=8, le=131_072)]
"""Of an input, in tokens."""
LEAST, MOST = 1e-30, 1e30
"""What single precision holds."""
Positive = Annotated[float, Field(gt=0, le=MOST)]
Rate = Annotated[float, Field(ge=0, le=MOST)]
"""Of learning; 0 where nothing is trained."""
Decay = Annotated[float, Field(ge=0, le=100)]
"""Of weights."""
Share = Annotated[float, Field(ge=0, lt=1)]
Power = Annotated[float, Field(ge=0, le=1)]
"""Of a number of examples."""
NEARLY = 1e-9
"""By which a mean of floats may be above the largest of them, or below the least."""
Score = Annotated[float, Field(ge=-NEARLY, le=1 + NEARLY)]
Layer = Annotated[int, Field(ge=0, le=1000)]
Size = Annotated[float, Field(ge=0, le=MOST)]
"""Of a perturbation, or of a consistency term."""
Ascent = Annotated[int, Field(ge=0, le=1000)]
"""Steps of it."""
MOST_PAIRS = 10_000
Pairs = Annotated[int, Field(ge=0, le=MOST_PAIRS)]
"""Of languages."""
Rows = Annotated[int, Field(ge=0, le=10**9)]
Threads = Annotated[int, Field(ge=1, le=4096)]
