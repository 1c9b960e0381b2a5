"""What every test may use: a tiny encoder with random weights in place of the shipped one; markers, and how tests are shared out."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

APART = {"tests/search/test_places.py", "tests/search/test_machines.py"}
"""Files whose tests share nothing, each a launch of its own: pytest-xdist may have any worker run one."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have the tests of a file run by one worker of pytest-xdist, but for those of `APART`."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return nodeid if file in APART else file

    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what their fixtures start, the longest first; a test that launches by itself bears the marker itself."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "starts_ray" in fixtures:
            item.add_marker("ray")
        if "browser" in fixtures:
            item.add_marker("browser")
    items.sort(key=_place)


@pytest.fixture(scope="session")
def starts_ray() -> None:
    """Asked for by fixtures that launch a search."""


def _place(item: pytest.Item) -> int:
    """Launches first: they wait a lot, and the many short tests fill what they leave of the processors."""
    return 0 if item.get_closest_marker("ray") else 1 if item.get_closest_marker("browser") else 2


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Has a folder made by the first worker of pytest-xdist that asks for it; the others wait and share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, whole = shared / name, shared / f"{name}.whole"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                folder.mkdir()
                make(folder)
                whole.touch()
        return folder

    return made


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
