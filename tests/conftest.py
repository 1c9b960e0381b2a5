"""What every test may use: a tiny encoder with random weights in place of the shipped one."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that holds an encoder of one layer and its tokenizer, as a config's ``encoder``."""
    from trainables.pretraining import PretrainingRecipe, pretrain_encoder

    folder: Path = tmp_path_factory.mktemp("encoder")
    recipe = PretrainingRecipe(
        vocabulary_size=1200, width=16, layers=1, heads=2, inner=32, pairs=300, steps=2, batch_size=8
    )
    pretrain_encoder(recipe, folder, _say_nothing)
    return str(folder)


def _say_nothing(step: int, loss: float) -> None:
    pass
