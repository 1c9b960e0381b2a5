"""A dropout rate of R-Drop reaches encoder and head of every architecture."""

import pytest
from torch import nn

from tests.tiny_architectures import ARCHITECTURES
from tests.trainables.conftest import LABELS
from trainables.cards import TaskData
from trainables.data import EncodedDataset
from trainables.encoders import load_encoder
from trainables.training._models import build_models

RATE = 0.3
ATTENTION = ("attention_dropout", "dropout_prob")
"""Where attention keeps the rate in place of a module."""


def find_rates(model: nn.Module) -> set[float]:
    """The rates of a model's dropout modules, and of attention that has none."""
    parts = list(model.modules())
    modules = {
        getattr(part, "p", getattr(part, "drop_prob", None))
        for part in parts
        if type(part).__name__.endswith("Dropout")
    }
    named = (getattr(part, name, None) for part in parts for name in ATTENTION)
    return modules | {rate for rate in named if isinstance(rate, float)}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_rate_is_that_of_every_part(architecture, tmp_path):
    encoder = load_encoder.__wrapped__(ARCHITECTURES[architecture](tmp_path))
    for kind in ("classification", "regression", "multi_label", "tagging", "question_answering", "multiple_choice"):
        dataset = EncodedDataset(TaskData(kind, LABELS.get(kind, ()), None, {}), encoder, 32)
        (model,) = build_models(encoder.weights, [dataset], RATE)
        assert find_rates(model) == {RATE}, kind
