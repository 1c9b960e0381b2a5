"""Real tiny models to try methods on."""

from collections.abc import Callable
from random import Random

import pytest
import torch

from trainables.training._stage import build_models


@pytest.fixture
def real(task, undisturbed) -> Callable:
    """A real tiny model of a kind, of large weights, and a batch of it."""

    def make(kind: str, rows: int = 6, dropout: float = 0.0):
        prepared = task(kind)
        torch.manual_seed(0)
        (model,) = build_models(prepared.encoder.weights, [prepared], dropout)
        # At the usual random weights predictions hardly depend on the text.
        with torch.no_grad():
            for weight in model.parameters():
                weight *= 8.0 if weight.ndim > 1 else 1.0
        return model.train(), next(prepared.iterate_batches(rows, Random(0))), prepared

    return make
